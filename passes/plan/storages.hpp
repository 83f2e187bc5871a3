// Who makes and who reads each storage of a program, views counted with the buffer they lie in.
#pragma once
#include <vector>

#include "compiler/program.hpp"

namespace thimble::compiler {

struct StorageUse {
  std::vector<int> writers, readers;  // layers, ascending, each once
  bool input = false, output = false;
  bool used() const { return input || output || !writers.empty() || !readers.empty(); }
};

// Indexed by buffer; views have no entry of their own.
std::vector<StorageUse> storage_uses(const Program& program);

// Whether `buffer` is seen as rows at the same places as those of its storage.
bool has_rows_of_storage(const Program& program, int buffer);

// Whether layers first..last alone make and read the storage.
bool inside(const StorageUse& use, int first, int last);

}  // namespace thimble::compiler

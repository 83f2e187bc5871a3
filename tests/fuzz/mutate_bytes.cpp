// Mutations of a file's bytes.
#include <algorithm>
#include <utility>
#include <vector>

#include "mutate.hpp"

namespace thimble::compiler::fuzz {

namespace {

// Where the bytes of large tensors lie in the file.
std::vector<std::pair<size_t, size_t>> weight_ranges(const std::string& file, const onnx::ModelProto& model) {
  std::vector<std::pair<size_t, size_t>> ranges;
  for (const auto& t : model.graph().initializer()) {
    if (t.raw_data().size() < 16) continue;
    if (const size_t at = file.find(t.raw_data()); at != std::string::npos)
      ranges.emplace_back(at, t.raw_data().size());
  }
  return ranges;
}

}  // namespace

bool mutate_bytes(std::string& file, const onnx::ModelProto& model, Random& r) {
  const auto ranges = weight_ranges(file, model);
  const auto in_weights = [&](size_t at) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return at >= range.first && at < range.first + range.second; });
  };
  const bool allow_weights = r.one_in(8);
  size_t at = 0;
  for (int tries = 0; tries < 1000; ++tries) {
    at = size_t(r.below(int(file.size())));
    if (allow_weights || !in_weights(at)) break;
  }
  const bool outside = !in_weights(at);
  const size_t length = std::min(size_t(1 + r.below(8)), file.size() - at);
  // Inserting and removing break the lengths of the messages around: most of that ends at once.
  switch (r.below(16)) {
    case 0:
      file[at] = char(r.next());
      break;
    case 1:
      file[at] = char(file[at] + 1);
      break;
    case 2:
      file.erase(at, length);
      break;
    case 3:
      file.insert(at, file.substr(at, length));
      break;
    case 4:
      file.insert(at, std::string(length, char(r.next())));
      break;
    case 5:
      file.resize(at);
      break;
    default:
      file[at] = char(file[at] ^ (1 << r.below(8)));
  }
  return outside;
}

}  // namespace thimble::compiler::fuzz

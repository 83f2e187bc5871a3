// Every path is resolved, links included, before it is opened, and every size is checked before it is read.
#include "compiler/onnx/external_data.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>

#include "compiler/error.hpp"
#include "compiler/onnx/tensor_proto.hpp"
#include "compiler/onnx/walk.hpp"

namespace thimble::compiler {

namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string location;
  int64_t offset = 0;
  std::optional<int64_t> length;
};

int64_t number(const std::string& text, const std::string& key, const std::string& where) {
  int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0)
    throw Error(where, "the " + key + " of its external data is '" + text + "'", "It must be a number, 0 or more.");
  return value;
}

Entry entry_of(const onnx::TensorProto& tensor, const std::string& where) {
  Entry entry;
  for (const auto& e : tensor.external_data()) {
    if (e.key() == "location") entry.location = e.value();
    if (e.key() == "offset") entry.offset = number(e.value(), "offset", where);
    if (e.key() == "length") entry.length = number(e.value(), "length", where);
  }
  return entry;
}

// The file that `location` names, with every link resolved.
fs::path resolved(const std::string& location, const fs::path& folder, const std::string& where) {
  const auto refuse = [&](const std::string& why) {
    return Error(where, "its external data lie in '" + location + "', " + why,
                 "External data must lie in the model's own folder, or below it.");
  };
  const fs::path relative(location);
  if (location.empty() || location.find('\0') != std::string::npos) throw refuse("which names no file");
  if (relative.is_absolute()) throw refuse("an absolute path");
  if (std::find(relative.begin(), relative.end(), "..") != relative.end()) throw refuse("a path with '..'");
  std::error_code failed;
  const fs::path base = fs::canonical(folder.empty() ? fs::path(".") : folder, failed);
  const fs::path file = fs::canonical(base / relative, failed);
  if (failed) throw refuse("which cannot be read: " + failed.message());
  if (std::mismatch(base.begin(), base.end(), file.begin(), file.end()).first != base.end())
    throw refuse("a link that leads to '" + file.string() + "'");
  if (!fs::is_regular_file(file)) throw refuse("which is no regular file");
  return file;
}

}  // namespace

void read_external_data(onnx::ModelProto& model, const std::string& model_path, int64_t largest,
                        std::vector<std::string>& files) {
  const fs::path folder = fs::path(model_path).parent_path();
  for_each_tensor(model, [&](onnx::TensorProto& tensor) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) return;
    const std::string where = model_path + ", tensor '" + tensor.name() + "'";
    const Entry entry = entry_of(tensor, where);
    const fs::path file = resolved(entry.location, folder, where);
    const int64_t wanted = raw_bytes(tensor.data_type(), checked_element_count(tensor, where));
    const int64_t length = entry.length.value_or(wanted), file_bytes = int64_t(fs::file_size(file));
    if (length != wanted)
      throw Error(where, fmt::format("its external data have {} bytes, its dimensions call for {}", length, wanted),
                  "The model is damaged: export it again.");
    if (entry.offset > file_bytes || length > file_bytes - entry.offset)
      throw Error(where,
                  fmt::format("its external data lie at {} to {} of '{}', which has {} bytes", entry.offset,
                              entry.offset + length, entry.location, file_bytes),
                  "The file is cut short, or belongs to another model.");
    if (length > largest)
      throw Error(where, fmt::format("its external data of {} bytes are more than the {} left", length, largest),
                  "Thimble makes code for microcontrollers: the model is too large.");
    largest -= length;

    std::string bytes(size_t(length), '\0');
    std::ifstream in(file, std::ios::binary);
    if (!in.seekg(entry.offset) || !in.read(bytes.data(), length))
      throw Error(where, "'" + file.string() + "' cannot be read", "Check the file and its permissions.");
    tensor.set_raw_data(std::move(bytes));
    tensor.clear_external_data();
    tensor.clear_data_location();
    if (std::find(files.begin(), files.end(), file.string()) == files.end()) files.push_back(file.string());
  });
}

}  // namespace thimble::compiler

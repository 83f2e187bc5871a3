// Reads and makes data sets, and checks them against the graph.
#include "compiler/verify/data_set.hpp"

#include <algorithm>
#include <filesystem>
#include <random>

#include "compiler/error.hpp"
#include "compiler/onnx/tensor_file.hpp"

namespace thimble::compiler {

namespace fs = std::filesystem;

namespace {

int number_of(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const std::string digits = name.substr(name.rfind('_') + 1);
  return digits.find_first_not_of("0123456789") == std::string::npos && !digits.empty() && digits.size() < 9
             ? std::stoi(digits)
             : 0;
}

}  // namespace

Tensor read_for(const Value* value, const std::string& path) {
  Tensor t = read_tensor(path);
  if (t.type.element != value->type.element || t.type.shape != value->type.shape)
    throw Error(path, "it holds " + to_string(t.type) + ", '" + value->name + "' is " + to_string(value->type),
                "Give data of the model's type, or bind its dimensions with --dim.");
  t.type = value->type;
  return t;
}

DataSet read_data_set(const std::string& folder, const Graph& graph) {
  if (!fs::is_directory(folder))
    throw Error(folder, "it is no folder", "Give a folder with input_0.pb and so on, as ONNX test data has them.");
  DataSet set{fs::path(folder).filename().string(), {}, {}};
  const auto file = [&](const char* kind, size_t i) {
    return (fs::path(folder) / fmt::format("{}_{}.pb", kind, i)).string();
  };
  for (size_t i = 0; i < graph.inputs.size(); ++i) set.inputs.push_back(read_for(graph.inputs[i], file("input", i)));
  for (size_t i = 0; i < graph.outputs.size() && fs::exists(file("output", i)); ++i)
    set.expected.push_back(read_for(graph.outputs[i], file("output", i)));
  if (set.expected.size() != graph.outputs.size()) set.expected.clear();
  return set;
}

std::vector<DataSet> data_sets_beside(const std::string& model_path, const Graph& graph) {
  std::vector<fs::path> folders;
  const fs::path parent = fs::absolute(model_path).parent_path();
  for (const auto& entry : fs::directory_iterator(parent))
    if (entry.is_directory() && entry.path().filename().string().rfind("test_data_set_", 0) == 0)
      folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end(), [](const fs::path& a, const fs::path& b) {
    return std::pair(number_of(a), a) < std::pair(number_of(b), b);
  });
  std::vector<DataSet> sets;
  for (const fs::path& folder : folders) sets.push_back(read_data_set(folder.string(), graph));
  return sets;
}

DataSet made_up_data_set(const Graph& graph, uint32_t seed) {
  std::mt19937 random(seed);
  DataSet set{fmt::format("made up from seed {}", seed), {}, {}};
  for (const Value* v : graph.inputs) {
    TensorType stored = v->type;
    stored.quantization.reset();
    RealTensor numbers{stored.shape, std::vector<double>(size_t(element_count(stored.shape)))};
    const bool real = stored.element == ElementType::float32;
    const double low = real ? -1 : std::max(lowest(stored.element), -128.0),
                 high = real ? 1 : std::min(highest(stored.element), 127.0);
    for (double& x : numbers.values) x = low + (high - low) * (double(random()) / 4294967295.0);
    Tensor t = from_real(numbers, stored);
    t.type = v->type;
    set.inputs.push_back(std::move(t));
  }
  return set;
}

}  // namespace thimble::compiler

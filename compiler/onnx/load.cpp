// The steps of loading, in order. What the ONNX library throws becomes an Error that names the file.
#include "compiler/onnx/load.hpp"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

#include <filesystem>
#include <fstream>

#include "compiler/error.hpp"
#include "compiler/onnx/dimensions.hpp"
#include "compiler/onnx/external_data.hpp"
#include "compiler/onnx/functions.hpp"
#include "compiler/onnx/tensor_proto.hpp"
#include "compiler/onnx/walk.hpp"
#include "compiler/sha256.hpp"

namespace thimble::compiler {

namespace {

constexpr int oldest_opset = 7;

std::string read_file(const std::string& path, int64_t largest) {
  std::error_code failed;
  if (!std::filesystem::is_regular_file(path, failed))
    throw Error(path, std::filesystem::exists(path, failed) ? "it is no regular file" : "there is no such file",
                "Give the path of an .onnx file.");
  const int64_t size = int64_t(std::filesystem::file_size(path));
  if (size > largest)
    throw Error(path, fmt::format("it has {} bytes, {} are the most", size, largest),
                "Thimble makes code for microcontrollers: the model is too large.");
  std::string bytes(size_t(size), '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in.read(bytes.data(), size)) throw Error(path, "it cannot be read", "Check the file's permissions.");
  return bytes;
}

// Hands the bytes out in pieces, and ends early when the messages made from them take too much memory: an empty message
// is two bytes in the file and a hundred in memory.
class BoundedStream : public google::protobuf::io::ZeroCopyInputStream {
 public:
  BoundedStream(const std::string& bytes, const google::protobuf::Arena& arena)
      : stream_(bytes.data(), int(bytes.size()), 1 << 16),
        arena_(arena),
        limit_((uint64_t(256) << 20) + 4 * bytes.size()) {}

  bool Next(const void** data, int* size) override { return !too_large() && stream_.Next(data, size); }
  void BackUp(int count) override { stream_.BackUp(count); }
  bool Skip(int count) override { return stream_.Skip(count); }
  int64_t ByteCount() const override { return stream_.ByteCount(); }

  bool too_large() const { return arena_.SpaceAllocated() > limit_; }
  uint64_t limit() const { return limit_; }

 private:
  google::protobuf::io::ArrayInputStream stream_;
  const google::protobuf::Arena& arena_;
  const uint64_t limit_;
};

std::shared_ptr<onnx::ModelProto> parse(const std::string& bytes, const std::string& path) {
  google::protobuf::Arena arena;
  auto* model = google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena);
  BoundedStream stream(bytes, arena);
  const bool parsed = model->ParseFromZeroCopyStream(&stream);
  if (stream.too_large())
    throw Error(path, fmt::format("its {} bytes take more than {} bytes of memory", bytes.size(), stream.limit()),
                "The file is damaged, or the model is too large for a microcontroller.");
  if (!parsed)
    throw Error(path, fmt::format("its {} bytes are no ONNX model", bytes.size()),
                "The file is cut short, damaged, or of another format: export it again.");
  if (!model->has_graph())
    throw Error(path, "it holds no graph", "The file is damaged, or no ONNX model: export it again.");
  return std::make_shared<onnx::ModelProto>(*model);
}

// One line of a message of the ONNX library, without its own prefixes and the place in its sources.
std::string told(const std::exception& e) {
  std::string text = e.what();
  constexpr std::string_view assertion = "` failed: ";
  if (const size_t at = text.find(assertion); at != std::string::npos) text.erase(0, at + assertion.size());
  if (const size_t context = text.find("\n\n==> Context: "); context != std::string::npos)
    text = text.substr(0, context) + " (" + text.substr(context + 15) + ")";
  std::string line;
  for (char c : text) line += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  return line.size() > 600 ? line.substr(0, 600) + "..." : line;
}

// Runs a step of the ONNX library; `what` says what failed.
template <class F>
auto by_onnx(const std::string& path, const char* what, F&& step) {
  try {
    return step();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw Error(path, std::string(what) + ": it needs more memory than there is",
                "The file is damaged, or the model is too large for a microcontroller.");
  } catch (const std::exception& e) {
    throw Error(path, std::string(what) + ": " + told(e), "Correct the model, or export it again.");
  }
}

// "ai.onnx" is another spelling of the empty domain. A graph without a name is harmless, but the checker refuses it.
void normalize(onnx::ModelProto& model) {
  for (auto& opset : *model.mutable_opset_import())
    if (opset.domain() == "ai.onnx") opset.clear_domain();
  for (auto& function : *model.mutable_functions())
    for (auto& opset : *function.mutable_opset_import())
      if (opset.domain() == "ai.onnx") opset.clear_domain();
  for_each_node(model, [](onnx::NodeProto& node) {
    if (node.domain() == "ai.onnx") node.clear_domain();
  });
  if (model.graph().name().empty()) model.mutable_graph()->set_name("graph");
}

void check_versions(const onnx::ModelProto& model, const std::string& path) {
  if (model.ir_version() > onnx::IR_VERSION)
    throw Error(path,
                fmt::format("its IR version is {}, Thimble reads up to {}", model.ir_version(), int(onnx::IR_VERSION)),
                "Export it for an older version of ONNX.");
  const int newest = onnx::OpSchemaRegistry::DomainToVersionRange::Instance().Map().at("").second;
  for (const auto& opset : model.opset_import())
    if (opset.domain().empty() && (opset.version() < oldest_opset || opset.version() > newest))
      throw Error(path, fmt::format("its opset is {}, Thimble reads {} to {}", opset.version(), oldest_opset, newest),
                  "Export it for another opset, or convert it with onnx.version_converter.");
}

// Initializers that are also listed as inputs, as in IR version 3, are constants.
void drop_inputs_with_initializers(onnx::ModelProto& model) {
  auto& graph = *model.mutable_graph();
  std::set<std::string> constants;
  for (const auto& t : graph.initializer()) constants.insert(t.name());
  auto& inputs = *graph.mutable_input();
  inputs.erase(std::remove_if(inputs.begin(), inputs.end(),
                              [&](const auto& value) { return constants.count(value.name()) > 0; }),
               inputs.end());
  // Since IR version 4 initializers need not be inputs.
  model.set_ir_version(std::max<int64_t>(model.ir_version(), 8));
}

void infer_types(onnx::ModelProto& model, const std::string& path) {
  by_onnx(path, "its shapes do not fit together", [&] {
    const onnx::ShapeInferenceOptions options(true, 1, true);
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), options);
  });
}

// Reals of any width are float32 in the code: who calls it must know.
std::vector<std::string> notes_on_reals(const onnx::GraphProto& graph) {
  std::vector<std::string> notes;
  const auto look_at = [&](const char* what, const auto& values) {
    for (const auto& value : values) {
      const int type = value.type().tensor_type().elem_type();
      if (type != onnx::TensorProto::FLOAT && element_type(type) == ElementType::float32)
        notes.push_back(
            fmt::format("{} '{}': {} in the model, float32 in the code", what, value.name(), onnx_type_name(type)));
    }
  };
  look_at("input", graph.input());
  look_at("output", graph.output());
  return notes;
}

}  // namespace

LoadedModel load_model(const std::string& path, const LoadOptions& options) {
  LoadedModel loaded;
  loaded.path = path;
  loaded.files = {path};
  const std::string bytes = read_file(path, options.largest_model);
  loaded.hash = sha256(bytes);
  const std::shared_ptr<onnx::ModelProto> model = parse(bytes, path);

  normalize(*model);
  check_versions(*model, path);
  check_expansion(*model, path);
  read_external_data(*model, path, options.largest_model - int64_t(bytes.size()), loaded.files);
  for_each_tensor(*model, [&](const onnx::TensorProto& tensor) {
    checked_element_count(tensor, path + ", tensor '" + tensor.name() + "'");
  });
  by_onnx(path, "ONNX's checker refuses it", [&] { onnx::checker::check_model(*model, true); });

  drop_inputs_with_initializers(*model);
  bind_dimensions(*model, options.dimensions, options.shapes, path, loaded.notes);
  by_onnx(path, "its functions cannot be inlined", [&] { inline_model_functions(*model); });
  infer_types(*model, path);
  if (by_onnx(path, "a function of ONNX cannot be inlined", [&] { return inline_onnx_functions(*model); }))
    infer_types(*model, path);
  for (std::string& note : notes_on_reals(model->graph())) loaded.notes.push_back(std::move(note));
  loaded.proto = model;
  return loaded;
}

}  // namespace thimble::compiler

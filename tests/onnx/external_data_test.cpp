// External data: from the model's folder or below, every size checked.
#include <catch2/catch.hpp>

#include "model_file.hpp"

using namespace thimble::compiler;
using namespace thimble::compiler::test;
using Catch::Contains;

namespace {

// y = x + w, w four floats in the file `location`.
onnx::ModelProto model_with(const std::string& location, const std::string& offset = "",
                            const std::string& length = "") {
  onnx::ModelProto model = parsed("graph (float[4] x) => (float[4] y) { y = Add(x, w) }");
  auto& w = *model.mutable_graph()->add_initializer();
  w.set_name("w");
  w.set_data_type(onnx::TensorProto::FLOAT);
  w.add_dims(4);
  w.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto add = [&](const std::string& key, const std::string& value) {
    auto& entry = *w.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", location);
  if (!offset.empty()) add("offset", offset);
  if (!length.empty()) add("length", length);
  return model;
}

const std::string sixteen = "0123456789abcdef";

}  // namespace

TEST_CASE("External data are read from the model's folder and below") {
  const TemporaryFolder folder;
  folder.write("weights.bin", sixteen);
  folder.write("deep/weights.bin", "skipped." + sixteen);
  const auto loaded = [&](const onnx::ModelProto& model) {
    return load_model(folder.write("m.onnx", model.SerializeAsString()), {});
  };
  for (const auto& model :
       {model_with("weights.bin"), model_with("./weights.bin", "0", "16"), model_with("deep/weights.bin", "8")}) {
    const LoadedModel m = loaded(model);
    CHECK(m.proto->graph().initializer(0).raw_data() == sixteen);
    CHECK(m.files.size() == 2);
  }
}

TEST_CASE("External data outside the folder are refused") {
  const TemporaryFolder folder, outside;
  const std::string secret = outside.write("weights.bin", sixteen);
  std::filesystem::create_symlink(secret, folder.path("link.bin"));
  std::filesystem::create_directory_symlink(outside.path("."), folder.path("linked"));
  const auto loading = [&](const onnx::ModelProto& model) {
    load_model(folder.write("m.onnx", model.SerializeAsString()), {});
  };
  CHECK_THROWS_WITH(loading(model_with(secret)), Contains("an absolute path"));
  CHECK_THROWS_WITH(loading(model_with("deep/../../weights.bin")), Contains("a path with '..'"));
  CHECK_THROWS_WITH(loading(model_with("link.bin")), Contains("a link that leads to"));
  CHECK_THROWS_WITH(loading(model_with("linked/weights.bin")), Contains("a link that leads to"));
  CHECK_THROWS_WITH(loading(model_with("")), Contains("names no file"));
  CHECK_THROWS_WITH(loading(model_with("none.bin")), Contains("cannot be read"));
  CHECK_THROWS_WITH(loading(model_with(".")), Contains("no regular file"));
}

TEST_CASE("External data's sizes are checked before they are read") {
  const TemporaryFolder folder;
  folder.write("weights.bin", sixteen);
  const auto loading = [&](const onnx::ModelProto& model, int64_t largest = 1 << 20) {
    LoadOptions options;
    options.largest_model = largest;
    load_model(folder.write("m.onnx", model.SerializeAsString()), options);
  };
  CHECK_NOTHROW(loading(model_with("weights.bin", "0", "16")));
  CHECK_THROWS_WITH(loading(model_with("weights.bin", "1")), Contains("lie at 1 to 17") && Contains("has 16 bytes"));
  CHECK_THROWS_WITH(loading(model_with("weights.bin", "9223372036854775807")), Contains("has 16 bytes"));
  CHECK_THROWS_WITH(loading(model_with("weights.bin", "0", "12")), Contains("12 bytes, its dimensions call for 16"));
  CHECK_THROWS_WITH(loading(model_with("weights.bin", "-1")), Contains("offset of its external data is '-1'"));
  CHECK_THROWS_WITH(loading(model_with("weights.bin", "0", "16x")), Contains("length of its external data is '16x'"));
  const onnx::ModelProto model = model_with("weights.bin");
  CHECK_NOTHROW(loading(model, int64_t(model.ByteSizeLong()) + 16));
  CHECK_THROWS_WITH(loading(model, int64_t(model.ByteSizeLong()) + 15), Contains("are more than the 15 left"));
}

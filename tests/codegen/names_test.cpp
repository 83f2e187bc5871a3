// Identifiers from the names that models have.
#include "codegen/names.hpp"

#include <catch2/catch.hpp>

using namespace thimble::compiler;
using Strings = std::vector<std::string>;

TEST_CASE("a model's identifier is legal and no one else's") {
  CHECK(model_identifier("kws") == "kws");
  CHECK(model_identifier("mobile-net v2.1") == "mobile_net_v2_1");
  CHECK(model_identifier("__a__b_") == "a_b");
  CHECK(model_identifier("3d") == "model_3d");
  CHECK(model_identifier("") == "model");
  CHECK(model_identifier("\xc3\xa9") == "model");
  CHECK(model_identifier("class") == "class_");
  CHECK(model_identifier("std") == "std_model");
  CHECK(model_identifier("thimble") == "thimble_model");
  CHECK(model_identifier("class_") == "class_");
}

TEST_CASE("identifiers are legal, unique and keep clear of what is taken") {
  CHECK(identifiers({"a.b", "a:b", "a b"}, "value") == Strings{"a_b", "a_b_2", "a_b_3"});
  CHECK(identifiers({"a", "a_2", "a"}, "value") == Strings{"a", "a_2", "a_3"});
  CHECK(identifiers({"12", "", "int"}, "value") == Strings{"value_12", "value", "int_"});
  CHECK(identifiers({"run", "row"}, "value", {"run", "row"}) == Strings{"run_2", "row_2"});
}

TEST_CASE("identifiers leave out what all names share, and what converters joined") {
  CHECK(identifiers({"model/block/conv", "model/block/add", "model/head"}, "value") ==
        Strings{"block_conv", "block_add", "head"});
  CHECK(identifiers({"net/relu;net/bn/scale;net/conv", "net/x"}, "value") == Strings{"relu", "x"});
  CHECK(identifiers({"only/one"}, "value") == Strings{"only_one"});
  CHECK(identifiers({"a/b", "a/b"}, "value") == Strings{"b", "b_2"});
}

TEST_CASE("long identifiers lose their leading folders, then their end") {
  const std::string deep = "encoder/stage_three/inverted_residual/depthwise";
  CHECK(identifiers({deep, "x"}, "value")[0] == "inverted_residual_depthwise");
  CHECK(identifiers({"StatefulPartitionedCall_12_quantized"}, "value")[0] == "StatefulPartitionedCall_12");
  const std::string wide(80, 'w');
  const Strings ids = identifiers({wide, wide}, "value");
  CHECK(ids[0] == std::string(32, 'w'));
  CHECK(ids[1] == std::string(32, 'w') + "_2");
}

// .npy and .pb files, whole and damaged.
#include "compiler/onnx/tensor_file.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "compiler/error.hpp"
#include "tests/temporary_folder.hpp"

using namespace thimble::compiler;
using thimble::compiler::test::TemporaryFolder;

TEST_CASE("tensors come back from .npy and .pb as they were") {
  const TemporaryFolder folder;
  for (const char* name : {"t.npy", "t.pb"})
    for (const Tensor& t :
         {Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, -0.5f}), Tensor::of<int8_t>({4}, {-128, 0, 1, 127}),
          Tensor::of<int64_t>({}, {1234567890123}), Tensor::of<int32_t>({0}, {})}) {
      write_tensor(folder.path(name), "t", t);
      CHECK(read_tensor(folder.path(name)) == t);
    }
}

TEST_CASE("damaged tensor files are refused with a reason") {
  const TemporaryFolder folder;
  write_tensor(folder.path("t.npy"), "t", Tensor::of<float>({100}, std::vector<float>(100)));
  std::ifstream in(folder.path("t.npy"), std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  for (size_t length : {size_t(0), size_t(5), size_t(11), size_t(60), size_t(300)})
    CHECK_THROWS_AS(read_tensor(folder.write("cut.npy", whole.substr(0, length) + (length == 0 ? " " : ""))), Error);
  CHECK_THROWS_WITH(read_tensor(folder.write("cut.npy", whole.substr(0, 300))),
                    Catch::Contains("its type float32[100] takes 400"));
  CHECK_THROWS_WITH(read_tensor(folder.write("x.pb", "\xff\xff\xff")), Catch::Contains("not a TensorProto"));
  CHECK_THROWS_WITH(read_tensor(folder.write("x.txt", "1 2 3")), Catch::Contains("extension is '.txt'"));
  CHECK_THROWS_WITH(read_tensor(folder.path("missing.npy")), Catch::Contains("cannot be read"));
  std::string fortran = whole;
  fortran.replace(fortran.find("False"), 5, "True ");
  CHECK_THROWS_WITH(read_tensor(folder.write("f.npy", fortran)), Catch::Contains("row-major"));
  std::string complex = whole;
  complex.replace(complex.find("<f4"), 3, "<c8");
  CHECK_THROWS_WITH(read_tensor(folder.write("c.npy", complex)), Catch::Contains("'<c8'"));
}

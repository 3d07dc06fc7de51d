// SPDX-License-Identifier: Apache-2.0
// Tensors from files and into files.
#include "compiler/trace/host/tensor.h"
#include "tests/runtime/files.h"

using namespace overtime;
using Catch::Matchers::Contains;
using files::data;

namespace {

std::string error_of(const std::string &source) {
  try {
    load_tensor(source);
  } catch (const Error &error) {
    CHECK(error.kind() == ErrorKind::File);
    return error.what();
  }
  return "no error";
}

} // namespace

TEST_CASE("a tensor is loaded from an array of an archive or from a .npy") {
  Tensor f4 = load_tensor(data("deflated.npz") + ":f4");
  CHECK(f4.shape() == Shape{2, 3, 4});
  CHECK(f4.dtype() == f32);
  CHECK(f4[23] == 11.5);
  CHECK(load_tensor(data("plain.npy"))[23] == 23 / 3.0);
  CHECK(load_tensor(data("stored.npz") + ":net/l1.h").size() == 3);
  CHECK(load_tensors(data("stored.npz")).size() == 14);
  CHECK(load_tensor(data("python.safetensors") + ":i2")[23] == 16);
  CHECK(load_tensors(data("small.safetensors")).at("Wi").shape() == Shape{2, 3, 4});
}

TEST_CASE("a tensor that cannot be loaded says what there is") {
  CHECK_THAT(error_of(data("zip64.npz") + ":f9"), Contains("no array 'f9'; it holds f4, f8"));
  CHECK_THAT(error_of(data("stored.npz") + ":fortrna"), Contains("did you mean 'fortran'?"));
  CHECK_THAT(error_of(data("stored.npz")), Contains("say which array") && Contains("u4"));
  CHECK_THAT(error_of("a.txt"),
             Contains("cannot load 'a.txt'; expected FILE.npz:KEY, FILE.safetensors:KEY or FILE.npy"));
  CHECK_THAT(error_of("nowhere.npz:V"), Contains("nowhere.npz: cannot open: No such file or directory"));
}

TEST_CASE("what cannot be read of a file is told apart from the rest") {
  CHECK_THROWS_AS(load_tensors(data("python.safetensors")), Error);
  std::map<std::string, std::string> unreadable;
  CHECK(load_tensors(data("python.safetensors"), &unreadable).size() == 16);
  CHECK(unreadable.size() == 2);
  CHECK_THAT(unreadable.at("u8"), Contains("dtype 'U64' is not supported"));
}

TEST_CASE("tensors are saved and loaded") {
  files::Folder folder;
  Tensor V = Tensor::uniform({10, 3}, -80, -50, 1), spike = Tensor::full({4}, 1, DType::Bool);
  for (const char *name : {"out.npz", "out.safetensors"}) {
    save_tensors(folder / name, {{"V", V}, {"spike", spike}, {"n", Tensor(7, i64)}, {"to", Tensor::of({40000}, u16)}});
    auto arrays = load_tensors(folder / name);
    REQUIRE(arrays.size() == 4);
    CHECK(arrays.at("to").str() == "i64 [1] 40000"); // integers of any width
    CHECK(arrays.at("V").shape() == V.shape());
    CHECK(std::ranges::equal(arrays.at("V").values<float>(), V.values<float>()));
    CHECK(arrays.at("spike").dtype() == DType::Bool);
    CHECK(arrays.at("n").dtype() == i64);
    CHECK(arrays.at("n").rank() == 0);
    CHECK(load_tensor((folder / name) + ":n")[0] == 7);
  }
  CHECK_THROWS_WITH(save_tensors("out.pt", {}), Contains("out.pt") && Contains("FILE.npz or FILE.safetensors"));
  save_npy(folder / "V.npy", V.rows(2, 4));
  CHECK(load_tensor(folder / "V.npy")[0] == V[6]);
  CHECK_THROWS_AS(save_npy(folder / "no/V.npy", V), Error);
  CHECK(load_tensor(folder / "V.npy").shape() == Shape{2, 3});
}

// SPDX-License-Identifier: Apache-2.0
// Names of models become C names; what users write in names and units cannot break header or JSON.
#include "compiler/driver/library/CHeader.h"
#include "tests/driver/program.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/Program.h"

#include <fstream>

using namespace overtime::driver;
using namespace overtime::driver::test;

TEST_CASE("array names become C identifiers", "[driver][header]") {
  CHECK(cIdentifier("V") == "V");
  CHECK(cIdentifier("l1.h") == "l1_h");
  CHECK(cIdentifier("2x") == "_2x");
  CHECK(cIdentifier("") == "_");
  CHECK(cIdentifier("while") == "while_");
  CHECK(cIdentifier("class") == "class_");
  CHECK(cIdentifier("I") == "I_");
  CHECK(cIdentifier("\xce\xb1") == "__");
}

TEST_CASE("repeated parameter names get a number", "[driver][header]") {
  ProgramInfo info = accInfo();
  info.inputs = {{"a.b", "", OVERTIME_F32, {}}, {"a_b", "", OVERTIME_F32, {}}, {"state", "", OVERTIME_F32, {}}};
  info.outputs = {{"a.b", "", OVERTIME_F32, {}}, {"a_b_2", "", OVERTIME_F32, {}}};
  CHECK(cParameterNames(info) == std::vector<std::string>{"a_b", "a_b_2", "state_2", "a_b_3", "a_b_2_2"});
}

TEST_CASE("the header states shapes, units and types", "[driver][header]") {
  std::string header = cHeader(accInfo(), value(TargetSpec::get("x86-64-v3")));
  CHECK_THAT(
      header,
      Catch::Contains("int acc_run(acc_state *state, int64_t steps, const double *I_, double *l1_x, uint8_t *over);"));
  CHECK_THAT(header, Catch::Contains("I_: input 'I', [steps, 8], unit nA; NULL: zeros at every step"));
  CHECK_THAT(header, Catch::Contains("over: output 'over', [steps, 8], unit 1; NULL: not wanted"));
  CHECK_THAT(header, Catch::Contains("#define acc_ABI_VERSION 5u"));
  CHECK_THAT(header, Catch::Contains("typedef struct acc_state acc_state;"));
  CHECK_THAT(header, Catch::Contains("An output must share no memory with another array"));
}

TEST_CASE("hostile names leave the header valid C and C++", "[driver][header]") {
  ProgramInfo info = accInfo();
  info.model = "*/ #error \\";
  info.inputs[0].name = "x*/y\n#error";
  info.inputs[0].unit = "/**/";
  ScratchFolder folder;
  std::ofstream(folder / "acc.h") << cHeader(info, value(TargetSpec::get("native")));
  for (std::string name : {"cc", "c++"}) {
    auto compiler = llvm::sys::findProgramByName(name);
    REQUIRE(compiler);
    std::string header = folder / "acc.h", language = name == "cc" ? "c" : "c++";
    std::string standard = name == "cc" ? "-std=c99" : "-std=c++98";
    CHECK(llvm::sys::ExecuteAndWait(*compiler, {name, standard, "-Wall", "-Wextra", "-Werror", "-Wno-long-long",
                                                "-fsyntax-only", "-x", language, header}) == 0);
  }
}

TEST_CASE("the JSON can be read back", "[driver][header]") {
  ProgramInfo info = accInfo();
  info.states[0].unit = "\"\xff";
  auto parsed = value(llvm::json::parse(programJson(info, value(TargetSpec::get("x86-64-v4")))));
  const llvm::json::Object &root = *parsed.getAsObject();
  CHECK(root.getString("name") == llvm::StringRef("acc"));
  CHECK(root.getString("model") == llvm::StringRef("Accumulator"));
  CHECK(root.getInteger("abi_version") == OVERTIME_ABI_VERSION);
  CHECK(root.getInteger("state_bytes") == static_cast<std::int64_t>(layoutOf(info).stateBytes));
  CHECK(root.getNumber("dt") == 0.1);
  CHECK(root.getString("real") == llvm::StringRef("f64"));
  const llvm::json::Array &arrays = *root.getArray("arrays");
  REQUIRE(arrays.size() == 5);
  const llvm::json::Object &over = *arrays[4].getAsObject();
  CHECK(over.getString("kind") == llvm::StringRef("output"));
  CHECK(over.getString("dtype") == llvm::StringRef("bool"));
  CHECK((*over.getArray("shape"))[0].getAsInteger() == lanes);
  CHECK(over.getInteger("offset") == layoutOf(info).outputs[1]);
}

// SPDX-License-Identifier: Apache-2.0
// Names of processors, kinds of output, and modules that must be refused.
#include "compiler/driver/ObjectEmitter.h"
#include "compiler/driver/Target.h"
#include "runtime/processor.h"
#include "tests/driver/program.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/Object/ObjectFile.h"

#include <limits>

using namespace overtime::driver;
using namespace overtime::driver::test;

TEST_CASE("targets know their vectors", "[driver][target]") {
  TargetSpec v2 = value(TargetSpec::get("x86-64-v2")), v3 = value(TargetSpec::get("x86-64-v3")),
             v4 = value(TargetSpec::get("x86-64-v4")), arm = value(TargetSpec::get("aarch64"));
  CHECK(v2.vectorBits == 128);
  CHECK_FALSE(v2.fma);
  CHECK(v3.vectorBits == 256);
  CHECK(v3.fma);
  CHECK_FALSE(v3.avx512);
  CHECK(v4.vectorBits == 512);
  CHECK(v4.avx512);
  CHECK(arm.vectorBits == 128);
  CHECK_THAT(v3.describe(), Catch::Contains(" x86-64-v3 +"));
  CHECK_THAT(v4.features, !Catch::Contains("prefer-"));
  TargetSpec native = value(TargetSpec::get("native"));
  CHECK(text(native.checkRunsHere()) == "");
  CHECK((native.instructions() & ~overtime::detail::instructions_of_processor()) == 0);
  CHECK(native.describe() == value(TargetSpec::get("native")).describe());
}

TEST_CASE("an unknown target names the known and the nearest", "[driver][target]") {
  CHECK_THAT(errorOf(TargetSpec::get("x86-64-v5")), Catch::Contains("unknown target 'x86-64-v5'") &&
                                                        Catch::Contains("x86-64-v4") &&
                                                        Catch::Contains("did you mean"));
  CHECK_THAT(errorOf(TargetSpec::get("znvr4")), Catch::Contains("did you mean 'znver4'"));
  CHECK_THAT(errorOf(TargetSpec::get("")), Catch::Contains("expected one of native"));
  CHECK_THAT(errorOf(TargetSpec::get("i386")), Catch::Contains("64-bit"));
}

TEST_CASE("every kind of output is written for every target", "[driver][emit]") {
  const char *name = GENERATE("native", "x86-64-v2", "x86-64-v3", "x86-64-v4", "skylake-avx512", "aarch64");
  auto made = accModule(name);
  std::string ir = emitIR(*made->module);
  CHECK_THAT(ir, Catch::Contains("define void @acc_loop") && Catch::Contains("@acc_program = constant"));
  CHECK((ir.find("\"prefer-vector-width\"=\"512\"") != std::string::npos) == made->target.avx512);
  CHECK_THAT(value(emitAssembly(*made->module, *made->machine)), Catch::Contains("acc_loop:"));
  auto object = accObject(1, name);
  auto file = value(llvm::object::ObjectFile::createObjectFile(
      llvm::MemoryBufferRef(llvm::StringRef(object.data(), object.size()), "acc.o")));
  CHECK(file->getArch() == llvm::Triple(made->target.triple).getArch());
}

TEST_CASE("AVX-512 code uses whole registers", "[driver][emit]") {
  auto made = accModule("skylake-avx512"); // LLVM itself prefers 256 bits there
  CHECK_THAT(value(emitAssembly(*made->module, *made->machine)), Catch::Contains("%zmm"));
}

TEST_CASE("the same module gives the same object and takes some time", "[driver][emit]") {
  CHECK(accObject(1) == accObject(1));
  auto made = accModule();
  EmitTimes times;
  value(emitObject(*made->module, *made->machine, {}, &times));
  CHECK(times.optimize > 0.0);
  CHECK(times.codegen > 0.0);
}

TEST_CASE("modules that are wrong are refused with a reason", "[driver][emit]") {
  auto made = accModule();
  EmitOptions level;
  level.level = 7;
  CHECK_THAT(text(optimizeModule(*made->module, *made->machine, level)), Catch::Contains("level 7"));
  made->module->getFunction("acc_loop")->back().getTerminator()->eraseFromParent();
  CHECK_THAT(text(optimizeModule(*made->module, *made->machine)), Catch::Contains("invalid LLVM IR"));
  auto other = value(createTargetMachine(value(TargetSpec::get("aarch64"))));
  CHECK_THAT(text(optimizeModule(*made->module, *other)), Catch::Contains("applyTarget"));
}

TEST_CASE("programs that cannot be described are refused", "[driver][descriptor]") {
  auto made = accModule();
  auto refused = [&](ProgramInfo info) {
    std::vector<char> image(layoutOf(info).initialBytes);
    return text(addProgram(*made->module, info, made->target, image));
  };
  ProgramInfo info = accInfo();
  info.name = "l1.net";
  CHECK_THAT(refused(info), Catch::Contains("'l1_net'"));
  info = accInfo();
  info.name = "other";
  CHECK_THAT(refused(info), Catch::Contains("no function 'other_loop'"));
  info = accInfo();
  info.outputs[0].dtype = 9;
  CHECK_THAT(refused(info), Catch::Contains("dtype 9"));
  info = accInfo();
  info.outputs[0].shape = {-1};
  CHECK_THAT(refused(info), Catch::Contains("dimension -1"));
  info.outputs[0].shape = {std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::max()};
  CHECK_THAT(refused(info), Catch::Contains("address space"));
  CHECK_THAT(text(addProgram(*made->module, accInfo(), made->target, std::vector<char>(3))),
             Catch::Contains("initial image has 3 bytes, expected 128"));
}

TEST_CASE("the layout aligns everything", "[driver][descriptor]") {
  ProgramInfo info = accInfo();
  info.states.push_back({"fired", "", OVERTIME_BOOL, {65}});
  info.workspaceBytes = 10;
  Layout layout = layoutOf(info);
  CHECK(layout.states == std::vector<std::int64_t>{64, 128});
  CHECK(layout.params == std::vector<std::int64_t>{256});
  CHECK(layout.initialBytes == 320 - 64);
  CHECK(layout.inputs == std::vector<std::int64_t>{320});
  CHECK(layout.outputs == std::vector<std::int64_t>{384, 448});
  CHECK(layout.workspaceOffset == 512);
  CHECK(layout.messageOffset == 576);
  CHECK(layout.stateBytes == 576 + OVERTIME_MESSAGE_BYTES);
}

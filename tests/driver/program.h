// SPDX-License-Identifier: Apache-2.0
// The program the driver's tests compile: x += gain * I, with x and x > 3 as outputs.
#pragma once

#include "compiler/driver/ObjectEmitter.h"
#include "compiler/driver/library/Descriptor.h"

#include "runtime/abi.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/SourceMgr.h"

#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <string>
#include <vector>

namespace overtime::driver::test {

template <class T> T value(llvm::Expected<T> result) {
  if (!result)
    FAIL(llvm::toString(result.takeError()));
  return std::move(*result);
}

inline std::string text(llvm::Error error) { return llvm::toString(std::move(error)); }

template <class T> std::string errorOf(llvm::Expected<T> result) {
  REQUIRE(!result);
  return llvm::toString(result.takeError());
}

constexpr std::int64_t lanes = 8;

inline const char *loopIR = R"(
define void @acc_loop(i64 %steps, i64 %i0, i64 %k0, double %t0, i64 %seed, ptr %buffers, ptr %strides,
                      i64 %first, i64 %last, ptr %team) {
entry:
  %x = load ptr, ptr %buffers
  %gain.at = getelementptr ptr, ptr %buffers, i64 1
  %gain.ptr = load ptr, ptr %gain.at
  %in.at = getelementptr ptr, ptr %buffers, i64 2
  %in = load ptr, ptr %in.at
  %out.at = getelementptr ptr, ptr %buffers, i64 3
  %out = load ptr, ptr %out.at
  %over.at = getelementptr ptr, ptr %buffers, i64 4
  %over = load ptr, ptr %over.at
  %in.stride = load i64, ptr %strides
  %out.stride.at = getelementptr i64, ptr %strides, i64 1
  %out.stride = load i64, ptr %out.stride.at
  %over.stride.at = getelementptr i64, ptr %strides, i64 2
  %over.stride = load i64, ptr %over.stride.at
  %gain = load double, ptr %gain.ptr
  %gain.0 = insertelement <8 x double> poison, double %gain, i64 0
  %gains = shufflevector <8 x double> %gain.0, <8 x double> poison, <8 x i32> zeroinitializer
  br label %head
head:
  %k = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i64 %k, %steps
  br i1 %more, label %body, label %done
body:
  %in.offset = mul i64 %k, %in.stride
  %in.row = getelementptr double, ptr %in, i64 %in.offset
  %i = load <8 x double>, ptr %in.row, align 8
  %old = load <8 x double>, ptr %x, align 64
  %add = fmul <8 x double> %gains, %i
  %new = fadd <8 x double> %old, %add
  store <8 x double> %new, ptr %x, align 64
  %out.offset = mul i64 %k, %out.stride
  %out.row = getelementptr double, ptr %out, i64 %out.offset
  store <8 x double> %new, ptr %out.row, align 8
  %above = fcmp ogt <8 x double> %new, splat (double 3.0)
  %bytes = zext <8 x i1> %above to <8 x i8>
  %over.offset = mul i64 %k, %over.stride
  %over.row = getelementptr i8, ptr %over, i64 %over.offset
  store <8 x i8> %bytes, ptr %over.row, align 1
  %next = add i64 %k, 1
  br label %head
done:
  ret void
}
)";

inline ProgramInfo accInfo() {
  ProgramInfo info;
  info.name = "acc";
  info.model = "Accumulator";
  info.real = "f64";
  info.states = {{"l1.x", "mV", OVERTIME_F64, {lanes}}};
  info.params = {{"gain", "", OVERTIME_F64, {}}};
  info.inputs = {{"I", "nA", OVERTIME_F64, {lanes}}};
  info.outputs = {{"l1.x", "mV", OVERTIME_F64, {lanes}}, {"over", "", OVERTIME_BOOL, {lanes}}};
  return info;
}

/// x starts at 0.5 * lane, gain is 0.25.
inline std::vector<char> accInitial() {
  Layout layout = layoutOf(accInfo());
  std::vector<char> image(layout.initialBytes);
  auto put = [&](std::int64_t offset, double number) {
    std::memcpy(image.data() + offset - sizeof(overtime_state_header), &number, sizeof number);
  };
  for (int lane = 0; lane < lanes; ++lane)
    put(layout.states[0] + lane * 8, 0.5 * lane);
  put(layout.params[0], 0.25);
  return image;
}

/// What the program computes, one step, on one lane.
inline double accStep(double x, double input) { return x + 0.25 * input; }

struct CompiledModule {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module;
  std::unique_ptr<llvm::TargetMachine> machine;
  TargetSpec target;
};

/// The module with its descriptor and C functions, ready to be emitted.
inline std::unique_ptr<CompiledModule> accModule(llvm::StringRef targetName = "native") {
  auto made = std::make_unique<CompiledModule>();
  llvm::SMDiagnostic problem;
  made->module = llvm::parseAssemblyString(loopIR, problem, made->context);
  if (!made->module)
    FAIL(problem.getMessage().str());
  made->target = value(TargetSpec::get(targetName));
  made->machine = value(createTargetMachine(made->target));
  REQUIRE(text(addDescriptor(*made->module, accInfo(), made->target, accInitial())) == "");
  applyTarget(*made->module, made->target, *made->machine);
  return made;
}

inline llvm::SmallVector<char, 0> accObject(unsigned level = 1, llvm::StringRef targetName = "native") {
  auto made = accModule(targetName);
  EmitOptions options;
  options.level = level;
  return value(emitObject(*made->module, *made->machine, options));
}

/// An empty folder that goes when the test ends.
class ScratchFolder {
public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "overtime-driver-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
  }
  ~ScratchFolder() { std::filesystem::remove_all(folder); }
  std::string operator/(const std::string &name) const { return (folder / name).string(); }
  std::string str() const { return folder.string(); }

private:
  std::filesystem::path folder;
};

} // namespace overtime::driver::test

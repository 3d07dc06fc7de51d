// SPDX-License-Identifier: Apache-2.0
// LLVM's ORC reduced to what one finished object needs: no compiler, no platform, no initialisers.
#include "compiler/driver/Jit.h"

#include "runtime/rows.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/IRCompileLayer.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"

#include <mutex>

using namespace llvm;
using namespace llvm::orc;

namespace overtime::driver {
namespace {

/// Creation and destruction of JITs touch global state of LLVM (memory managers, unwinding tables).
std::mutex &lifecycle() {
  static std::mutex mutex;
  return mutex;
}

/// LLJIT wants a compiler for IR it will never be given; making a real one costs a target machine.
class NoCompiler : public IRCompileLayer::IRCompiler {
public:
  NoCompiler() : IRCompiler({}) {}
  Expected<std::unique_ptr<MemoryBuffer>> operator()(Module &) override {
    return createStringError(inconvertibleErrorCode(), "only finished objects are loaded");
  }
};

Expected<std::unique_ptr<LLJIT>> makeJit(const TargetSpec &target, const DataLayout &layout) {
  JITTargetMachineBuilder machine{Triple(target.triple)};
  return LLJITBuilder()
      .setJITTargetMachineBuilder(std::move(machine))
      .setDataLayout(layout)
      .setCompileFunctionCreator([](JITTargetMachineBuilder) -> Expected<std::unique_ptr<IRCompileLayer::IRCompiler>> {
        return std::make_unique<NoCompiler>();
      })
      .setObjectLinkingLayerCreator([](ExecutionSession &session) -> Expected<std::unique_ptr<ObjectLayer>> {
        return std::make_unique<ObjectLinkingLayer>(session);
      })
      .setPlatformSetUp(setUpInactivePlatform)
      .create();
}

/// The runtime may be linked into an executable that exports nothing, so dlsym would not find it.
Error defineRuntime(LLJIT &jit) {
  SymbolMap symbols;
  auto add = [&](StringRef name, auto *function) {
    symbols[jit.mangleAndIntern(name)] = {ExecutorAddr::fromPtr(function),
                                          JITSymbolFlags::Exported | JITSymbolFlags::Callable};
  };
  add("overtime_barrier", &overtime_barrier);
  add("overtime_add_row_f32", &overtime_add_row_f32);
  add("overtime_add_row_f64", &overtime_add_row_f64);
  add("overtime_sum_row_f32", &overtime_sum_row_f32);
  add("overtime_sum_row_f64", &overtime_sum_row_f64);
  add("overtime_program_reset", &overtime_program_reset);
  add("overtime_program_run", &overtime_program_run);
  add("overtime_program_set_threads", &overtime_program_set_threads);
  add("overtime_program_run_dlpack", &overtime_program_run_dlpack);
  add("overtime_program_dlpack", &overtime_program_dlpack);
  add("overtime_program_set_device", &overtime_program_set_device);
  add("overtime_program_error", &overtime_program_error);
  add("overtime_program_array", &overtime_program_array);
  return jit.getMainJITDylib().define(absoluteSymbols(std::move(symbols)));
}

Error defineMath(LLJIT &jit) {
  auto math = DynamicLibrarySearchGenerator::Load("libm.so.6", jit.getDataLayout().getGlobalPrefix());
  if (!math)
    return math.takeError();
  jit.getMainJITDylib().addGenerator(std::move(*math));
  return Error::success();
}

} // namespace

Jit::Jit(std::unique_ptr<LLJIT> jit) : jit(std::move(jit)) {}

Jit::~Jit() {
  std::scoped_lock lock(lifecycle());
  jit.reset();
}

Expected<std::unique_ptr<Jit>> Jit::load(std::unique_ptr<MemoryBuffer> object, StringRef symbol,
                                         const TargetSpec &target) {
  if (Error error = target.checkRunsHere())
    return error;
  const DataLayout layout(Triple(target.triple).computeDataLayout());
  Expected<std::unique_ptr<LLJIT>> made = [&] {
    std::scoped_lock lock(lifecycle());
    return makeJit(target, layout);
  }();
  if (!made)
    return made.takeError();
  std::unique_ptr<Jit> loaded(new Jit(std::move(*made)));
  if (Error error = defineRuntime(*loaded->jit))
    return error;
  if (Error error = defineMath(*loaded->jit))
    return error;
  if (Error error = loaded->jit->addObjectFile(std::move(object)))
    return error;
  Expected<const void *> address = loaded->lookup(symbol);
  if (!address)
    return address.takeError();
  loaded->found = reinterpret_cast<overtime_entry>(const_cast<void *>(*address));
  return loaded;
}

Expected<const void *> Jit::lookup(StringRef symbol) {
  Expected<ExecutorAddr> address = jit->lookup(symbol);
  if (!address)
    return address.takeError();
  return address->toPtr<const void *>();
}

} // namespace overtime::driver

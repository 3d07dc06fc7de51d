// SPDX-License-Identifier: Apache-2.0
// From a traced program to code that runs: the stages in order, the object cache, and ahead-of-time artefacts.
#include "compiler/driver/Compiler.h"

#include "compiler/driver/Cache.h"
#include "compiler/driver/Jit.h"
#include "compiler/driver/ObjectEmitter.h"
#include "compiler/driver/PipelineDigest.h"
#include "compiler/driver/Stages.h"
#include "compiler/driver/library/Descriptor.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Endian.h"
#include "llvm/Transforms/Utils/Cloning.h"

namespace overtime::driver {
namespace {

std::string textOf(mlir::ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream out(text);
  module.print(out);
  return text;
}

/// An entry of the cache is what compiling told of the program, then the object.
constexpr std::size_t prefixBytes = 40;

std::string pack(const ProgramInfo &info, llvm::ArrayRef<char> object) {
  std::string payload(prefixBytes, '\0');
  llvm::support::endian::write64le(payload.data(), info.workspaceBytes);
  llvm::support::endian::write64le(payload.data() + 8, info.parts);
  llvm::support::endian::write64le(payload.data() + 16, info.partCycles);
  llvm::support::endian::write64le(payload.data() + 24, info.threadBytes);
  llvm::support::endian::write64le(payload.data() + 32, info.waitCycles);
  payload.append(object.begin(), object.end());
  return payload;
}

void unpack(llvm::StringRef payload, ProgramInfo &info) {
  info.workspaceBytes = llvm::support::endian::read64le(payload.data());
  info.parts = static_cast<std::int64_t>(llvm::support::endian::read64le(payload.data() + 8));
  info.partCycles = static_cast<std::int64_t>(llvm::support::endian::read64le(payload.data() + 16));
  info.threadBytes = llvm::support::endian::read64le(payload.data() + 24);
  info.waitCycles = static_cast<std::int64_t>(llvm::support::endian::read64le(payload.data() + 32));
}

llvm::Expected<std::unique_ptr<HostProgram>> load(std::unique_ptr<HostProgram> program, llvm::StringRef payload,
                                                  const TargetSpec &target, StopWatch &watch) {
  unpack(payload, program->info);
  auto object = llvm::MemoryBuffer::getMemBufferCopy(payload.drop_front(prefixBytes), program->info.name);
  auto code = Jit::load(std::move(object), program->info.name + "_loop", target);
  if (!code)
    return code.takeError();
  program->entry = (*code)->entry();
  program->code = std::move(*code);
  watch.lap("load");
  return program;
}

llvm::Expected<llvm::SmallVector<char, 0>> emit(llvm::Module &code, const TargetSpec &target, StopWatch &watch) {
  auto machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  applyTarget(code, target, **machine);
  EmitTimes spent;
  auto object = emitObject(code, **machine, {}, &spent);
  watch.lap("llvm optimize", spent.optimize);
  watch.lap("llvm codegen");
  return object;
}

} // namespace

llvm::Expected<std::unique_ptr<HostProgram>> compileForHost(mlir::ModuleOp module, const ProgramInfo &info,
                                                            const HostOptions &options) {
  auto target = TargetSpec::get(options.target);
  if (!target)
    return target.takeError();
  if (llvm::Error error = target->checkRunsHere())
    return std::move(error);
  auto program = std::make_unique<HostProgram>();
  program->info = info;
  StopWatch watch(program->times);
  Cache &cache = Cache::ofProcess();
  std::string key, describe = target->describe();
  if (options.cache) {
    std::string text = textOf(module);
    key = Cache::key({OVERTIME_PIPELINE_DIGEST, LLVM_VERSION_STRING, describe,
                      std::to_string(info.threads) + (info.threadsAsked ? "!" : ""), text});
    auto payload = cache.read(key);
    watch.lap("cache read");
    if (payload && payload->getBufferSize() > prefixBytes) {
      program->fromCache = true;
      return load(std::move(program), payload->getBuffer(), *target, watch);
    }
  }
  if (llvm::Error error = runStages(module, info, *target, "llvm", &watch))
    return std::move(error);
  llvm::LLVMContext context;
  auto code = translate(module, program->info, context);
  if (!code)
    return code.takeError();
  watch.lap("translate");
  auto object = emit(**code, *target, watch);
  if (!object)
    return object.takeError();
  std::string payload = pack(program->info, *object);
  if (options.cache) {
    cache.write(key, payload);
    watch.lap("cache write");
  }
  return load(std::move(program), payload, *target, watch);
}

llvm::Expected<Library> compileLibrary(mlir::ModuleOp module, const ProgramInfo &info, const LibraryOptions &options,
                                       llvm::function_ref<std::vector<char>(const ProgramInfo &)> initial) {
  auto target = TargetSpec::get(options.target);
  if (!target)
    return target.takeError();
  Library library{info, *target, {}, {}, {}, {}};
  library.info.gpu = !options.gpus.empty();
  StopWatch watch(library.times);
  if (llvm::Error error = runStages(module, info, *target, "llvm", &watch))
    return std::move(error);
  llvm::LLVMContext context;
  auto code = translate(module, library.info, context);
  if (!code)
    return code.takeError();
  watch.lap("translate");
  auto machine = createTargetMachine(*target);
  if (!machine)
    return machine.takeError();
  (*code)->setTargetTriple((*machine)->getTargetTriple());
  (*code)->setDataLayout((*machine)->createDataLayout());
  if (llvm::Error error = addDescriptor(**code, library.info, *target, initial(library.info), options.gpus))
    return std::move(error);
  applyTarget(**code, *target, **machine);
  if (options.text) {
    std::unique_ptr<llvm::Module> copy = llvm::CloneModule(**code);
    auto assembly = emitAssembly(*copy, **machine);
    if (!assembly)
      return assembly.takeError();
    library.assembly = std::move(*assembly);
    library.llvmIr = emitIR(**code);
  }
  auto object = emit(**code, *target, watch);
  if (!object)
    return object.takeError();
  library.object = std::move(*object);
  return library;
}

llvm::Expected<std::string> printStage(mlir::ModuleOp module, const ProgramInfo &info, llvm::StringRef last,
                                       llvm::StringRef target) {
  auto spec = TargetSpec::get(target);
  if (!spec)
    return spec.takeError();
  if (llvm::Error error = runStages(module, info, *spec, last, nullptr))
    return std::move(error);
  return textOf(module);
}

} // namespace overtime::driver

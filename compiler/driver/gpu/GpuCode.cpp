// SPDX-License-Identifier: Apache-2.0
// From a traced program to a kernel of a GPU: PTX, how it is launched, and machine code where ptxas is there.
#include "compiler/driver/gpu/GpuCode.h"

#include "compiler/driver/ObjectEmitter.h"
#include "compiler/driver/Stages.h"
#include "compiler/driver/gpu/GpuCache.h"
#include "compiler/driver/gpu/StoredNumbers.h"
#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Instructions.h"

using namespace mlir;

namespace overtime::driver {
namespace {

KernelLaunch launchOf(LLVM::LLVMFuncOp kernel) {
  auto number = [&](StringRef name) {
    auto attribute = kernel->getAttrOfType<IntegerAttr>(name);
    return attribute ? attribute.getInt() : 1;
  };
  auto how = kernel->getAttrOfType<StringAttr>(ir::cooperativeAttr);
  Together together = !how ? Together::No : how.getValue() == ir::cooperativeAll ? Together::All : Together::Most;
  auto shared = kernel->getAttrOfType<IntegerAttr>(ir::launchSharedBytesAttr);
  return {number(ir::blockThreadsAttr), number(ir::blocksAttr), together, shared ? shared.getInt() : 0};
}

llvm::Expected<std::unique_ptr<llvm::Module>> translateKernel(ModuleOp module, StringRef name,
                                                              llvm::LLVMContext &context) {
  FirstError error(module.getContext());
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  registerNVVMDialectTranslation(*module.getContext());
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context, name);
  if (!code)
    return error.failure("the kernel has no translation to LLVM IR");
  return code;
}

/// Calls that threads make together must not be moved to where only some of them come.
void keepTogether(llvm::Function &function) {
  for (llvm::User *user : function.users())
    if (auto *call = llvm::dyn_cast<llvm::CallInst>(user))
      call->setConvergent();
}

/// What a kernel calls becomes part of it. LLVM does not know by itself that the threads of a warp multiply together.
void inlineAll(llvm::Module &code, StringRef kernel) {
  for (llvm::Function &function : code) {
    if (function.getName().starts_with("llvm.nvvm.mma."))
      keepTogether(function);
    if (function.isDeclaration())
      continue;
    function.setConvergent();
    if (function.getName() == kernel)
      continue;
    function.setLinkage(llvm::Function::InternalLinkage);
    function.addFnAttr(llvm::Attribute::AlwaysInline);
    keepTogether(function);
  }
}

/// Arguments of 4 KiB are for every driver; 32,764 bytes need PTX 8.1, which those of CUDA 12.1 read.
llvm::Expected<TargetSpec> targetOfKernel(TargetSpec target, unsigned arguments) {
  if (arguments > 32764 / 8)
    return llvm::createStringError("the program has " + std::to_string(arguments) +
                                   " arrays and numbers as arguments, and a kernel takes at most 4095");
  if (arguments > 4096 / 8 && target.features == "+ptx80")
    target.features = "+ptx81";
  return target;
}

/// A device has no library of functions.
llvm::Error checkCalls(const llvm::Module &code) {
  for (const llvm::Function &function : code)
    if (function.isDeclaration() && !function.isIntrinsic())
      return llvm::createStringError("the function '" + function.getName() +
                                     "' has no form for a GPU yet; compile the program for a CPU");
  return llvm::Error::success();
}

/// Subnormal f32 count as 0: the device's approximations take fewer instructions so.
void flushSubnormals(llvm::Module &code) {
  for (llvm::Function &function : code)
    if (!function.isDeclaration())
      function.addFnAttr("denormal-fp-math-f32", "preserve-sign,preserve-sign");
}

} // namespace

llvm::Expected<GpuCode> compileForGpu(ModuleOp module, const ProgramInfo &info, const TargetSpec &target,
                                      CallNumbers numbers) {
  GpuCode made{info, target, {}, {}, {}, {}};
  StopWatch watch(made.times);
  if (llvm::Error error = runStages(module, info, target, "llvm", &watch))
    return std::move(error);
  auto kernel = module.lookupSymbol<LLVM::LLVMFuncOp>(info.name);
  if (!kernel)
    return llvm::createStringError("the program lost its kernel '" + info.name + "'");
  made.launch = launchOf(kernel);
  if (auto bytes = kernel->getAttrOfType<IntegerAttr>(ir::workspaceBytesAttr))
    made.info.workspaceBytes = static_cast<std::uint64_t>(bytes.getInt());
  auto takes = targetOfKernel(target, kernel.getNumArguments());
  if (!takes)
    return takes.takeError();
  made.target = *takes;
  llvm::LLVMContext context;
  auto code = translateKernel(module, info.name, context);
  if (!code)
    return code.takeError();
  if (llvm::Error error = checkCalls(**code))
    return std::move(error);
  if (numbers == CallNumbers::Stored)
    readNumbersFromMemory(**code, info.name);
  watch.lap("translate");
  auto machine = createTargetMachine(made.target);
  if (!machine)
    return machine.takeError();
  applyTarget(**code, made.target, **machine);
  inlineAll(**code, info.name);
  if (info.numerics == "fast")
    flushSubnormals(**code);
  made.llvmIr = emitIR(**code);
  EmitTimes spent;
  EmitOptions options;
  options.level = 2; // loops that test at their end; ptxas orders the instructions
  auto ptx = emitAssembly(**code, **machine, options, &spent);
  if (!ptx)
    return ptx.takeError();
  watch.lap("llvm optimize", spent.optimize);
  watch.lap("llvm codegen");
  made.ptx = std::move(*ptx);
  return made;
}

overtime_gpu_image GpuCode::ptxImage() const {
  overtime_gpu_image image = {};
  image.data = ptx.c_str();
  image.bytes = ptx.size() + 1;                                           // with the 0 that ends it
  StringRef(target.cpu).drop_front(3).getAsInteger(10, image.capability); // of "sm_90"
  image.is_ptx = true;
  image.threads = static_cast<std::uint32_t>(launch.threads);
  auto blocks = static_cast<std::uint32_t>(launch.blocks);
  image.blocks = launch.together == Together::Most ? 0 : blocks;
  image.most_blocks = launch.together == Together::Most ? blocks : 0;
  image.cooperative = launch.together != Together::No;
  image.workspace_bytes = info.workspaceBytes;
  image.launch_shared_bytes = static_cast<std::uint32_t>(launch.sharedBytes);
  return image;
}

std::vector<overtime_gpu_image> GpuLibraryCode::images() const {
  overtime_gpu_image ptx = code.ptxImage();
  if (!cubin)
    return {ptx};
  overtime_gpu_image machine = ptx;
  machine.data = cubin->bytes.data();
  machine.bytes = cubin->bytes.size();
  machine.is_ptx = false;
  const KernelResources &used = cubin->resources;
  machine.registers = static_cast<std::int32_t>(used.registers);
  machine.spill_bytes = static_cast<std::int32_t>(used.spillStores + used.spillLoads);
  machine.local_bytes = static_cast<std::int32_t>(used.localBytes);
  machine.shared_bytes = static_cast<std::int32_t>(used.sharedBytes);
  return {machine, ptx};
}

llvm::Expected<std::vector<GpuLibraryCode>> compileForGpus(ModuleOp module, const ProgramInfo &info,
                                                           ArrayRef<std::string> names, bool cache) {
  std::vector<GpuLibraryCode> all;
  std::string ptxas, why;
  if (auto found = findPtxas(); found)
    ptxas = *found;
  else
    why = llvm::toString(found.takeError());
  for (const std::string &name : names) {
    StageTimes spent;
    StopWatch watch(spent);
    auto target = TargetSpec::get(name);
    if (!target)
      return target.takeError();
    OwningOpRef<ModuleOp> copy(module.clone());
    auto code = cache ? cachedGpuCode(*copy, info, *target) : compileForGpu(*copy, info, *target);
    if (!code)
      return code.takeError();
    GpuLibraryCode made{std::move(*code), std::nullopt, why, 0};
    if (!ptxas.empty()) {
      const std::string &ptx = made.code.ptx, &capability = made.code.target.cpu;
      auto cubin = cache ? cachedCubin(ptx, capability, ptxas) : assemblePtx(ptx, capability, ptxas);
      if (cubin)
        made.cubin = std::move(*cubin);
      else
        made.whyNoCubin = llvm::toString(cubin.takeError());
    }
    watch.lap(name);
    made.ms = spent.front().second;
    all.push_back(std::move(made));
  }
  return all;
}

} // namespace overtime::driver

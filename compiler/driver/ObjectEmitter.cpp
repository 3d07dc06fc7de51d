// SPDX-License-Identifier: Apache-2.0
// The pass pipelines and the code generator; LLVM's complaints come back as errors.
#include "compiler/driver/ObjectEmitter.h"

#include "compiler/driver/InstructionOrder.h"

#include "llvm/Analysis/AliasAnalysis.h"
#include "llvm/CodeGen/MachineModuleInfo.h"
#include "llvm/CodeGen/Passes.h"
#include "llvm/CodeGen/TargetPassConfig.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/PassManager.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Transforms/InstCombine/InstCombine.h"
#include "llvm/Transforms/Scalar/ADCE.h"
#include "llvm/Transforms/Scalar/EarlyCSE.h"
#include "llvm/Transforms/Scalar/LICM.h"
#include "llvm/Transforms/Scalar/LoopPassManager.h"
#include "llvm/Transforms/Scalar/SROA.h"
#include "llvm/Transforms/Scalar/SimplifyCFG.h"

#include <chrono>

using namespace llvm;

namespace overtime::driver {
namespace {

class Stopwatch {
public:
  double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

private:
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// Collects LLVM's diagnostics while alive. Without a handler LLVMContext prints an error and ends the process.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(LLVMContext &context) : context(context), previous(context.getDiagnosticHandler()) {
    context.setDiagnosticHandler(std::make_unique<Handler>(errors));
  }
  ~DiagnosticCollector() { context.setDiagnosticHandler(std::move(previous)); }

  Error take(StringRef doing) {
    if (errors.empty())
      return Error::success();
    return createStringError(inconvertibleErrorCode(), "LLVM failed while " + doing.str() + ": " + errors);
  }

private:
  struct Handler : DiagnosticHandler {
    explicit Handler(std::string &errors) : errors(errors) {}
    bool handleDiagnostics(const DiagnosticInfo &info) override {
      if (info.getSeverity() != DS_Error)
        return true; // remarks and warnings are not for the user of a model
      raw_string_ostream out(errors);
      if (!errors.empty())
        out << "; ";
      DiagnosticPrinterRawOStream printer(out);
      info.print(printer);
      return true;
    }
    std::string &errors;
  };
  LLVMContext &context;
  std::string errors;
  std::unique_ptr<DiagnosticHandler> previous;
};

Error checkModule(const Module &module, const TargetMachine &machine, const EmitOptions &options) {
  if (module.getDataLayout() != machine.createDataLayout())
    return createStringError(inconvertibleErrorCode(), "the module's data layout is not that of " +
                                                           machine.getTargetTriple().str() +
                                                           ": call applyTarget first");
  if (!options.verify)
    return Error::success();
  std::string text;
  raw_string_ostream out(text);
  if (verifyModule(module, &out))
    return createStringError(inconvertibleErrorCode(), "the lowering made invalid LLVM IR: " + StringRef(text).rtrim());
  return Error::success();
}

/// Scalar clean-up around vector bodies: descriptors of memrefs fall apart into scalars, index arithmetic is shared and
/// leaves the loops. Nothing unrolls and nothing vectorises.
FunctionPassManager shortPipeline() {
  FunctionPassManager passes;
  passes.addPass(SROAPass(SROAOptions::ModifyCFG));
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/false));
  passes.addPass(SimplifyCFGPass());
  passes.addPass(InstCombinePass());
  LoopPassManager loops;
  loops.addPass(LICMPass(LICMOptions()));
  passes.addPass(createFunctionToLoopPassAdaptor(std::move(loops), /*UseMemorySSA=*/true));
  passes.addPass(EarlyCSEPass(/*UseMemorySSA=*/true));
  passes.addPass(ADCEPass());
  passes.addPass(SimplifyCFGPass());
  passes.addPass(InstructionOrderPass());
  return passes;
}

void runPasses(Module &module, TargetMachine &machine, unsigned level) {
  LoopAnalysisManager loops;
  FunctionAnalysisManager functions;
  CGSCCAnalysisManager sccs;
  ModuleAnalysisManager modules;
  PassBuilder builder(&machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  ModulePassManager passes;
  if (level == 1)
    passes.addPass(createModuleToFunctionPassAdaptor(shortPipeline()));
  else
    passes = builder.buildPerModuleDefaultPipeline(level == 2 ? OptimizationLevel::O2 : OptimizationLevel::O3);
  passes.run(module, modules);
}

bool hasLongBlock(const Function &function) {
  constexpr size_t longest = 4096;
  return any_of(function, [](const BasicBlock &block) { return block.size() > longest; });
}

/// An address per use, where it is used. The code generator would bring addresses there one by one, and number the
/// whole block anew for each.
void separateAddresses(Function &function) {
  for (Argument &argument : function.args())
    for (User *user : make_early_inc_range(argument.users()))
      if (auto *address = dyn_cast<GetElementPtrInst>(user); address && address->hasAllConstantIndices())
        for (Use &use : make_early_inc_range(address->uses()))
          if (auto *reader = cast<Instruction>(use.getUser()); !isa<PHINode>(reader)) {
            Instruction *own = address->clone();
            own->insertBefore(reader->getIterator());
            use.set(own);
          }
}

/// TargetMachine::addPassesToEmitFile without the machine scheduler, which would undo InstructionOrderPass. The one
/// after register allocation takes the square of a block's loads and stores.
bool addCodeGenerator(legacy::PassManager &passes, TargetMachine &machine, bool longBlocks, CodeGenFileType kind,
                      raw_pwrite_stream &out) {
  auto *info = new MachineModuleInfoWrapperPass(&machine);
  TargetPassConfig *config = machine.createPassConfig(passes);
  config->disablePass(&MachineSchedulerID);
  if (longBlocks)
    config->disablePass(&PostRASchedulerID);
  passes.add(config);
  passes.add(info);
  if (config->addISelPasses())
    return false;
  config->addMachinePasses();
  config->setInitialized();
  if (machine.addAsmPrinter(passes, out, nullptr, kind, info->getMMI().getContext()))
    return false;
  passes.add(createFreeMachineFunctionPass());
  return true;
}

Error generate(Module &module, TargetMachine &machine, CodeGenFileType kind, raw_pwrite_stream &out) {
  DiagnosticCollector diagnostics(module.getContext());
  bool longBlocks = false;
  for (Function &function : module)
    if (hasLongBlock(function)) {
      separateAddresses(function);
      longBlocks = true;
    }
  legacy::PassManager passes;
  if (!addCodeGenerator(passes, machine, longBlocks, kind, out))
    return createStringError(inconvertibleErrorCode(), "the code generator of " + machine.getTargetTriple().str() +
                                                           " cannot write this kind of file");
  passes.run(module);
  return diagnostics.take("generating code");
}

Error optimizeAndGenerate(Module &module, TargetMachine &machine, const EmitOptions &options, EmitTimes *times,
                          CodeGenFileType kind, raw_pwrite_stream &out) {
  Stopwatch optimizing;
  if (Error error = optimizeModule(module, machine, options))
    return error;
  double optimized = optimizing.ms();
  Stopwatch generating;
  if (Error error = generate(module, machine, kind, out))
    return error;
  if (times)
    *times = {optimized, generating.ms()};
  return Error::success();
}

} // namespace

Error optimizeModule(Module &module, TargetMachine &machine, const EmitOptions &options) {
  if (options.level > 3)
    return createStringError(inconvertibleErrorCode(), "optimisation level " + std::to_string(options.level) +
                                                           " does not exist: expected 0, 1, 2 or 3");
  if (Error error = checkModule(module, machine, options))
    return error;
  if (options.level == 0)
    return Error::success();
  DiagnosticCollector diagnostics(module.getContext());
  runPasses(module, machine, options.level);
  return diagnostics.take("optimising");
}

Expected<SmallVector<char, 0>> emitObject(Module &module, TargetMachine &machine, const EmitOptions &options,
                                          EmitTimes *times) {
  SmallVector<char, 0> object;
  raw_svector_ostream out(object);
  if (Error error = optimizeAndGenerate(module, machine, options, times, CodeGenFileType::ObjectFile, out))
    return error;
  return object;
}

Expected<std::string> emitAssembly(Module &module, TargetMachine &machine, const EmitOptions &options,
                                   EmitTimes *times) {
  SmallVector<char, 0> text;
  raw_svector_ostream out(text);
  if (Error error = optimizeAndGenerate(module, machine, options, times, CodeGenFileType::AssemblyFile, out))
    return error;
  return std::string(text.data(), text.size());
}

std::string emitIR(const Module &module) {
  std::string text;
  raw_string_ostream out(text);
  module.print(out, nullptr);
  return text;
}

} // namespace overtime::driver

// SPDX-License-Identifier: Apache-2.0
// A training compiled ahead of time: four programs in one object.
#include "compiler/driver/training/TrainingLibrary.h"

#include "compiler/driver/ObjectEmitter.h"
#include "compiler/driver/Stages.h"
#include "compiler/driver/library/Descriptor.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Linker/Linker.h"

namespace overtime::driver {
namespace {

/// Brings programs into one module.
class Joining {
public:
  Joining(const TargetSpec &target, llvm::TargetMachine &machine) : target(target), all("training", context) {
    all.setTargetTriple(machine.getTargetTriple());
    all.setDataLayout(machine.createDataLayout());
  }

  llvm::Error add(mlir::ModuleOp module, ProgramInfo &info, StopWatch &watch) {
    if (llvm::Error error = runStages(module, info, target, "llvm", &watch))
      return error;
    auto code = translate(module, info, context);
    if (!code)
      return code.takeError();
    (*code)->setTargetTriple(all.getTargetTriple());
    (*code)->setDataLayout(all.getDataLayout());
    if (llvm::Error error = addProgram(**code, info, target, {}))
      return error;
    if (llvm::Linker::linkModules(all, std::move(*code)))
      return llvm::createStringError("the programs of a training cannot be linked");
    return llvm::Error::success();
  }

  llvm::Module &module() { return all; }

private:
  const TargetSpec &target;
  llvm::LLVMContext context;
  llvm::Module all;
};

} // namespace

llvm::Expected<TrainingLibrary>
compileTraining(TrainingSpec spec, const std::string &targetName,
                llvm::function_ref<std::vector<char>(const TrainingInfo &, const TrainingLayout &)> initial) {
  auto target = TargetSpec::get(targetName);
  if (!target)
    return target.takeError();
  auto machine = createTargetMachine(*target);
  if (!machine)
    return machine.takeError();
  TrainingLibrary library{std::move(spec.info), *target, {}, {}};
  TrainingInfo &info = library.info;
  StopWatch watch(library.times);
  auto gradient = differentiateProgram(spec.loss.module, spec.loss.info, spec.by, *target, info.name + "_backward");
  if (!gradient)
    return gradient.takeError();
  watch.lap("differentiate");
  info.evaluate = spec.evaluate.info;
  info.update = spec.update.info;
  info.forward = gradient->forwardInfo;
  info.backward = gradient->backwardInfo;
  info.carried = gradient->carried;
  info.fixed = gradient->fixed;
  info.tape = gradient->tape;
  info.loss = spec.by.loss;
  for (unsigned k = 0; k < info.forward.states.size(); ++k)
    if (!llvm::is_contained(info.fixed, k))
      info.moving.push_back(k);

  Joining joining(*target, **machine);
  std::pair<mlir::ModuleOp, ProgramInfo *> programs[] = {{spec.evaluate.module, &info.evaluate},
                                                         {*gradient->forward, &info.forward},
                                                         {*gradient->backward, &info.backward},
                                                         {spec.update.module, &info.update}};
  for (auto [module, program] : programs)
    if (llvm::Error error = joining.add(module, *program, watch))
      return std::move(error);
  if (llvm::Error error = addTrainer(joining.module(), info, *target, initial(info, layoutOf(info))))
    return std::move(error);
  applyTarget(joining.module(), *target, **machine);
  auto object = emitObject(joining.module(), **machine);
  if (!object)
    return object.takeError();
  watch.lap("llvm");
  library.object = std::move(*object);
  return library;
}

} // namespace overtime::driver

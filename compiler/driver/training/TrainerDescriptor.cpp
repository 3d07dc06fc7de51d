// SPDX-License-Identifier: Apache-2.0
// Writes runtime/trainer.h's structure and the C functions of a training as LLVM IR.
#include "compiler/driver/library/DescriptorWriter.h"
#include "compiler/driver/training/TrainingInfo.h"

#include "runtime/checkpoints.h"
#include "runtime/trainer.h"

#include <cstddef>

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr std::uint64_t trainerOffsets[] = {
    offsetof(overtime_trainer, abi_version),   offsetof(overtime_trainer, instructions),
    offsetof(overtime_trainer, evaluate),      offsetof(overtime_trainer, forward),
    offsetof(overtime_trainer, backward),      offsetof(overtime_trainer, update),
    offsetof(overtime_trainer, arrays),        offsetof(overtime_trainer, n_arrays),
    offsetof(overtime_trainer, initial),       offsetof(overtime_trainer, initial_bytes),
    offsetof(overtime_trainer, states_end),    offsetof(overtime_trainer, adjoint_place),
    offsetof(overtime_trainer, gradients),     offsetof(overtime_trainer, gradients_bytes),
    offsetof(overtime_trainer, kept),          offsetof(overtime_trainer, rows),
    offsetof(overtime_trainer, share),         offsetof(overtime_trainer, workspace),
    offsetof(overtime_trainer, block_bytes),   offsetof(overtime_trainer, moving),
    offsetof(overtime_trainer, n_moving),      offsetof(overtime_trainer, n_carried),
    offsetof(overtime_trainer, n_data),        offsetof(overtime_trainer, tape),
    offsetof(overtime_trainer, loss),          offsetof(overtime_trainer, over),
    offsetof(overtime_trainer, continues),     offsetof(overtime_trainer, remat),
    offsetof(overtime_trainer, remat_argument)};

class TrainerWriter : DescriptorWriter {
public:
  TrainerWriter(Module &module, const TrainingInfo &info, const TargetSpec &target)
      : DescriptorWriter(module, info.name, target), info(info), layout(layoutOf(info)) {}

  Error addTrainer(ArrayRef<char> initial) {
    SmallVector<Constant *> rows;
    auto saved = savedArrays(info, layout);
    for (const auto &[array, place] : saved)
      appendArrays(rows, array, static_cast<std::int64_t>(place));
    Expected<Constant *> arrays = arrayTable(rows);
    if (!arrays)
      return arrays.takeError();
    StringRef bytes(initial.data(), initial.size());
    Constant *image =
        hidden(ConstantDataArray::getString(context, bytes, /*AddNull=*/false), "_initial", OVERTIME_ALIGNMENT);
    auto adjoint = llvm::find(info.carried, info.loss);
    std::uint64_t adjointPlace = adjoint == info.carried.end() ? 0 : layout.backward[adjoint - info.carried.begin()];
    SmallVector<std::int32_t> moving(info.moving.begin(), info.moving.end());
    Constant *trainer = ConstantStruct::getAnon({number(i32, OVERTIME_ABI_VERSION),
                                                 number(i32, target.instructions()),
                                                 part(info.evaluate, layout.forward, "_places"),
                                                 part(info.forward, layout.forward, "_places"),
                                                 part(info.backward, layout.backward, "_places"),
                                                 part(info.update, layout.update, "_places"),
                                                 *arrays,
                                                 number(i64, saved.size()),
                                                 image,
                                                 number(i64, initial.size()),
                                                 number(i64, layout.statesEnd),
                                                 number(i64, adjointPlace),
                                                 number(i64, layout.gradients),
                                                 number(i64, layout.gradientsEnd - layout.gradients),
                                                 number(i64, layout.kept),
                                                 table(ArrayRef(layout.rows), "_rows"),
                                                 number(i64, layout.share),
                                                 number(i64, layout.workspace),
                                                 number(i64, layout.blockBytes),
                                                 table(ArrayRef(moving), "_moving"),
                                                 number(i32, moving.size()),
                                                 number(i32, info.carried.size()),
                                                 number(i32, info.data),
                                                 number(i32, info.tape),
                                                 number(i32, info.loss),
                                                 number(i32, info.over),
                                                 number(i32, info.continues),
                                                 number(i32, info.remat),
                                                 number(i64, info.rematArgument)});
    if (Error error = checkStruct(cast<StructType>(trainer->getType()), trainerOffsets, "overtime_trainer"))
      return error;
    global = new GlobalVariable(module, trainer->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage, trainer,
                                prefix + "_trainer");
    global->setAlignment(Align(8));
    addFunctions();
    return Error::success();
  }

private:
  /// A program and the places of its arrays. Nobody outside needs its symbols.
  Constant *part(const ProgramInfo &program, const std::vector<std::uint64_t> &places, const Twine &name) {
    GlobalVariable *known = module.getNamedGlobal(program.name + "_program");
    known->setLinkage(GlobalValue::InternalLinkage);
    module.getFunction(program.name + "_loop")->setLinkage(GlobalValue::InternalLinkage);
    return ConstantStruct::getAnon({known, table(ArrayRef(places), name)});
  }

  /// Inputs as an array, the target, and what follows.
  void addCall(const Twine &suffix, StringRef callee, unsigned behind) {
    SmallVector<Type *> types = {pointer, i64};
    types.append(info.data + 1 + behind, pointer);
    Function *f = function(suffix, i32, types);
    IRBuilder<> ir(&f->getEntryBlock());
    SmallVector<Value *> arguments = {global, f->getArg(0), f->getArg(1), pointerArray(ir, f, 2, info.data)};
    for (unsigned k = 2 + info.data; k < types.size(); ++k)
      arguments.push_back(f->getArg(k));
    returnCall(ir, callee, i32, arguments);
  }

  void addFunctions() {
    addConstantFunction("_abi_version", i32, OVERTIME_ABI_VERSION);
    addConstantFunction("_state_bytes", i64, layout.blockBytes);
    addForward("_reset", i32, {pointer, i64}, "overtime_trainer_reset", {global});
    addForward("_work_bytes", i64, {i64}, "overtime_trainer_work_bytes", {global});
    addCall("_train_step", "overtime_trainer_step", 2);
    addCall("_loss", "overtime_trainer_loss", 1);
    addForward("_updates", i64, {pointer}, "overtime_trainer_updates", {});
    addForward("_set_threads", i32, {pointer, i32}, "overtime_trainer_set_threads", {global});
    addForward("_error", pointer, {pointer}, "overtime_trainer_error", {});
    addForward("_get", pointer, {pointer, pointer}, "overtime_trainer_array", {global});
    addForward("_save", i32, {pointer, pointer}, "overtime_trainer_save", {global});
    addForward("_load", i32, {pointer, pointer}, "overtime_trainer_load", {global});
  }

  const TrainingInfo &info;
  TrainingLayout layout;
  GlobalVariable *global = nullptr;
};

} // namespace

Error addTrainer(Module &module, const TrainingInfo &info, const TargetSpec &target, ArrayRef<char> initial) {
  return TrainerWriter(module, info, target).addTrainer(initial);
}

} // namespace overtime::driver

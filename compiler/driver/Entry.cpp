// SPDX-License-Identifier: Apache-2.0
// Takes the arguments of a program out of the tables of its caller.
#include "compiler/driver/Entry.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Module.h"
#include "llvm/Transforms/Utils/Local.h"

using namespace llvm;

namespace overtime::driver {
namespace {

constexpr unsigned scalars = 5, range = 2; // steps, i0, k0, t0, seed; first, last

Function *createEntry(Module &module, StringRef name) {
  LLVMContext &context = module.getContext();
  Type *i64 = Type::getInt64Ty(context), *pointer = PointerType::get(context, 0);
  auto *type =
      FunctionType::get(Type::getVoidTy(context),
                        {i64, i64, i64, Type::getDoubleTy(context), i64, pointer, pointer, i64, i64, pointer}, false);
  return Function::Create(type, Function::ExternalLinkage, name + "_loop", module);
}

/// The arguments of a program, or of its form for a team, from those of the entry; returns.
void callProgram(IRBuilder<> &b, Function &entry, Function &program, unsigned buffers, unsigned strides, bool isTeam) {
  SmallVector<Value *> arguments;
  for (unsigned k = 0; k < scalars; ++k)
    arguments.push_back(entry.getArg(k));
  auto take = [&](unsigned table, Type *type, unsigned count) {
    for (unsigned k = 0; k < count; ++k)
      arguments.push_back(b.CreateLoad(type, b.CreateConstInBoundsGEP1_64(type, entry.getArg(table), k)));
  };
  if (program.arg_size() == scalars + buffers + strides + range + isTeam) {
    take(scalars, b.getPtrTy(), buffers);
    take(scalars + 1, b.getInt64Ty(), strides);
  } else { // takes the tables
    arguments.append({entry.getArg(scalars), entry.getArg(scalars + 1)});
  }
  for (unsigned k = 0; k < range; ++k)
    arguments.push_back(entry.getArg(scalars + 2 + k));
  if (isTeam)
    arguments.push_back(b.CreatePtrToInt(entry.getArg(scalars + 2 + range), b.getInt64Ty()));
  b.CreateCall(&program, arguments);
  b.CreateRetVoid();
}

/// Memory references arrive as structures that are filled where the function begins: what is taken out of them is what
/// was put in.
void forwardFields(Function &function) {
  SmallVector<WeakTrackingVH> dead;
  for (Instruction &instruction : instructions(function))
    if (auto *field = dyn_cast<ExtractValueInst>(&instruction))
      if (Value *inserted = FindInsertedValue(field->getAggregateOperand(), field->getIndices())) {
        field->replaceAllUsesWith(inserted);
        dead.push_back(field);
      }
  RecursivelyDeleteTriviallyDeadInstructionsPermissive(dead);
}

/// Every use of an entry of a table reads it again, so that none waits in a register for its turn.
void readWhereUsed(Function &entry) {
  forwardFields(entry);
  SmallVector<LoadInst *> reads;
  for (unsigned table : {scalars, scalars + 1})
    for (User *place : entry.getArg(table)->users())
      for (User *user : place->users())
        if (auto *read = dyn_cast<LoadInst>(user); read && isa<GetElementPtrInst>(place))
          reads.push_back(read);
  for (LoadInst *read : reads)
    for (Use &use : make_early_inc_range(read->uses())) {
      auto *user = cast<Instruction>(use.getUser());
      if (isa<PHINode>(user)) // cannot read
        continue;
      auto *place = cast<Instruction>(read->getPointerOperand())->clone();
      Instruction *again = read->clone();
      place->insertBefore(user->getIterator());
      again->insertBefore(user->getIterator());
      again->setOperand(0, place);
      use.set(again);
    }
}

} // namespace

void addEntry(Function &program, Function *team, StringRef name, unsigned buffers, unsigned strides) {
  unsigned separate = scalars + buffers + strides + range;
  if (program.arg_size() != separate)
    readWhereUsed(program);
  if (team && team->arg_size() != separate + 2)
    readWhereUsed(*team);
  Function *entry = createEntry(*program.getParent(), name);
  LLVMContext &context = entry->getContext();
  IRBuilder<> b(BasicBlock::Create(context, "", entry));
  if (team) {
    BasicBlock *together = BasicBlock::Create(context, "", entry), *alone = BasicBlock::Create(context, "", entry);
    b.CreateCondBr(b.CreateIsNull(entry->getArg(scalars + 2 + range)), alone, together);
    b.SetInsertPoint(together);
    callProgram(b, *entry, *team, buffers + 1, strides, true);
    b.SetInsertPoint(alone);
  }
  callProgram(b, *entry, program, buffers, strides, false);
}

} // namespace overtime::driver

// SPDX-License-Identifier: Apache-2.0
// The part of a step that depends on its input only.
#include "compiler/lower/memory/InputPart.h"

#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/products/ProductChain.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace overtime::ir {

/// Steps whose rows fill a few tiles of a product; 32 or 64 are no faster.
constexpr int64_t stepsTogether = 16;
/// A product of so many terms keeps a single row waiting for each sum: 300 -> 4 takes a quarter of the time.
constexpr int64_t manyTerms = 64;
/// Of all products together. The gates of an LSTM 20 -> 20 would take 3% longer, those of a GRU 9%.
constexpr int64_t fewestWeights = 2048;

/// Calls `read` and `write` with the views of memory by which an operation of a step may touch it.
static void eachEffect(Operation &op, llvm::function_ref<void(Value)> read, llvm::function_ref<void(Value)> write) {
  if (isMemoryEffectFree(&op))
    return;
  auto linalg = dyn_cast<linalg::LinalgOp>(op);
  op.walk([&](Operation *inner) {
    for (Value v : inner->getOperands())
      if (memoryType(v)) {
        read(v);
        if (!linalg || llvm::is_contained(linalg.getDpsInits(), v))
          write(v);
      }
  });
}

InputPart::InputPart(scf::ForOp time) : time(time) {
  for (Operation &op : *time.getBody())
    eachEffect(
        op,
        [&](Value memory) {
          auto [known, fresh] = onlyView.insert({rootOf(memory), memory});
          if (!fresh && known->second != memory)
            known->second = Value();
        },
        [&](Value memory) { changed.insert(rootOf(memory)); });
  // What stays in the step decides what may leave it.
  llvm::DenseSet<Operation *> without;
  do {
    find(without);
    llvm::DenseSet<Operation *> more = aside();
    if (more.empty())
      break;
    without.insert(more.begin(), more.end());
  } while (true);
}

void InputPart::find(const llvm::DenseSet<Operation *> &without) {
  found.clear(), written.clear(), inputs.clear(), readByOthers.clear(), writtenByOthers.clear();
  for (Operation &op : *time.getBody()) {
    auto linalg = dyn_cast<linalg::LinalgOp>(op);
    if (!linalg || without.contains(&op) || !belongs(linalg)) {
      eachEffect(
          op, [&](Value memory) { readByOthers.insert(rootOf(memory)); },
          [&](Value memory) { writtenByOthers.insert(rootOf(memory)); });
      continue;
    }
    found.push_back(linalg);
    for (Value v : op.getOperands())
      if (memoryType(v) && isOwn(v))
        written.insert(v);
      else if (memoryType(v) && isInputRow(v))
        inputs.insert(v);
  }
}

/// Operations found that no product needs: done in their step, they find what they read in the first cache.
llvm::DenseSet<Operation *> InputPart::aside() const {
  llvm::DenseSet<Value> needed;
  llvm::DenseSet<Operation *> rest;
  for (linalg::LinalgOp op : llvm::reverse(found)) {
    bool wanted =
        isa<linalg::MatmulOp>(op) || llvm::any_of(op.getDpsInits(), [&](Value v) { return needed.contains(v); });
    if (wanted)
      needed.insert(op->operand_begin(), op->operand_end());
    else
      rest.insert(op);
  }
  return rest;
}

/// Rows of a step are the first dimension of all that it has for itself, and of nothing else.
static bool worksOnRows(linalg::LinalgOp op, llvm::function_ref<bool(Value)> isFixed) {
  AffineMap result = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  if (result.getNumResults() == 0)
    return false;
  auto lane = dyn_cast<AffineDimExpr>(result.getResult(0));
  if (!lane || op.getIteratorTypesArray()[lane.getPosition()] != utils::IteratorType::parallel)
    return false;
  return llvm::all_of(op->getOpOperands(), [&](OpOperand &operand) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    if (!memoryType(operand.get()) || isFixed(operand.get()))
      return !map.isFunctionOfDim(lane.getPosition());
    return map.getNumResults() > 0 && map.getResult(0) == lane &&
           llvm::none_of(map.getResults().drop_front(),
                         [&](AffineExpr e) { return e.isFunctionOfDim(lane.getPosition()); });
  });
}

bool InputPart::belongs(linalg::LinalgOp op) {
  if (!op.hasPureBufferSemantics() || op.hasIndexSemantics() || op.getNumDpsInits() == 0)
    return false;
  llvm::SetVector<Value> captured;
  getUsedValuesDefinedAbove(op->getRegions(), captured);
  auto isOutside = [&](Value v) { return time.isDefinedOutsideOfLoop(v); };
  if (!llvm::all_of(captured, isOutside))
    return false;
  for (Value v : op.getDpsInputs())
    if (memoryType(v) ? !mayRead(v) : !isOutside(v))
      return false;
  for (OpOperand &init : op.getDpsInitsMutable())
    if (!mayWrite(op, init))
      return false;
  return worksOnRows(op, [&](Value v) { return isFixed(v); });
}

bool InputPart::mayRead(Value memory) {
  if (isOwn(memory))
    return written.contains(memory) && !writtenByOthers.contains(rootOf(memory));
  return isFixed(memory) || isInputRow(memory);
}

/// Its own memory, whose content of the step before does not count.
bool InputPart::mayWrite(linalg::LinalgOp op, OpOperand &init) {
  Value memory = init.get();
  if (!isOwn(memory) || readByOthers.contains(rootOf(memory)) || writtenByOthers.contains(rootOf(memory)))
    return false;
  bool overwrites =
      op->hasAttr(overwriteAttr) || (!isa<linalg::MatmulOp>(op) && !op.payloadUsesValueFromOperand(&init));
  return written.contains(memory) || (overwrites && op.getMatchingIndexingMap(&init).isProjectedPermutation());
}

/// Scratch memory of a step, or a row of an output that nothing else in the step shows.
bool InputPart::isOwn(Value memory) {
  if (memory.getDefiningOp<memref::AllocOp>())
    return llvm::all_of(memory.getUsers(), [&](Operation *user) { return time->isProperAncestor(user); });
  return isRow(memory) && changed.contains(rootOf(memory)) && onlyView.lookup(rootOf(memory)) == memory;
}

/// Whether a value may be computed at another place.
bool InputPart::isMovable(Value v) {
  Operation *op = v.getDefiningOp();
  if (!op || time.isDefinedOutsideOfLoop(v))
    return true;
  return isMemoryEffectFree(op) && llvm::all_of(op->getOperands(), [&](Value operand) { return isMovable(operand); });
}

/// What a step has of an array of the caller.
bool InputPart::isRow(Value memory) {
  return !time.isDefinedOutsideOfLoop(memory) && isa<BlockArgument>(rootOf(memory)) && isMovable(memory) &&
         memoryType(memory).hasStaticShape() && memoryType(memory).getRank() > 0;
}

bool InputPart::isInputRow(Value memory) { return isRow(memory) && !changed.contains(rootOf(memory)); }

bool InputPart::isFixed(Value memory) {
  return time.isDefinedOutsideOfLoop(memory) && !changed.contains(rootOf(memory));
}

/// With several rows, which share what they read of the weights within a step, chunks were measured to be no faster.
int64_t InputPart::chunkSteps() const {
  int64_t weights = 0, terms = 0;
  for (linalg::LinalgOp op : found)
    if (isa<linalg::MatmulOp>(op)) {
      if (memoryType(op.getDpsInits()[0]).getDimSize(0) > 1)
        return 1;
      MemRefType factor = memoryType(op.getDpsInputs()[1]);
      weights += factor.getNumElements();
      terms = std::max(terms, factor.getDimSize(0));
    }
  return weights >= fewestWeights || terms >= manyTerms ? stepsTogether : 1;
}

} // namespace overtime::ir

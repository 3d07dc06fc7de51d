// SPDX-License-Identifier: Apache-2.0
// What operations that a team shares do to memory since its threads last waited for each other.
#include "compiler/lower/gpu/TeamAccesses.h"

#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/OperationSupport.h"

using namespace mlir;

namespace overtime::ir {
namespace {

/// The same elements of the same memory, at the same or at another step.
bool isSameView(Value a, Value b) {
  if (a == b)
    return true;
  Operation *x = a.getDefiningOp(), *y = b.getDefiningOp();
  if (!x || !y || x->getName() != y->getName() || a.getType() != b.getType() || x->getNumOperands() == 0)
    return false;
  if (isa<memref::ReinterpretCastOp>(x)) // rows of a sequence, which are one another's only where they are the same
    return isSameView(x->getOperand(0), y->getOperand(0));
  return isa<memref::SubViewOp, memref::CollapseShapeOp, memref::ExpandShapeOp, memref::CastOp>(x) &&
         isSameView(x->getOperand(0), y->getOperand(0)) &&
         x->getPropertiesAsAttribute() == y->getPropertiesAsAttribute() &&
         llvm::equal(x->getOperands().drop_front(), y->getOperands().drop_front());
}

/// Numbered as the parallel loops of the operation are.
bool isOwn(linalg::LinalgOp op, OpOperand &operand) {
  return op.getNumReductionLoops() == 0 && op.getMatchingIndexingMap(&operand).isIdentity();
}

} // namespace

TeamAccesses TeamAccesses::of(Operation *op) {
  TeamAccesses found;
  for (OpOperand &operand : op->getOpOperands()) {
    if (!memoryType(operand.get()))
      continue;
    TeamAccess access{rootOf(operand.get()), operand.get(), /*writes=*/true};
    if (auto linalg = dyn_cast<linalg::LinalgOp>(op)) {
      access.writes = linalg.isDpsInit(&operand);
      access.own = isOwn(linalg, operand);
      // A reduction writes its elements as the parallel loops have them.
      if (access.writes && !access.own)
        access.own =
            linalg.getMatchingIndexingMap(&operand).isProjectedPermutation() &&
            linalg.getMatchingIndexingMap(&operand).getNumResults() == linalg.getNumParallelLoops() &&
            llvm::is_sorted(llvm::map_range(linalg.getMatchingIndexingMap(&operand).getResults(),
                                            [](AffineExpr e) { return cast<AffineDimExpr>(e).getPosition(); }));
    } else {
      access.writes = !isa<memref::LoadOp>(op);
    }
    found.all.push_back(access);
  }
  return found;
}

bool TeamAccesses::meets(const TeamAccesses &other) const {
  for (const TeamAccess &a : all)
    for (const TeamAccess &b : other.all)
      if (a.root == b.root && (a.writes || b.writes) && !(a.own && b.own && isSameView(a.view, b.view)))
        return true;
  return false;
}

} // namespace overtime::ir

// SPDX-License-Identifier: Apache-2.0
// select-extrema: the larger or smaller of a value and a constant becomes one comparison.
#include "compiler/lower/Passes.h"
#include "compiler/transforms/StepValues.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cmath>

namespace overtime::ir {
#define GEN_PASS_DEF_SELECTEXTREMA
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// Where x is NaN no comparison holds, so that x is the result. Equal numbers differ in the sign of a zero at most:
/// then the constant is taken if it is the zero that wins.
void select(Operation *op, bool larger) {
  for (unsigned k : {1u, 0u}) {
    std::optional<double> c = constantOf(op->getOperand(k));
    if (!c || std::isnan(*c))
      continue;
    bool wins = *c == 0 && std::signbit(*c) != larger;
    auto predicate = larger ? (wins ? arith::CmpFPredicate::OLE : arith::CmpFPredicate::OLT)
                            : (wins ? arith::CmpFPredicate::OGE : arith::CmpFPredicate::OGT);
    OpBuilder b(op);
    Value x = op->getOperand(1 - k), bound = op->getOperand(k);
    Value beyond = arith::CmpFOp::create(b, op->getLoc(), predicate, x, bound);
    op->getResult(0).replaceAllUsesWith(arith::SelectOp::create(b, op->getLoc(), beyond, bound, x).getResult());
    return op->erase();
  }
}

struct SelectExtremaPass : overtime::ir::impl::SelectExtremaBase<SelectExtremaPass> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      select(op, isa<arith::MaximumFOp>(op));
  }
};

} // namespace

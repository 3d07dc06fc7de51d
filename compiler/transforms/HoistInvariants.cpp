// SPDX-License-Identifier: Apache-2.0
// hoist-invariants: what no step changes is computed once, before the loop.
#include "compiler/transforms/Passes.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_HOISTINVARIANTS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

bool isInvariant(Operation &op, Region &body) {
  if (!isPure(&op) || op.hasTrait<OpTrait::IsTerminator>())
    return false;
  bool inside = false;
  op.walk([&](Operation *nested) {
    for (Value v : nested->getOperands())
      inside |= body.isAncestor(v.getParentRegion()) && !op.isAncestor(v.getParentBlock()->getParentOp());
  });
  return !inside;
}

struct HoistInvariantsPass : overtime::ir::impl::HoistInvariantsBase<HoistInvariantsPass> {
  void runOnOperation() override {
    getOperation().walk([](LoopOverTimeOp loop) {
      for (Operation &op : llvm::make_early_inc_range(loop.step().without_terminator()))
        if (isInvariant(op, loop.getBody()))
          op.moveBefore(loop);
    });
  }
};

} // namespace

// SPDX-License-Identifier: Apache-2.0
// forget-gradients: what says how to differentiate becomes its number, once gradients have been taken.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_FORGETGRADIENTS
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

void expand(SpikeOp spike) {
  OpBuilder b(spike);
  Location loc = spike.getLoc();
  Value one = realConstant(b, loc, spike.getType(), 1.0), zero = realConstant(b, loc, spike.getType(), 0.0);
  Value fired = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, spike.getX(), zero);
  spike.replaceAllUsesWith(arith::SelectOp::create(b, loc, fired, one, zero).getResult());
  spike.erase();
}

struct ForgetGradientsPass : overtime::ir::impl::ForgetGradientsBase<ForgetGradientsPass> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto spike = dyn_cast<SpikeOp>(op)) {
        expand(spike);
      } else if (auto value = dyn_cast<WithGradientOfOp>(op)) {
        value.replaceAllUsesWith(value.getValue());
        value.erase();
      }
    });
  }
};

} // namespace

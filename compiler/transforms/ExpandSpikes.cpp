// SPDX-License-Identifier: Apache-2.0
// expand-spikes: dyn.spike becomes a comparison, once gradients have taken its slope.
#include "compiler/transforms/Passes.h"
#include "compiler/transforms/StepValues.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::ir {
#define GEN_PASS_DEF_EXPANDSPIKES
#include "compiler/transforms/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

struct ExpandSpikesPass : overtime::ir::impl::ExpandSpikesBase<ExpandSpikesPass> {
  void runOnOperation() override {
    getOperation().walk([](SpikeOp spike) {
      OpBuilder b(spike);
      Location loc = spike.getLoc();
      Value one = realConstant(b, loc, spike.getType(), 1.0), zero = realConstant(b, loc, spike.getType(), 0.0);
      Value fired = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGE, spike.getX(), zero);
      spike.replaceAllUsesWith(arith::SelectOp::create(b, loc, fired, one, zero).getResult());
      spike.erase();
    });
  }
};

} // namespace

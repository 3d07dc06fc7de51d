// SPDX-License-Identifier: Apache-2.0
// verify-stage: which operations a program may hold after a stage, in every build.
#include "compiler/lower/Passes.h"
#include "compiler/lower/Pipelines.h"
#include "dialect/Dyn.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace overtime::ir {
#define GEN_PASS_DEF_VERIFYSTAGE
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

/// What may remain: dialects, less some of their operations, and whether values may be tensors.
struct Rule {
  StringRef stage;
  SmallVector<StringRef> dialects, except;
  bool tensors;
};

const Rule *ruleOf(StringRef stage) {
  // The functions that approximate-math writes out.
  static const SmallVector<StringRef> lowered = {"math.exp",  "math.expm1", "math.sinh", "math.cosh",
                                                 "math.tanh", "math.log",   "math.log1p"};
  static const Rule rules[] = {
      {"trace", {"arith", "builtin", "dyn", "func", "linalg", "math", "tensor"}, {}, true},
      {"dynamics", {"arith", "builtin", "dyn", "func", "linalg", "math", "tensor"}, {"dyn.integrate"}, true},
      {"optimize",
       {"arith", "builtin", "dyn", "func", "linalg", "math", "tensor"},
       {"dyn.integrate", "dyn.spike", "dyn.with_gradient_of"},
       true},
      {"bufferize",
       {"arith", "builtin", "dyn", "func", "linalg", "math", "memref", "scf", "vector"},
       {"dyn.integrate", "dyn.loop_over_time", "dyn.spike", "dyn.with_gradient_of", "dyn.yield"},
       false},
      {"cpu", {"affine", "arith", "builtin", "func", "llvm", "math", "memref", "scf", "ub", "vector"}, lowered, false},
      {"gpu",
       {"affine", "arith", "builtin", "func", "llvm", "math", "memref", "nvvm", "scf", "ub", "vector"},
       lowered,
       false},
      {"llvm", {"builtin", "llvm", "nvvm"}, {"builtin.unrealized_conversion_cast"}, false},
  };
  const Rule *rule = llvm::find_if(rules, [&](const Rule &r) { return r.stage == stage; });
  return rule == std::end(rules) ? nullptr : rule;
}

LogicalResult verify(Operation *op, const Rule &rule) {
  if (!llvm::is_contained(rule.dialects, op->getName().getDialectNamespace()) ||
      llvm::is_contained(rule.except, op->getName().getStringRef()))
    return op->emitError("'") << op->getName() << "' must not remain after the stage '" << rule.stage << "'";
  auto isTensor = [](Type type) { return isa<TensorType>(type); };
  if (isa<RandomOp>(op) && rule.stage != "trace" && isTensor(op->getResult(0).getType()))
    return op->emitError("'") << op->getName() << "' of a tensor must not remain after the stage '" << rule.stage
                              << "'";
  if (!rule.tensors && (llvm::any_of(op->getResultTypes(), isTensor) || llvm::any_of(op->getOperandTypes(), isTensor)))
    return op->emitError("'") << op->getName() << "' works on tensors, which must not remain after the stage '"
                              << rule.stage << "'";
  return success();
}

struct VerifyStagePass : overtime::ir::impl::VerifyStageBase<VerifyStagePass> {
  using VerifyStageBase::VerifyStageBase;

  void runOnOperation() override {
    const Rule *rule = ruleOf(stage);
    if (!rule) {
      getOperation().emitError("there is no stage '")
          << stage << "'; the stages are: " << llvm::join(stageNames(/*gpu=*/false), ", ") << ", and gpu for cpu";
      return signalPassFailure();
    }
    WalkResult walk = getOperation()->walk<WalkOrder::PreOrder>(
        [&](Operation *op) { return failed(verify(op, *rule)) ? WalkResult::interrupt() : WalkResult::advance(); });
    if (walk.wasInterrupted())
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};

} // namespace

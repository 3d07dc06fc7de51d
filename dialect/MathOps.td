// SPDX-License-Identifier: Apache-2.0
// Elementwise functions that the math dialect lacks.
#ifndef OVERTIME_DIALECT_MATHOPS_TD
#define OVERTIME_DIALECT_MATHOPS_TD

include "dialect/Dialect.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dyn_ExprelOp : Dyn_Op<"exprel", [Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable, Tensorizable]> {
  let summary = "(exp(x) - 1) / x, exactly 1 at 0";
  let description = [{
    The relative exponential. It removes the 0/0 of rate equations such as Hodgkin and Huxley's
    `0.1 (V + 40) / (1 - exp(-(V + 40) / 10)) = 1 / exprel(-(V + 40) / 10)`, and is the factor of the exponential
    Euler method.

    `near_zero` says that most arguments are: code may take a shorter way where |x| <= 1/2. The result is the same within
    rounding.

    Constraints:

    - (C1) Operand and result have one type: f32 or f64, or a static tensor or a vector of them.

    Example:

    ```mlir
    %y = dyn.exprel %x : tensor<4xf32>
    %z = dyn.exprel %x near_zero : tensor<4xf32>
    ```
  }];
  let arguments = (ins Dyn_RealLike:$x, UnitAttr:$near_zero);
  let results = (outs Dyn_RealLike:$result);
  let assemblyFormat = "$x (`near_zero` $near_zero^)? attr-dict `:` type($result)";
  let hasFolder = 1;
}

def Dyn_SpikeOp : Dyn_Op<"spike", [Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable, Tensorizable]> {
  let summary = "1 where x >= 0, else 0, with a derivative of the user's choice";
  let description = [{
    The step function of spiking networks. Its derivative is 0 almost everywhere, so `differentiate` takes `slope` for
    it: a surrogate gradient. `slope` itself has no derivative, and where no gradient is asked for it is not computed.

    Constraints:

    - (C1) Operands and result have one type: f32 or f64, or a static tensor or a vector of them.

    Example:

    ```mlir
    %s = dyn.spike %x slope %d : tensor<4xf32>
    ```
  }];
  let arguments = (ins Dyn_RealLike:$x, Dyn_RealLike:$slope);
  let results = (outs Dyn_RealLike:$result);
  let assemblyFormat = "$x `slope` $slope attr-dict `:` type($result)";
}

def Dyn_WithGradientOfOp : Dyn_Op<"with_gradient_of", [Pure, SameOperandsAndResultType, Elementwise, Scalarizable, Vectorizable, Tensorizable]> {
  let summary = "The numbers of one value with the derivatives of another";
  let description = [{
    The result is `value`. To `differentiate` and `forward-differentiate` it is `other`: derivatives pass to `other` and
    not to `value`. A constant in its place stops them; `x` in place of what `round(x)` has lets them through. Where no
    derivative is asked for, `other` is not computed. The slope that the `exp_euler` method takes of an equation is that
    of `value`, so that the operation changes no number of a run.

    Constraints:

    - (C1) Operands and result have one type: f32 or f64, or a static tensor or a vector of them.

    Example:

    ```mlir
    %y = dyn.with_gradient_of %rounded, %x : tensor<4xf32>
    ```
  }];
  let arguments = (ins Dyn_RealLike:$value, Dyn_RealLike:$other);
  let results = (outs Dyn_RealLike:$result);
  let assemblyFormat = "$value `,` $other attr-dict `:` type($result)";
}

#endif

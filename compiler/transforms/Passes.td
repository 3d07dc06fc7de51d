// SPDX-License-Identifier: Apache-2.0
// Passes from the dialect to the dialect.
#ifndef OVERTIME_TRANSFORMS_PASSES_TD
#define OVERTIME_TRANSFORMS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandIntegrators : Pass<"expand-integrators", "::mlir::func::FuncOp"> {
  let summary = "Replaces dyn.integrate by the arithmetic of its method";
  let description = [{
    Explicit Runge-Kutta methods evaluate the equations once a stage (tables in `dialect/RungeKutta.h`). Exponential
    Euler differentiates every equation with respect to its own state and becomes `y + dt * exprel(dt * l) * f`; an
    equation whose slope is zero becomes plain Euler. An equation that mixes elements of its own state (through a
    product or a reduction) has no elementwise slope and is an error.

    Before and after (`tests/transforms/expand_exp_euler.mlir`):

    ```mlir
    %v1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v : tensor<4xf32>) {
    ^bb0(%s: f32, %y: tensor<4xf32>):
      %dy = arith.negf %y : tensor<4xf32>
      dyn.yield %dy : tensor<4xf32>
    } -> tensor<4xf32>
    ```

    ```mlir
    %f = arith.negf %v : tensor<4xf32>
    %dt = arith.constant dense<1.000000e-01> : tensor<4xf32>
    %slope = arith.constant dense<-1.000000e+00> : tensor<4xf32>
    %x = arith.mulf %dt, %slope : tensor<4xf32>
    %phi = dyn.exprel %x : tensor<4xf32>
    %gain = arith.mulf %dt, %phi : tensor<4xf32>
    %step = arith.mulf %gain, %f : tensor<4xf32>
    %v1 = arith.addf %v, %step : tensor<4xf32>
    ```

    With fast numerics (`dyn.numerics`), an equation whose slope no step changes is split into `slope y + rest`, so that
    a step costs a multiply-add where the rest is fixed too; `tests/transforms/expand_linear_fast.mlir`.

    The explicit methods are shown by `tests/transforms/expand_runge_kutta.mlir`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def ExpandRandom : Pass<"expand-random", "::mlir::func::FuncOp"> {
  let summary = "A draw of an array becomes a draw for each element";
  let description = [{
    A `linalg.generic` without inputs, in which each element knows its number in the array: later passes cut, move and
    fuse it as any other, and the numbers stay what they are. `lower-random` writes the arithmetic.

    ```mlir
    %u = dyn.random "uniform" %seed, %step stream 5 : tensor<2x3xf32>
    ```

    ```mlir
    %u = linalg.generic ... outs(%empty : tensor<2x3xf32>) {
    ^bb0(%out: f32):
      %i = linalg.index 0 : index
      %j = linalg.index 1 : index
      %e = dyn.random "uniform" %seed, %step stream 5 at (%i, %j) of [2, 3] : f32
      linalg.yield %e : f32
    } -> tensor<2x3xf32>
    ```

    Tested by `tests/transforms/expand_random.mlir`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def Differentiate : Pass<"differentiate", "::mlir::ModuleOp"> {
  let summary = "Writes the adjoint of a program behind it";
  let description = [{
    Reverse mode through the loop over time: the last value of one state, the loss, is differentiated by params, by the
    first values of states and by every row of inputs. The program stacks a tape; `@NAME_backward` is a program of its
    own whose loop is `reverse`, carries the adjoints and adds up the gradients, and is optimised and lowered like any
    other. Nothing is computed for what does not change the loss or does not change with what is differentiated by.

    On the tape are the results that are expensive (products, reductions, elementary functions) and what cannot be
    computed from the tape, the inputs and the params by cheap operations. Rules are in `Adjoint.cpp` and
    `Derivatives.cpp`; an operation without a rule on the way to the loss is an error.

    Since both are programs over any number of steps that may be continued, keeping less of the tape is a schedule of
    calls: the states are kept every so often and stretches run again.

    Tested by `tests/transforms/differentiate.mlir`.
  }];
  let options = [
    Option<"loss", "loss", "unsigned", /*default=*/"0", "Number of the state that is the loss">,
    ListOption<"params", "params", "unsigned", "Numbers of the params to differentiate by">,
    ListOption<"inputs", "inputs", "unsigned", "Numbers of the inputs to differentiate by">,
    ListOption<"states", "states", "unsigned", "Numbers of the states to differentiate by">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ForwardDifferentiate : Pass<"forward-differentiate", "::mlir::ModuleOp"> {
  let summary = "Adds the directional derivatives of its results to a program";
  let description = [{
    Forward mode through the loop over time: params, first values of states and rows of inputs move along a direction,
    and the program also computes how its last states and its outputs move (a Jacobian-vector product). Tangents are
    further states, params, inputs and outputs of the same program, behind the others of their kind, and go through the
    later stages with them. Nothing is computed for what does not move.

    Rules are in `Tangent.cpp` and `Derivatives.cpp`; an operation without a rule is an error.

    Tested by `tests/transforms/forward_differentiate.mlir`.
  }];
  let options = [
    ListOption<"params", "params", "unsigned", "Numbers of the params that move">,
    ListOption<"inputs", "inputs", "unsigned", "Numbers of the inputs that move">,
    ListOption<"states", "states", "unsigned", "Numbers of the states whose first values move">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ForgetGradients : Pass<"forget-gradients", "::mlir::func::FuncOp"> {
  let summary = "Replaces operations that say what a derivative is by their numbers";
  let description = [{
    After differentiation `dyn.spike %x slope %d` is `select(%x >= 0, 1, 0)`, and `dyn.with_gradient_of %a, %b` is `%a`.
    What computed the slope, and `%b`, is left to canonicalization. Tested by `tests/transforms/forget_gradients.mlir`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def HoistInvariants : Pass<"hoist-invariants", "::mlir::func::FuncOp"> {
  let summary = "Moves what no step changes out of the loop over time";
  let description = [{
    A pure operation of a `dyn.loop_over_time` whose operands come from outside the loop is computed once: parameter
    expressions, exponentials of constants, reciprocals of time constants. What may trap, such as an integer division,
    stays. Tested by `tests/transforms/hoist_invariants.mlir` and `tests/transforms/hoist_keeps_traps.mlir`.
  }];
}

def ScalarizeUniform : Pass<"scalarize-uniform", "::mlir::func::FuncOp"> {
  let summary = "Computes uniform tensors as scalars";
  let description = [{
    An elementwise operation whose operands are all splats is computed once on the scalars and splat afterwards, so that
    an expression of scalar parameters costs one scalar operation whatever the population size. Tested by
    `tests/transforms/scalarize_uniform.mlir`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}

def ReciprocalDivision : Pass<"reciprocal-division", "::mlir::func::FuncOp"> {
  let summary = "In equations, divides by what no step changes through its reciprocal";
  let description = [{
    Inside a `dyn.integrate`, `x / c` with a divisor from outside the loop becomes `x * (1 / c)`: one division before
    the loop in place of one an element and step. The result may differ from the division by one unit in the last place,
    far below the error of any integrator, and is the same under every schedule. A constant whose reciprocal is no normal
    number (0, below about 2^-128 or above 2^126 in f32) stays a divisor. Of a parameter that is divided by, the same is
    checked when a run begins, where 0 and infinity give what a division gives; an expression of parameters must not
    come to such a number. Elsewhere a division stays one: `floor(i / 49.0)` counts on it. Tested by `tests/transforms/reciprocal_division.mlir`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def SplitProducts : Pass<"split-products", "::mlir::func::FuncOp"> {
  let summary = "A product read in parts that join other products is computed in parts";
  let description = [{
    `x W + b`, read only as slices of columns without overlap, each of which is added to another product, becomes a
    product and a row for each slice; what is sliced is `W` and `b`, before the loop where they are known. The gates of a
    GRU so accumulate on top of their share of the input's product. Where slices do something else, such as the gates of
    an LSTM, the product stays whole. Tested by `tests/transforms/split_products.mlir`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def AccumulateProducts : Pass<"accumulate-products", "::mlir::func::FuncOp"> {
  let summary = "A sum of matrix products and a bias becomes one accumulation";
  let description = [{
    `x W + h U + b` starts from the bias and accumulates both products in turn, so that neither is stored by itself.
    Products that do not read carried states come first. One product that is added to a carried value, as to a weight's
    gradient, accumulates on that. Sums are then taken in another order than the model writes
    them, the same under every schedule. Tested by `tests/transforms/accumulate_products.mlir`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def MarkEvents : Pass<"mark-events", "::mlir::func::FuncOp"> {
  let summary = "Marks products whose left factor may be mostly zeros";
  let description = [{
    A product of a row of the data, of spikes, or of a state that holds spikes, or of one of them transposed, gets the
    attribute `dyn.events`: lower-matmul then looks at the numbers, and where they are mostly zeros multiplies only what
    is not. A zero contributes nothing then, also where a weight is infinite or not a number. Tested by
    `tests/transforms/mark_events.mlir`.
  }];
}

def FuseElementwise : Pass<"fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Gathers elementwise tensor operations into few linalg.generic";
  let description = [{
    Elementwise operations of one shape become one `linalg.generic` with as many results as are needed outside;
    splats, constants and broadcasts become scalar operands and indexing maps. An operation goes into the last group
    that its users allow, so that little is stored between groups. Rates and states of a neuron so become one loop.
    A group of more than 128 operations falls into the parts that share no operation and read no state together: many
    populations of one size are as many loops, which `share-kernels` finds alike. Tested by
    `tests/transforms/fuse_elementwise.mlir` and `fuse_splits_large_groups.mlir`.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::tensor::TensorDialect"];
}

def MergeExponentials : Pass<"merge-exponentials", "::mlir::func::FuncOp"> {
  let summary = "With fast numerics, exponentials of multiples of one argument share one";
  let description = [{
    In a program function with `dyn.numerics = "fast"`, `exp(a x + b)` and `exprel(a x + b)` with constants a and b
    inside one `linalg.generic` are powers of one exponential where the factors a are whole multiples, up to 16, of the
    smallest. A power k has k times the relative error of the exponential. exprel becomes `(e - 1) / z`, and within
    0.03 of zero, where the difference has cancelled, its series. Tested by `tests/transforms/merge_exponentials.mlir`.

    ```mlir
    %a = math.exp %x : f32                   // before
    %y = arith.mulf %x, %two : f32
    %b = math.exp %y : f32

    %a = math.exp %x : f32                   // after
    %b = arith.mulf %a, %a : f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

#endif

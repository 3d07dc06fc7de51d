// SPDX-License-Identifier: Apache-2.0
// Operations about time: the loop, its terminator, and differential equations.
#ifndef OVERTIME_DIALECT_TIMEOPS_TD
#define OVERTIME_DIALECT_TIMEOPS_TD

include "dialect/Dialect.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dyn_LoopOverTimeOp : Dyn_Op<"loop_over_time",
    [SingleBlockImplicitTerminator<"::overtime::ir::YieldOp">, RecursiveMemoryEffects, AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Runs one step over many steps, carrying state";
  let description = [{
    Runs its region `steps` times. In step `k` (from 0) the block arguments are

    - the step index `i = i0 + k` (i64),
    - the time `t = t0 + (k0 + k) * dt`, computed in f64 and rounded to the real type of the loop,
    - the carried values: `inits` in step 0, then what the previous step yielded,
    - slice `k` of every scanned tensor.

    The region yields the next carried values, then the values to stack. The results are the carried values after the
    last step (the `inits` when `steps` is 0), then every stacked value with a leading time axis.

    `k0` counts the steps since `t0`, so that a run in chunks meets the same bits as a whole run.

    With `reverse` the steps are run from the last to the first: each with its own index, time and slices, and its row
    of what is stacked. This is how adjoints run.

    Constraints:

    - (C1) The block has `2 + n + m` arguments for `n` inits and `m` scanned tensors; the first is i64, the second is
      f32 or f64.
    - (C2) Carried block argument, init and result `j` have one type.
    - (C3) Scanned tensor `j` has a dynamic first dimension, and block argument `2 + n + j` is its slice: the tensor
      without that dimension, or its element type when nothing remains.
    - (C4) The region yields at least the `n` carried values, with the types of the inits.
    - (C5) A stacked value is f32, f64, i64 or i1, or a static tensor of them of rank 1 or more; its result has a
      dynamic leading dimension in front of its shape.
    - (C6) `dt` is positive and finite.
    - (C7) `remat` is one of "none", "step", "sqrt", "every=STEPS" or "budget=BYTES".

    Example:

    ```mlir
    %v, %vs = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
        carry (%v0 : tensor<4xf32>) scan (%x : tensor<?x4xf32>) {
    ^bb0(%i: i64, %t: f32, %v: tensor<4xf32>, %xi: tensor<4xf32>):
      %next = arith.addf %v, %xi : tensor<4xf32>
      dyn.yield %next, %next : tensor<4xf32>, tensor<4xf32>
    } -> tensor<4xf32>, tensor<?x4xf32>
    ```
  }];
  let arguments = (ins Index:$steps, I64:$i0, I64:$k0, F64:$t0, Variadic<Dyn_StepValue>:$inits,
                       Variadic<Dyn_Sequence>:$scanned, F64Attr:$dt, DefaultValuedAttr<StrAttr, "\"none\"">:$remat,
                       UnitAttr:$reverse);
  let results = (outs Variadic<AnyType>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $steps `from` ` ` `(` $i0 `,` $k0 `,` $t0 `)` `step` $dt
    (`carry` ` ` `(` $inits^ `:` type($inits) `)`)? (`scan` ` ` `(` $scanned^ `:` type($scanned) `)`)?
    $body attr-dict (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let hasCanonicalizer = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &step() { return getBody().front(); }
    ::mlir::BlockArgument index() { return step().getArgument(0); }
    ::mlir::BlockArgument time() { return step().getArgument(1); }
    ::mlir::Block::BlockArgListType carried() { return step().getArguments().slice(2, getInits().size()); }
    ::mlir::Block::BlockArgListType slices() { return step().getArguments().drop_front(2 + getInits().size()); }
    ::mlir::OperandRange nextCarried();
    ::mlir::OperandRange stacked();
  }];
}

def Dyn_YieldOp : Dyn_Op<"yield", [Pure, Terminator, ParentOneOf<["LoopOverTimeOp", "IntegrateOp"]>]> {
  let summary = "Ends a step or a system of equations";
  let description = [{
    In `dyn.loop_over_time`: the next carried values, then the values to stack. In `dyn.integrate`: the derivative of
    every state, then the diffusions.

    Constraints:

    - (C1) Its parent is `dyn.loop_over_time` or `dyn.integrate`; the number and types of its operands are constrained
      by the parent.

    Example:

    ```mlir
    dyn.yield %next, %spike : tensor<4xf32>, tensor<4xi1>
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ (void)$_state; }]>]; // what an implicit terminator is made with
}

def Dyn_IntegrateOp : Dyn_Op<"integrate",
    [SingleBlock, RecursiveMemoryEffects, RecursivelySpeculatable, AttrSizedOperandSegments,
     DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Advances differential equations by one step with a named method";
  let description = [{
    The region maps a time and a value of every state to their derivatives. The op evaluates it as `method` says and
    returns the states one step `dt` later. All states are staged together from their values at the start of the step;
    values captured from outside (inputs, parameters) are held constant during the step.

    `exp_euler` linearises every equation in its own state: with `f` the derivative and `l` its elementwise slope,
    `y + dt * exprel(dt * l) * f`. The other methods are explicit Runge-Kutta tables, listed in
    `dialect/RungeKutta.h`.

    With `noise` the equations are stochastic, `dy = f dt + g dW`: for each state that `noise` names there is an array of
    standard normal numbers, and behind the derivatives the region yields a diffusion `g`. With `dW` the numbers times
    sqrt(dt) and `m` the slope of `g` in its own state:

    - `euler` (= `euler_maruyama`): `y + dt f + g dW`, of Ito's equation.
    - `milstein`: `y + dt f + g dW + g m (dW^2 - dt) / 2`, of Ito's equation.
    - `heun`: the mean of `f` and `g` here and at `y + dt f + g dW`, of Stratonovich's equation.
    - `exp_euler`: `y + dt exprel(dt l) f + g sqrt(dt exprel(2 dt l)) xi` with the numbers `xi`, of Ito's equation; exact
      in distribution where the drift is linear and the diffusion constant.

    Constraints:

    - (C1) The block has `1 + n` arguments for `n` states: the time, with the type of `time`, then every state with its
      type.
    - (C2) The region yields `n` values with the types of the states, then a value with the type of its state for each
      noise.
    - (C3) Results have the types of the states; there is at least one state and each is real.
    - (C4) `method` is a known method.
    - (C5) `dt` is positive and finite.
    - (C6) The terminator is `dyn.yield`.
    - (C7) `noisy` has the numbers of the states with noise in ascending order, and each noise the type of its state.
    - (C8) With noise, `method` is euler, euler_maruyama, milstein, heun, heun2 or exp_euler or another name of that.

    Example:

    ```mlir
    %v1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v : tensor<4xf32>) {
    ^bb0(%s: f32, %y: tensor<4xf32>):
      %dy = arith.negf %y : tensor<4xf32>
      dyn.yield %dy : tensor<4xf32>
    } -> tensor<4xf32>
    %v2 = dyn.integrate "milstein" at %t : f32 step 1.0e-01 (%v : tensor<4xf32>) noise [0] (%xi : tensor<4xf32>) {
    ^bb0(%s: f32, %y: tensor<4xf32>):
      %dy = arith.negf %y : tensor<4xf32>
      dyn.yield %dy, %y : tensor<4xf32>, tensor<4xf32>
    } -> tensor<4xf32>
    ```
  }];
  let arguments = (ins StrAttr:$method, Dyn_Real:$time, F64Attr:$dt, Variadic<Dyn_RealLike>:$states,
                       Variadic<Dyn_RealLike>:$noise, OptionalAttr<DenseI64ArrayAttr>:$noisy);
  let results = (outs Variadic<Dyn_RealLike>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $method `at` $time `:` type($time) `step` $dt `(` $states `:` type($states) `)`
    (`noise` $noisy ` ` `(` $noise^ `:` type($noise) `)`)? $body attr-dict `->` type($results)
  }];
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    /// Which of the noises state `k` has.
    std::optional<size_t> noiseOf(size_t k);
  }];
}

#endif

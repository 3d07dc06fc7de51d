// SPDX-License-Identifier: Apache-2.0
// Stochastic equations are written out: what each method adds to the drift of dy = -y dt + y / 2 dW.
// RUN: overtime-opt %s --expand-integrators | FileCheck %s

// y + 0.25 f + g (0.5 xi)
// CHECK-LABEL: func.func @euler(
// CHECK-SAME: %{{.*}}: f64, %[[Y:.*]]: f64, %[[XI:.*]]: f64)
// CHECK: %[[F:.*]] = arith.negf %[[Y]]
// CHECK: %[[G:.*]] = arith.mulf %[[Y]],
// CHECK: %[[DRIFT:.*]] = arith.addf %[[Y]], %{{.*}}
// CHECK: %[[DW:.*]] = arith.mulf %cst{{.*}}, %[[XI]]
// CHECK: %[[NOISE:.*]] = arith.mulf %[[G]], %[[DW]]
// CHECK: %[[NEXT:.*]] = arith.addf %[[DRIFT]], %[[NOISE]]
// CHECK-NEXT: return %[[NEXT]]
func.func @euler(%t: f64, %y: f64, %xi: f64) -> f64 {
  %n = dyn.integrate "euler_maruyama" at %t : f64 step 0.25 (%y : f64) noise [0] (%xi : f64) {
  ^bb0(%s: f64, %x: f64):
    %half = arith.constant 0.5 : f64
    %f = arith.negf %x : f64
    %g = arith.mulf %x, %half : f64
    dyn.yield %f, %g : f64, f64
  } -> f64
  return %n : f64
}

// The slope of g is 1/2; xi^2 - 1 counts dt / 2 times g g'.
// CHECK-LABEL: func.func @milstein(
// CHECK: %[[SQUARE:.*]] = arith.mulf %arg2, %arg2
// CHECK: arith.subf %[[SQUARE]],
// CHECK: arith.mulf
// CHECK: %[[TERM:.*]] = arith.mulf
// CHECK: %[[NEXT:.*]] = arith.addf %{{.*}}, %{{.*}}
// CHECK-NEXT: return %[[NEXT]]
func.func @milstein(%t: f64, %y: f64, %xi: f64) -> f64 {
  %n = dyn.integrate "milstein" at %t : f64 step 0.25 (%y : f64) noise [0] (%xi : f64) {
  ^bb0(%s: f64, %x: f64):
    %half = arith.constant 0.5 : f64
    %f = arith.negf %x : f64
    %g = arith.mulf %x, %half : f64
    dyn.yield %f, %g : f64, f64
  } -> f64
  return %n : f64
}

// Two evaluations, and the means of both.
// CHECK-LABEL: func.func @heun(
// CHECK-COUNT-2: arith.negf
// CHECK-NOT: arith.negf
// CHECK: return
func.func @heun(%t: f64, %y: f64, %xi: f64) -> f64 {
  %n = dyn.integrate "heun" at %t : f64 step 0.25 (%y : f64) noise [0] (%xi : f64) {
  ^bb0(%s: f64, %x: f64):
    %half = arith.constant 0.5 : f64
    %f = arith.negf %x : f64
    %g = arith.mulf %x, %half : f64
    dyn.yield %f, %g : f64, f64
  } -> f64
  return %n : f64
}

// exprel(dt l) for the drift, the root of dt exprel(2 dt l) for the noise.
// CHECK-LABEL: func.func @exponential(
// CHECK: dyn.exprel
// CHECK: dyn.exprel
// CHECK: %[[ROOT:.*]] = math.sqrt
// CHECK: arith.mulf %[[ROOT]], %arg2
func.func @exponential(%t: f64, %y: f64, %xi: f64) -> f64 {
  %n = dyn.integrate "exp_euler" at %t : f64 step 0.25 (%y : f64) noise [0] (%xi : f64) {
  ^bb0(%s: f64, %x: f64):
    %half = arith.constant 0.5 : f64
    %f = arith.negf %x : f64
    dyn.yield %f, %half : f64, f64
  } -> f64
  return %n : f64
}

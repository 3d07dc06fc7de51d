// SPDX-License-Identifier: Apache-2.0
// Exponential Euler: every equation is linearised in its own state, and in no other.
// RUN: overtime-opt %s --split-input-file --expand-integrators --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @decay(
// CHECK-SAME: %[[T:.*]]: f32, %[[V:.*]]: tensor<4xf32>)
func.func @decay(%t: f32, %v: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: %[[F:.*]] = arith.negf %[[V]] : tensor<4xf32>
  // CHECK: %[[SLOPE:.*]] = arith.constant dense<-1.000000e+00>
  // CHECK: %[[DT:.*]] = arith.constant dense<1.000000e-01>
  // CHECK: %[[X:.*]] = arith.mulf %{{.*}}, %[[SLOPE]]
  // CHECK: %[[PHI:.*]] = dyn.exprel %[[X]] near_zero
  // CHECK: %[[GAIN:.*]] = arith.mulf %[[DT]], %[[PHI]]
  // CHECK: %[[STEP:.*]] = arith.mulf %[[GAIN]], %[[F]]
  // CHECK: %[[NEXT:.*]] = arith.addf %[[V]], %[[STEP]]
  // CHECK-NEXT: return %[[NEXT]]
  %v1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v : tensor<4xf32>) {
  ^bb0(%s: f32, %y: tensor<4xf32>):
    %dy = arith.negf %y : tensor<4xf32>
    dyn.yield %dy : tensor<4xf32>
  } -> tensor<4xf32>
  return %v1 : tensor<4xf32>
}

// x' = x y has the slope y in x; y' = s has none and becomes plain Euler. Both read the old states.
// CHECK-LABEL: func.func @coupled(
// CHECK-SAME: %[[T:.*]]: f32, %[[A:.*]]: f32, %[[B:.*]]: f32)
func.func @coupled(%t: f32, %a: f32, %b: f32) -> (f32, f32) {
  // CHECK: %[[F:.*]] = arith.mulf %[[A]], %[[B]] : f32
  // CHECK: %[[X:.*]] = arith.mulf %{{.*}}, %[[B]] : f32
  // CHECK: dyn.exprel %[[X]]
  // CHECK: %[[A1:.*]] = arith.addf %[[A]], %{{.*}}
  // CHECK-NOT: dyn.exprel
  // CHECK: %[[STEP:.*]] = arith.mulf %{{.*}}, %[[T]] : f32
  // CHECK: %[[B1:.*]] = arith.addf %[[B]], %[[STEP]]
  // CHECK-NEXT: return %[[A1]], %[[B1]]
  %a1, %b1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%a, %b : f32, f32) {
  ^bb0(%s: f32, %x: f32, %y: f32):
    %dx = arith.mulf %x, %y : f32
    dyn.yield %dx, %s : f32, f32
  } -> f32, f32
  return %a1, %b1 : f32, f32
}

// y' mixes the elements of x, which is another state: only its own slope is wanted, and that is -1.
// CHECK-LABEL: func.func @mixes_another_state(
// CHECK-SAME: %[[T:.*]]: f32, %[[A:[a-z0-9]+]]: tensor<2x2xf32>, %[[B:[a-z0-9]+]]: tensor<2x2xf32>,
func.func @mixes_another_state(%t: f32, %a: tensor<2x2xf32>, %b: tensor<2x2xf32>, %w: tensor<2x2xf32>)
    -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  // CHECK: %[[I:.*]] = linalg.matmul ins(%[[A]]
  // CHECK: %[[DY:.*]] = arith.subf %[[I]], %[[B]]
  // CHECK-COUNT-2: dyn.exprel
  %a1, %b1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%a, %b : tensor<2x2xf32>, tensor<2x2xf32>) {
  ^bb0(%s: f32, %x: tensor<2x2xf32>, %y: tensor<2x2xf32>):
    %dx = arith.negf %x : tensor<2x2xf32>
    %i = linalg.matmul ins(%x, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%w : tensor<2x2xf32>) -> tensor<2x2xf32>
    %dy = arith.subf %i, %y : tensor<2x2xf32>
    dyn.yield %dx, %dy : tensor<2x2xf32>, tensor<2x2xf32>
  } -> tensor<2x2xf32>, tensor<2x2xf32>
  return %a1, %b1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

func.func @mixes_elements(%t: f32, %v: tensor<2x2xf32>, %w: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %v1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v : tensor<2x2xf32>) {
  ^bb0(%s: f32, %y: tensor<2x2xf32>):
    // expected-error @+1 {{has no elementwise slope, which exp_euler needs of every equation in its own state}}
    %dy = linalg.matmul ins(%y, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%w : tensor<2x2xf32>) -> tensor<2x2xf32>
    dyn.yield %dy : tensor<2x2xf32>
  } -> tensor<2x2xf32>
  return %v1 : tensor<2x2xf32>
}

// -----

// A decay whose rate no step changes: v + expm1(dt slope) v. A constant factor of the derivative goes into the gain, and
// a rate that is an exponential may be large.
// CHECK-LABEL: func.func @fixed_decay(
// CHECK: dyn.loop_over_time
// CHECK: %[[M:.*]] = math.expm1 %{{.*}} : f32
// CHECK: %[[CHANGE:.*]] = arith.mulf %[[V:.*]], %[[M]] : f32
// CHECK: arith.addf %[[V]], %[[CHANGE]] : f32
// CHECK: %[[GAIN:.*]] = arith.constant 5.000000e-03 : f32
// CHECK: %[[PHI:.*]] = dyn.exprel %{{[^ ]*}} : f32
// CHECK: %[[G:.*]] = arith.mulf %[[GAIN]], %[[PHI]] : f32
// CHECK: arith.mulf %[[G]], %{{.*}} : f32
func.func @fixed_decay(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32, %w0: f32, %rate: f32) -> (f32, f32) {
  %a, %b = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0, %w0 : f32, f32) {
  ^bb0(%i: i64, %t: f32, %v: f32, %w: f32):
    %v1, %w1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v, %w : f32, f32) {
    ^bb0(%s: f32, %x: f32, %y: f32):
      %n = arith.negf %x : f32
      %dx = arith.mulf %n, %rate : f32
      %e = math.exp %x : f32
      %p = arith.mulf %e, %y : f32
      %d = arith.subf %x, %p : f32
      %c = arith.constant 0.05 : f32
      %dy = arith.mulf %d, %c : f32
      dyn.yield %dx, %dy : f32, f32
    } -> f32, f32
    dyn.yield %v1, %w1 : f32, f32
  } -> f32, f32
  return %a, %b : f32, f32
}

// SPDX-License-Identifier: Apache-2.0
// Explicit methods evaluate the equations once a stage, at the stage's time and states.
// RUN: overtime-opt %s --expand-integrators | FileCheck %s

// CHECK-LABEL: func.func @midpoint(
// CHECK-SAME: %[[T:.*]]: f32, %[[V:.*]]: f32)
func.func @midpoint(%t: f32, %v: f32) -> f32 {
  // CHECK: %[[K1:.*]] = arith.mulf %[[T]], %[[V]]
  // CHECK: %[[T2:.*]] = arith.addf %[[T]], %{{.*}}
  // CHECK: %[[HALF:.*]] = arith.constant 5.000000e-02
  // CHECK: %[[D:.*]] = arith.mulf %[[HALF]], %[[K1]]
  // CHECK: %[[V2:.*]] = arith.addf %[[V]], %[[D]]
  // CHECK: %[[K2:.*]] = arith.mulf %[[T2]], %[[V2]]
  // CHECK: %[[DT:.*]] = arith.constant 1.000000e-01
  // CHECK: %[[STEP:.*]] = arith.mulf %[[DT]], %[[K2]]
  // CHECK: %[[V1:.*]] = arith.addf %[[V]], %[[STEP]]
  // CHECK-NEXT: return %[[V1]]
  %v1 = dyn.integrate "midpoint" at %t : f32 step 1.0e-01 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    %dy = arith.mulf %s, %y : f32
    dyn.yield %dy : f32
  } -> f32
  return %v1 : f32
}

// Each equation yields the other's state: neither sees a new value.
// CHECK-LABEL: func.func @exchange(
// CHECK-SAME: %[[T:.*]]: f32, %[[A:.*]]: f32, %[[B:.*]]: f32)
func.func @exchange(%t: f32, %a: f32, %b: f32) -> (f32, f32) {
  // CHECK: %[[DA:.*]] = arith.mulf %{{.*}}, %[[B]]
  // CHECK: %[[A1:.*]] = arith.addf %[[A]], %[[DA]]
  // CHECK: %[[DB:.*]] = arith.mulf %{{.*}}, %[[A]]
  // CHECK: %[[B1:.*]] = arith.addf %[[B]], %[[DB]]
  // CHECK-NEXT: return %[[A1]], %[[B1]]
  %a1, %b1 = dyn.integrate "euler" at %t : f32 step 1.0e-01 (%a, %b : f32, f32) {
  ^bb0(%s: f32, %x: f32, %y: f32):
    dyn.yield %y, %x : f32, f32
  } -> f32, f32
  return %a1, %b1 : f32, f32
}

// Four stages, four evaluations; the weights 1/6 and 1/3 are multiplied with the step.
// CHECK-LABEL: func.func @rk4(
// CHECK-COUNT-4: math.exp
// CHECK-NOT: math.exp
// CHECK: arith.constant 0.0166666675
// CHECK: arith.constant 0.0333333351
func.func @rk4(%t: f32, %v: f32) -> f32 {
  %v1 = dyn.integrate "rk4" at %t : f32 step 1.0e-01 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    %dy = math.exp %y : f32
    dyn.yield %dy : f32
  } -> f32
  return %v1 : f32
}

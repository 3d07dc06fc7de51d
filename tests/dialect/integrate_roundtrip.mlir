// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s | overtime-opt | FileCheck %s
// RUN: overtime-opt %s --mlir-print-op-generic | overtime-opt | FileCheck %s

// CHECK-LABEL: func.func @one_state
func.func @one_state(%t: f32, %v: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: dyn.integrate "exp_euler" at %{{.*}} : f32 step 1.000000e-01(%{{.*}} : tensor<4xf32>) {
  // CHECK-NEXT: ^bb0(%t: f32, %{{.*}}: tensor<4xf32>):
  // CHECK: dyn.yield %{{.*}} : tensor<4xf32>
  // CHECK-NEXT: } -> tensor<4xf32>
  %next = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v : tensor<4xf32>) {
  ^bb0(%s: f32, %y: tensor<4xf32>):
    %dy = arith.negf %y : tensor<4xf32>
    dyn.yield %dy : tensor<4xf32>
  } -> tensor<4xf32>
  return %next : tensor<4xf32>
}

// A scalar beside a vector (what a tile of a population is), in f64, with a Runge-Kutta method.
// CHECK-LABEL: func.func @two_states
func.func @two_states(%t: f64, %v: f64, %w: vector<8xf64>) -> (f64, vector<8xf64>) {
  // CHECK: dyn.integrate "rk4" at %{{.*}} : f64 step 5.000000e-01(%{{.*}}, %{{.*}} : f64, vector<8xf64>) {
  // CHECK: } -> f64, vector<8xf64>
  %next:2 = dyn.integrate "rk4" at %t : f64 step 5.0e-01 (%v, %w : f64, vector<8xf64>) {
  ^bb0(%s: f64, %y: f64, %z: vector<8xf64>):
    dyn.yield %s, %z : f64, vector<8xf64>
  } -> f64, vector<8xf64>
  return %next#0, %next#1 : f64, vector<8xf64>
}

// CHECK-LABEL: func.func @method_names
func.func @method_names(%t: f32, %v: f32) -> f32 {
  // CHECK: "heun"
  %a = dyn.integrate "heun" at %t : f32 step 0.1 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y : f32
  } -> f32
  // CHECK: "exp_auto"
  %b = dyn.integrate "exp_auto" at %t : f32 step 0.1 (%a : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y : f32
  } -> f32
  return %b : f32
}

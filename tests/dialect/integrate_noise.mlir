// SPDX-License-Identifier: Apache-2.0
// Stochastic equations: noise for some of the states.
// RUN: overtime-opt %s | overtime-opt | FileCheck %s

// CHECK-LABEL: func.func @second_state
func.func @second_state(%t: f32, %u: tensor<4xf32>, %v: f32, %xi: f32) -> (tensor<4xf32>, f32) {
  // CHECK: dyn.integrate "milstein" at %{{.*}} : f32 step 1.000000e-01(%{{.*}}, %{{.*}} : tensor<4xf32>, f32) noise [1] (%arg3 : f32) {
  // CHECK: dyn.yield %{{.*}}, %{{.*}}, %{{.*}} : tensor<4xf32>, f32, f32
  %n:2 = dyn.integrate "milstein" at %t : f32 step 0.1 (%u, %v : tensor<4xf32>, f32) noise [1] (%xi : f32) {
  ^bb0(%s: f32, %x: tensor<4xf32>, %y: f32):
    dyn.yield %x, %y, %y : tensor<4xf32>, f32, f32
  } -> tensor<4xf32>, f32
  return %n#0, %n#1 : tensor<4xf32>, f32
}

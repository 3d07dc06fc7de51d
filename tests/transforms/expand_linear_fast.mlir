// SPDX-License-Identifier: Apache-2.0
// With fast numerics, tau dV/dt = -V + E is a multiply-add a step: all else is computed before the loop.
// RUN: overtime-opt %s --expand-integrators --canonicalize --cse --hoist-invariants | FileCheck %s

// CHECK-LABEL: func.func @leak(
// CHECK: dyn.exprel
// CHECK: dyn.loop_over_time
// CHECK-NEXT: ^bb0(%{{.*}}: i64, %{{.*}}: f32, %[[V:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[DECAY:.*]] = arith.mulf %[[V]], %{{.*}}
// CHECK-NEXT: %[[CHANGE:.*]] = arith.addf %[[DECAY]], %{{.*}}
// CHECK-NEXT: %[[NEXT:.*]] = arith.addf %[[V]], %[[CHANGE]]
// CHECK-NEXT: dyn.yield %[[NEXT]]
func.func @leak(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %e: tensor<4xf32>, %rate: tensor<4xf32>)
    -> tensor<4xf32> attributes {dyn.numerics = "fast"} {
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %next = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%vk : tensor<4xf32>) {
    ^bb0(%stage: f32, %v: tensor<4xf32>):
      %a = arith.negf %v : tensor<4xf32>
      %b = arith.addf %a, %e : tensor<4xf32>
      %c = arith.mulf %b, %rate : tensor<4xf32>
      dyn.yield %c : tensor<4xf32>
    } -> tensor<4xf32>
    dyn.yield %next : tensor<4xf32>
  } -> tensor<4xf32>
  return %last : tensor<4xf32>
}

// A slope that changes from step to step: the step as it is written.
// CHECK-LABEL: func.func @quadratic(
// CHECK: dyn.loop_over_time
// CHECK: dyn.exprel
func.func @quadratic(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>) -> tensor<4xf32>
    attributes {dyn.numerics = "fast"} {
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %next = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%vk : tensor<4xf32>) {
    ^bb0(%stage: f32, %v: tensor<4xf32>):
      %a = arith.mulf %v, %v : tensor<4xf32>
      dyn.yield %a : tensor<4xf32>
    } -> tensor<4xf32>
    dyn.yield %next : tensor<4xf32>
  } -> tensor<4xf32>
  return %last : tensor<4xf32>
}

// SPDX-License-Identifier: Apache-2.0
// What reads neither the clock, nor a carried state, nor an input moves ahead of the loop; nothing else does.
// RUN: overtime-opt %s --hoist-invariants | FileCheck %s

// CHECK-LABEL: func.func @parameters(
// CHECK-SAME: %[[TAU:[a-z0-9]*]]: f32)
// CHECK: %[[E:.*]] = math.exp %[[TAU]] : f32
// CHECK: %[[S:.*]] = tensor.splat %[[E]]
// CHECK: %[[U:.*]] = dyn.random "uniform" %arg1, %arg2 stream 1
// CHECK: %[[SUM:.*]] = arith.addf %[[S]], %[[U]]
// CHECK: dyn.loop_over_time
// CHECK-NEXT: ^bb0
// CHECK-NEXT: %[[NEXT:.*]] = arith.addf %{{.*}}, %[[SUM]]
// CHECK-NEXT: dyn.yield %[[NEXT]]
func.func @parameters(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %tau: f32) -> tensor<4xf32> {
  %v = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %e = math.exp %tau : f32
    %s = tensor.splat %e : tensor<4xf32>
    %u = dyn.random "uniform" %i0, %k0 stream 1 : tensor<4xf32>
    %sum = arith.addf %s, %u : tensor<4xf32>
    %next = arith.addf %vk, %sum : tensor<4xf32>
    dyn.yield %next : tensor<4xf32>
  } -> tensor<4xf32>
  return %v : tensor<4xf32>
}

// CHECK-LABEL: func.func @changing(
// CHECK-NEXT: dyn.loop_over_time
// CHECK-NEXT: ^bb0(%[[I:.*]]: i64, %[[T:.*]]: f32, %[[V:.*]]: tensor<4xf32>, %[[X:.*]]: tensor<4xf32>):
// CHECK-NEXT: %[[U:.*]] = dyn.random "uniform" %{{.*}}, %[[I]]
// CHECK-NEXT: %[[E:.*]] = math.exp %[[T]]
// CHECK-NEXT: tensor.splat %[[E]]
// CHECK-NEXT: math.exp %[[V]]
// CHECK-NEXT: math.exp %[[X]]
func.func @changing(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %x: tensor<?x4xf32>)
    -> (tensor<4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %v:4 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%v0 : tensor<4xf32>) scan (%x : tensor<?x4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>, %xk: tensor<4xf32>):
    %u = dyn.random "uniform" %i0, %i stream 1 : tensor<4xf32>
    %e = math.exp %t : f32
    %s = tensor.splat %e : tensor<4xf32>
    %a = math.exp %vk : tensor<4xf32>
    %b = math.exp %xk : tensor<4xf32>
    dyn.yield %a, %u, %s, %b : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
  return %v#0, %v#1, %v#2, %v#3 : tensor<4xf32>, tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

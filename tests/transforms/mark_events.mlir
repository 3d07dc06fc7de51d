// SPDX-License-Identifier: Apache-2.0
// Products of data, of spikes and of states that hold spikes may find many zeros on their left; others are not marked.
// RUN: overtime-opt %s --mark-events | FileCheck %s

// CHECK-LABEL: func.func @spiking(
// CHECK: linalg.matmul {dyn.events} ins(%[[X:.*]], %{{.*}} : tensor<4x3xf32>
// CHECK: linalg.matmul {dyn.events} ins(%[[S:.*]], %{{.*}} : tensor<4x4xf32>
// CHECK: linalg.matmul ins(%[[V:.*]], %{{.*}} : tensor<4x4xf32>
// CHECK: linalg.matmul {dyn.events} ins(%[[F:.*]], %{{.*}} : tensor<4x4xf32>
// CHECK: linalg.matmul {dyn.events} ins(%[[T:.*]], %{{.*}} : tensor<3x4xf32>
func.func @spiking(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4x4xf32>, %s0: tensor<4x4xf32>,
                   %wi: tensor<3x4xf32>, %w: tensor<4x4xf32>, %x: tensor<?x4x3xf32>) -> tensor<?x3x4xf32> {
  %zero = arith.constant 0.0 : f32
  %zeros = arith.constant dense<0.0> : tensor<4x4xf32>
  %ones = arith.constant dense<1.0> : tensor<4x4xf32>
  %e = tensor.empty() : tensor<4x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x4xf32>) -> tensor<4x4xf32>
  %e2 = tensor.empty() : tensor<3x4xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<3x4xf32>) -> tensor<3x4xf32>
  %r:3 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%v0, %s0 : tensor<4x4xf32>, tensor<4x4xf32>) scan (%x : tensor<?x4x3xf32>) {
  ^bb0(%i: i64, %t: f32, %v: tensor<4x4xf32>, %s: tensor<4x4xf32>, %xk: tensor<4x3xf32>):
    %a = linalg.matmul ins(%xk, %wi : tensor<4x3xf32>, tensor<3x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    %b = linalg.matmul ins(%s, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%a : tensor<4x4xf32>) -> tensor<4x4xf32>
    %c = linalg.matmul ins(%v, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%b : tensor<4x4xf32>) -> tensor<4x4xf32>
    %above = arith.cmpf oge, %c, %zeros : tensor<4x4xf32>
    %fired = arith.select %above, %ones, %zeros : tensor<4x4xi1>, tensor<4x4xf32>
    %d = linalg.matmul ins(%fired, %w : tensor<4x4xf32>, tensor<4x4xf32>) outs(%z : tensor<4x4xf32>) -> tensor<4x4xf32>
    %xt0 = tensor.empty() : tensor<3x4xf32>
    %xt = linalg.transpose ins(%xk : tensor<4x3xf32>) outs(%xt0 : tensor<3x4xf32>) permutation = [1, 0]
    %g = linalg.matmul ins(%xt, %d : tensor<3x4xf32>, tensor<4x4xf32>) outs(%z2 : tensor<3x4xf32>) -> tensor<3x4xf32>
    dyn.yield %d, %fired, %g : tensor<4x4xf32>, tensor<4x4xf32>, tensor<3x4xf32>
  } -> tensor<4x4xf32>, tensor<4x4xf32>, tensor<?x3x4xf32>
  return %r#2 : tensor<?x3x4xf32>
}

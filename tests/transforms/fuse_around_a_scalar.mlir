// SPDX-License-Identifier: Apache-2.0
// A scalar read from a tensor splits its elementwise operations: what needs the scalar comes after it.
// RUN: overtime-opt %s --fuse-elementwise | FileCheck %s

// CHECK-LABEL: func.func @relative(
// CHECK: %[[E:.*]] = linalg.generic
// CHECK: math.exp
// CHECK: %[[FIRST:.*]] = tensor.extract %[[E]]
// CHECK: %[[NEGATIVE:.*]] = arith.cmpf olt, %[[FIRST]]
// CHECK: linalg.generic
// CHECK-SAME: ins(%[[NEGATIVE]], %[[E]], %arg1, %[[FIRST]] : i1, tensor<4xf32>, tensor<4xf32>, f32)
// CHECK: arith.select
// CHECK: arith.subf
// CHECK-NOT: linalg.generic
func.func @relative(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %e = math.exp %x : tensor<4xf32>
  %first = tensor.extract %e[%c0] : tensor<4xf32>
  %negative = arith.cmpf olt, %first, %zero : f32
  %chosen = arith.select %negative, %e, %y : tensor<4xf32>
  %s = tensor.splat %first : tensor<4xf32>
  %r = arith.subf %chosen, %s : tensor<4xf32>
  return %r : tensor<4xf32>
}

// A state that is yielded as it came belongs to no group, and a splat that is yielded is a group of its own.
// CHECK-LABEL: func.func @reset(
// CHECK: ^bb0(%{{.*}}: i64, %[[T:.*]]: f32, %[[V:.*]]: tensor<4xf32>):
// CHECK: %[[S:.*]] = linalg.generic
// CHECK-SAME: ins(%[[T]] : f32)
// CHECK: dyn.yield %[[S]], %[[V]]
func.func @reset(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>) -> (tensor<4xf32>, tensor<?x4xf32>) {
  %v:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %s = tensor.splat %t : tensor<4xf32>
    dyn.yield %s, %vk : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>
  return %v#0, %v#1 : tensor<4xf32>, tensor<?x4xf32>
}

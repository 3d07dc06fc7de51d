// SPDX-License-Identifier: Apache-2.0
// A delay of one step: the old value is stacked before the input of the step takes its place.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// CHECK-LABEL: func.func @delay(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[X:[a-z0-9]*]]: memref<4xf32> {llvm.noalias},
// CHECK-SAME: %[[Y:[a-z0-9]*]]: memref<4xf32> {llvm.noalias},
// CHECK-DAG: %[[XK:.*]] = memref.reinterpret_cast %[[X]]
// CHECK-DAG: %[[YK:.*]] = memref.reinterpret_cast %[[Y]]
// CHECK: linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[YK]] :
// CHECK: linalg.generic {{.*}} ins(%[[XK]] : {{.*}}) outs(%[[A]] :
func.func @delay(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"},
    %x: tensor<?x4xf32> {dyn.kind = "input"}) -> (tensor<4xf32>, tensor<?x4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%a0 : tensor<4xf32>) scan (%x : tensor<?x4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>, %xk: tensor<4xf32>):
    dyn.yield %xk, %a : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<?x4xf32>
}

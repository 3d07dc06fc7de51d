// SPDX-License-Identifier: Apache-2.0
// An old value that is still needed is not overwritten: the next one is copied at the end of the step.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// Two states that change places go through memory of their own, both before either is written.
// CHECK-LABEL: func.func @swap(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[B:[a-z0-9]*]]: memref<4xf32> {llvm.noalias},
// CHECK-DAG: %[[KB:.*]] = memref.alloc
// CHECK-DAG: %[[KA:.*]] = memref.alloc
// CHECK: linalg.generic {{.*}} ins(%[[B]] : {{.*}}) outs(%[[KA]] :
// CHECK: linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[KB]] :
// CHECK: linalg.generic {{.*}} ins(%[[KA]] : {{.*}}) outs(%[[A]] :
// CHECK: linalg.generic {{.*}} ins(%[[KB]] : {{.*}}) outs(%[[B]] :
func.func @swap(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"},
    %b0: tensor<4xf32> {dyn.kind = "state"}) -> (tensor<4xf32>, tensor<4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0, %b0 : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>, %b: tensor<4xf32>):
    dyn.yield %b, %a : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// b takes a's old value: a's next value waits, though nothing else reads a.
// CHECK-LABEL: func.func @trail(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[B:[a-z0-9]*]]: memref<4xf32> {llvm.noalias},
// CHECK: linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[N:.*]] : memref
// CHECK: math.exp
// CHECK: linalg.generic {{.*}} ins(%[[A]] : {{.*}}) outs(%[[OLD:.*]] : memref
// CHECK: linalg.generic {{.*}} ins(%[[N]] : {{.*}}) outs(%[[A]] :
// CHECK: linalg.generic {{.*}} ins(%[[OLD]] : {{.*}}) outs(%[[B]] :
func.func @trail(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"},
    %b0: tensor<4xf32> {dyn.kind = "state"}) -> (tensor<4xf32>, tensor<4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0, %b0 : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>, %b: tensor<4xf32>):
    %n = math.exp %a : tensor<4xf32>
    dyn.yield %n, %a : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

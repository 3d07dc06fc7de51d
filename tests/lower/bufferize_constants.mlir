// SPDX-License-Identifier: Apache-2.0
// Constants made in a step reach the places that want them; a slice may begin where the step says.
// RUN: overtime-opt %s --bufferize-step | FileCheck %s

// A constant is the next state and an output.
// CHECK-LABEL: func.func @constant(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[Y:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}
// CHECK: %[[ROW:.*]] = memref.reinterpret_cast %[[Y]]
// CHECK: %[[C:.*]] = memref.get_global @constant.constant.0 : memref<4xf32>
// CHECK-DAG: linalg.generic {{.*}} ins(%[[C]] : {{.*}}) outs(%[[ROW]] :
// CHECK-DAG: linalg.generic {{.*}} ins(%[[C]] : {{.*}}) outs(%[[A]] :
func.func @constant(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"})
    -> (tensor<4xf32>, tensor<?x4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>):
    %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
    dyn.yield %c, %c : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<?x4xf32>
}

// The offset of a slice is a scalar of the step.
// CHECK-LABEL: func.func @moving(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<8xf32> {llvm.noalias}, %[[Y:[a-z0-9]*]]: memref<2xf32> {llvm.noalias}
// CHECK: memref.reinterpret_cast %[[Y]]
// CHECK: %[[I:.*]] = arith.index_cast %{{.*}} : i64 to index
// CHECK: memref.subview %[[A]][%[[I]]] [2] [1]
func.func @moving(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<8xf32> {dyn.kind = "state"})
    -> (tensor<8xf32>, tensor<?x2xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<8xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<8xf32>):
    %at = arith.index_cast %i : i64 to index
    %s = tensor.extract_slice %a[%at] [2] [1] : tensor<8xf32> to tensor<2xf32>
    dyn.yield %a, %s : tensor<8xf32>, tensor<2xf32>
  } -> tensor<8xf32>, tensor<?x2xf32>
  return %r#0, %r#1 : tensor<8xf32>, tensor<?x2xf32>
}

// Booleans are bytes, in a transposition too.
// CHECK-LABEL: func.func @flags(
// CHECK: linalg.transpose ins(%{{.*}} : memref<2x3xi8>) outs(%{{.*}} : memref<3x2xi8
func.func @flags(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<2x3xi1> {dyn.kind = "state"})
    -> (tensor<2x3xi1>, tensor<?x3x2xi1>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<2x3xi1>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<2x3xi1>):
    %e = tensor.empty() : tensor<3x2xi1>
    %s = linalg.transpose ins(%a : tensor<2x3xi1>) outs(%e : tensor<3x2xi1>) permutation = [1, 0]
    dyn.yield %a, %s : tensor<2x3xi1>, tensor<3x2xi1>
  } -> tensor<2x3xi1>, tensor<?x3x2xi1>
  return %r#0, %r#1 : tensor<2x3xi1>, tensor<?x3x2xi1>
}

// SPDX-License-Identifier: Apache-2.0
// A product may not write over the state that it reads, nor over one that is read after it.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// The sum overwrites h: it comes after the product, and reads of h the element that it replaces. Zeros are not stored.
// CHECK-LABEL: func.func @then_sum(
// CHECK-SAME: %[[H:[a-z0-9]*]]: memref<2x2xf32> {llvm.noalias}, %[[W:[a-z0-9]*]]: memref<2x2xf32>
// CHECK: %[[P:.*]] = memref.alloc
// CHECK-NOT: linalg.fill
// CHECK: linalg.matmul {dyn.overwrite} ins(%[[H]], %[[W]] : {{.*}}) outs(%[[P]] :
// CHECK: linalg.generic {{.*}} ins(%[[P]], %[[H]] : {{.*}}) outs(%[[H]] :
// CHECK: } {dyn.time_loop}
func.func @then_sum(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %h0: tensor<2x2xf32> {dyn.kind = "state"}, %w: tensor<2x2xf32> {dyn.kind = "param"})
    -> tensor<2x2xf32> attributes {dyn.program} {
  %zero = arith.constant 0.0 : f32
  %to = tensor.empty() : tensor<2x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%to : tensor<2x2xf32>) -> tensor<2x2xf32>
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%h0 : tensor<2x2xf32>) {
  ^bb0(%i: i64, %t: f32, %h: tensor<2x2xf32>):
    %p = linalg.matmul ins(%h, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
    %n = arith.addf %p, %h : tensor<2x2xf32>
    dyn.yield %n : tensor<2x2xf32>
  } -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}

// The product is the next state, and the sum of both is stacked.
// CHECK-LABEL: func.func @product_itself(
// CHECK-SAME: %[[H:[a-z0-9]*]]: memref<2x2xf32> {llvm.noalias}, %[[W:[a-z0-9]*]]: memref<2x2xf32>
// CHECK: %[[P:.*]] = memref.alloc
// CHECK: linalg.matmul {dyn.overwrite} ins(%[[H]], %[[W]] : {{.*}}) outs(%[[P]] :
// CHECK: linalg.generic {{.*}} ins(%[[P]], %[[H]] :
// CHECK: linalg.generic {{.*}} ins(%[[P]] : {{.*}}) outs(%[[H]] :
// CHECK: } {dyn.time_loop}
func.func @product_itself(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %h0: tensor<2x2xf32> {dyn.kind = "state"}, %w: tensor<2x2xf32> {dyn.kind = "param"})
    -> (tensor<2x2xf32>, tensor<?x2x2xf32>) attributes {dyn.program} {
  %zero = arith.constant 0.0 : f32
  %to = tensor.empty() : tensor<2x2xf32>
  %z = linalg.fill ins(%zero : f32) outs(%to : tensor<2x2xf32>) -> tensor<2x2xf32>
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%h0 : tensor<2x2xf32>) {
  ^bb0(%i: i64, %t: f32, %h: tensor<2x2xf32>):
    %p = linalg.matmul ins(%h, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
    %n = arith.addf %p, %h : tensor<2x2xf32>
    dyn.yield %p, %n : tensor<2x2xf32>, tensor<2x2xf32>
  } -> tensor<2x2xf32>, tensor<?x2x2xf32>
  return %r#0, %r#1 : tensor<2x2xf32>, tensor<?x2x2xf32>
}

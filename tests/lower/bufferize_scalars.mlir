// SPDX-License-Identifier: Apache-2.0
// Scalar states live in registers over the loop, where they may swap; booleans are bytes in memory.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// A loop of no steps stores what it loaded.
// CHECK-LABEL: func.func @scalars(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<f32> {llvm.noalias}, %[[B:[a-z0-9]*]]: memref<f32>
// CHECK-SAME: %[[C:[a-z0-9]*]]: memref<i8>
// CHECK: %[[A0:.*]] = memref.load %[[A]][]
// CHECK: %[[B0:.*]] = memref.load %[[B]][]
// CHECK: %[[BYTE:.*]] = memref.load %[[C]][]
// CHECK: %[[C0:.*]] = arith.cmpi ne, %[[BYTE]]
// CHECK: %[[R:.*]]:3 = scf.for {{.*}} iter_args(%[[AK:.*]] = %[[A0]], %[[BK:.*]] = %[[B0]], %[[CK:.*]] = %[[C0]])
// CHECK: scf.yield %[[BK]], %[[AK]], %[[CK]] :
// CHECK: memref.store %[[R]]#0, %[[A]][]
// CHECK: memref.store %[[R]]#1, %[[B]][]
// CHECK: %[[LAST:.*]] = arith.extui %[[R]]#2 : i1 to i8
// CHECK: memref.store %[[LAST]], %[[C]][]
func.func @scalars(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: f32 {dyn.kind = "state"},
    %b0: f32 {dyn.kind = "state"}, %c0: i1 {dyn.kind = "state"}) -> (f32, f32, i1) attributes {dyn.program} {
  %r:3 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0, %b0, %c0 : f32, f32, i1) {
  ^bb0(%i: i64, %t: f32, %a: f32, %b: f32, %c: i1):
    dyn.yield %b, %a, %c : f32, f32, i1
  } -> f32, f32, i1
  return %r#0, %r#1, %r#2 : f32, f32, i1
}

// CHECK-LABEL: func.func @spikes(
// CHECK-SAME: %[[V:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[S:[a-z0-9]*]]: memref<4xi8> {llvm.noalias},
// CHECK: linalg.generic {{.*}} ins(%[[V]], %[[S]] : memref<4xf32>, memref<4xi8>) outs(%[[S]] : memref<4xi8>)
// CHECK-DAG: %[[OLD:.*]] = arith.cmpi ne, %{{.*}} : i8
// CHECK-DAG: %[[ABOVE:.*]] = arith.cmpf
// CHECK: %[[NEW:.*]] = arith.xori %[[OLD]], %[[ABOVE]] : i1
// CHECK: arith.extui %[[NEW]] : i1 to i8
func.func @spikes(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %v0: tensor<4xf32> {dyn.kind = "state"},
    %s0: tensor<4xi1> {dyn.kind = "state"}) -> (tensor<4xf32>, tensor<4xi1>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0, %s0 : tensor<4xf32>, tensor<4xi1>) {
  ^bb0(%i: i64, %t: f32, %v: tensor<4xf32>, %s: tensor<4xi1>):
    %zero = arith.constant dense<0.0> : tensor<4xf32>
    %above = arith.cmpf oge, %v, %zero : tensor<4xf32>
    %new = arith.xori %s, %above : tensor<4xi1>
    dyn.yield %v, %new : tensor<4xf32>, tensor<4xi1>
  } -> tensor<4xf32>, tensor<4xi1>
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xi1>
}

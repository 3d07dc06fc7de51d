// SPDX-License-Identifier: Apache-2.0
// A carried state is written where it was read, and to its output, by the operation that makes it: no memory, no copy.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// CHECK-LABEL: func.func @one_state(
// CHECK-SAME: %[[STEPS:.*]]: index, {{.*}} %[[V:.*]]: memref<4xf32> {llvm.noalias}, %[[TAU:.*]]: memref<f32>
// CHECK-SAME: %[[X:.*]]: memref<4xf32> {llvm.noalias}, %[[Y:.*]]: memref<4xf32> {llvm.noalias},
// CHECK-SAME: %[[WORK:.*]]: memref<0xi8>, %[[SX:.*]]: i64, %[[SY:.*]]: i64, %{{.*}}: index, %{{.*}}: index)
// CHECK-NOT: memref.alloc
// CHECK: %[[T:.*]] = memref.load %[[TAU]][]
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %[[STEPS]] step
// CHECK: %[[STRIDE:.*]] = arith.index_cast %[[SX]]
// CHECK: %[[AT:.*]] = arith.muli %[[K]], %[[STRIDE]]
// CHECK: %[[XK:.*]] = memref.reinterpret_cast %[[X]] to offset: [%[[AT]]]
// CHECK: %[[YK:.*]] = memref.reinterpret_cast %[[Y]]
// CHECK: linalg.generic {{.*}} ins(%[[V]], %[[T]], %[[XK]] : {{.*}}) outs(%[[V]], %[[YK]] :
// CHECK: linalg.yield %[[N:.*]], %[[N]] :
// CHECK-NOT: linalg.generic
// CHECK: } {dyn.time_loop}
// CHECK-NEXT: return
func.func @one_state(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %v0: tensor<4xf32> {dyn.kind = "state"},
    %tau: f32 {dyn.kind = "param"}, %x: tensor<?x4xf32> {dyn.kind = "input"})
    -> (tensor<4xf32>, tensor<?x4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%v0 : tensor<4xf32>) scan (%x : tensor<?x4xf32>) {
  ^bb0(%i: i64, %t: f32, %v: tensor<4xf32>, %xk: tensor<4xf32>):
    %s = tensor.splat %tau : tensor<4xf32>
    %a = arith.mulf %v, %s : tensor<4xf32>
    %n = arith.addf %a, %xk : tensor<4xf32>
    dyn.yield %n, %n : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<?x4xf32>
}

// Each reads the other's old value, element by element, in one operation: both are loaded before either is stored.
// CHECK-LABEL: func.func @exchange(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[B:[a-z0-9]*]]: memref<4xf32> {llvm.noalias},
// CHECK-NOT: memref.alloc
// CHECK: linalg.generic {{.*}} ins(%[[B]], %[[A]] : {{.*}}) outs(%[[A]], %[[B]] :
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @exchange(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"},
    %b0: tensor<4xf32> {dyn.kind = "state"}) -> (tensor<4xf32>, tensor<4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0, %b0 : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>, %b: tensor<4xf32>):
    %n = math.exp %b : tensor<4xf32>
    %m = math.tanh %a : tensor<4xf32>
    dyn.yield %n, %m : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<4xf32>
}

// A product adds to the state that it goes on from where that lies.
// CHECK-LABEL: func.func @accumulated(
// CHECK-SAME: %[[G:[a-z0-9]*]]: memref<2x3xf32> {llvm.noalias}, %[[B:[a-z0-9]*]]: memref<2x3xf32>
// CHECK-NOT: memref.alloc
// CHECK: linalg.matmul ins(%{{.*}}, %[[B]] : {{.*}}) outs(%[[G]] :
// CHECK-NOT: linalg.generic
func.func @accumulated(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %g0: tensor<2x3xf32> {dyn.kind = "state"}, %b: tensor<2x3xf32> {dyn.kind = "param"},
    %x: tensor<?x2x2xf32> {dyn.kind = "input"}) -> tensor<2x3xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%g0 : tensor<2x3xf32>) scan (%x : tensor<?x2x2xf32>) {
  ^bb0(%i: i64, %t: f32, %g: tensor<2x3xf32>, %xk: tensor<2x2xf32>):
    %n = linalg.matmul ins(%xk, %b : tensor<2x2xf32>, tensor<2x3xf32>) outs(%g : tensor<2x3xf32>) -> tensor<2x3xf32>
    dyn.yield %n : tensor<2x3xf32>
  } -> tensor<2x3xf32>
  return %r : tensor<2x3xf32>
}

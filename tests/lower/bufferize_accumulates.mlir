// SPDX-License-Identifier: Apache-2.0
// A conductance that decays and takes spikes stays in the state's memory; where its old value is read later, it is
// copied at the end of the step.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// CHECK-LABEL: func.func @decays(
// CHECK-SAME: %[[G:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[O:[a-z0-9]*]]: memref<3xi32> {llvm.noalias}, %[[T:[a-z0-9]*]]: memref<5xi32>
// CHECK-NOT: memref.alloc
// CHECK: linalg.generic {{.*}} ins(%[[G]] : {{.*}}) outs(%[[G]] :
// CHECK: dyn.propagate %{{.*}} through (%[[O]], %[[T]]) weight %{{.*}} into %[[G]]
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @decays(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %g0: tensor<4xf32> {dyn.kind = "state"},
    %o: tensor<3xi32> {dyn.kind = "param"}, %t: tensor<5xi32> {dyn.kind = "param"},
    %x: tensor<?x2xf32> {dyn.kind = "input"}) -> tensor<4xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%g0 : tensor<4xf32>) scan (%x : tensor<?x2xf32>) {
  ^bb0(%i: i64, %time: f32, %g: tensor<4xf32>, %s: tensor<2xf32>):
    %c = arith.constant dense<0.9> : tensor<4xf32>
    %w = arith.constant 0.5 : f32
    %d = arith.mulf %g, %c : tensor<4xf32>
    %n = dyn.propagate %s through (%o, %t) weight %w into %d : tensor<2xf32>, tensor<3xi32>, tensor<5xi32>, f32, tensor<4xf32> -> tensor<4xf32>
    dyn.yield %n : tensor<4xf32>
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// CHECK-LABEL: func.func @read_later(
// CHECK-SAME: %[[G:[a-z0-9]*]]: memref<4xf32> {llvm.noalias}, %[[O:[a-z0-9]*]]: memref<3xi32>
// CHECK: %[[NEW:.*]] = memref.alloc
// CHECK: linalg.generic {{.*}} ins(%[[G]] : {{.*}}) outs(%[[NEW]] :
// CHECK: dyn.propagate {{.*}} into %[[NEW]]
// CHECK: linalg.generic {{.*}} ins(%[[NEW]], %[[G]] :
// CHECK: linalg.generic {{.*}} ins(%[[NEW]] : {{.*}}) outs(%[[G]] :
func.func @read_later(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %g0: tensor<4xf32> {dyn.kind = "state"},
    %o: tensor<3xi32> {dyn.kind = "param"}, %t: tensor<5xi32> {dyn.kind = "param"},
    %x: tensor<?x2xf32> {dyn.kind = "input"}) -> (tensor<4xf32>, tensor<?x4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%g0 : tensor<4xf32>) scan (%x : tensor<?x2xf32>) {
  ^bb0(%i: i64, %time: f32, %g: tensor<4xf32>, %s: tensor<2xf32>):
    %c = arith.constant dense<0.9> : tensor<4xf32>
    %w = arith.constant 0.5 : f32
    %d = arith.mulf %g, %c : tensor<4xf32>
    %n = dyn.propagate %s through (%o, %t) weight %w into %d : tensor<2xf32>, tensor<3xi32>, tensor<5xi32>, f32, tensor<4xf32> -> tensor<4xf32>
    %y = arith.addf %n, %g : tensor<4xf32>
    dyn.yield %n, %y : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>
  return %r#0, %r#1 : tensor<4xf32>, tensor<?x4xf32>
}

// One row of a ring is read, then written over.
// CHECK-LABEL: func.func @ring(
// CHECK-SAME: %[[R:[a-z0-9]*]]: memref<8x4xf32> {llvm.noalias}
// CHECK-NOT: memref.alloc
// CHECK: %[[OLD:.*]] = memref.subview %[[R]][%[[AT:.*]], 0] [1, 4]
// CHECK: %[[ROW:.*]] = memref.collapse_shape %[[OLD]]
// CHECK: linalg.generic {{.*}} ins(%[[ROW]],
// CHECK: %[[NEW:.*]] = memref.subview %[[R]][%[[AT]], 0] [1, 4]
// CHECK: linalg.generic {{.*}} outs(%[[NEW]] :
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @ring(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %r0: tensor<8x4xf32> {dyn.kind = "state"},
    %x: tensor<?x4xf32> {dyn.kind = "input"}) -> (tensor<8x4xf32>, tensor<?x4xf32>) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%r0 : tensor<8x4xf32>) scan (%x : tensor<?x4xf32>) {
  ^bb0(%i: i64, %time: f32, %ring: tensor<8x4xf32>, %v: tensor<4xf32>):
    %L = arith.constant 8 : i64
    %m = arith.remui %i, %L : i64
    %at = arith.index_cast %m : i64 to index
    %new = tensor.insert_slice %v into %ring[%at, 0] [1, 4] [1, 1] : tensor<4xf32> into tensor<8x4xf32>
    %old = tensor.extract_slice %ring[%at, 0] [1, 4] [1, 1] : tensor<8x4xf32> to tensor<1x4xf32>
    %row = tensor.collapse_shape %old [[0, 1]] : tensor<1x4xf32> into tensor<4xf32>
    %y = arith.addf %row, %v : tensor<4xf32>
    dyn.yield %new, %y : tensor<8x4xf32>, tensor<4xf32>
  } -> tensor<8x4xf32>, tensor<?x4xf32>
  return %r#0, %r#1 : tensor<8x4xf32>, tensor<?x4xf32>
}

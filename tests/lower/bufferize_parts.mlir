// SPDX-License-Identifier: Apache-2.0
// A state made of parts is written part by part in its own memory, unless a part moves or parts overlap.
// RUN: overtime-opt %s --fuse-elementwise --bufferize-step | FileCheck %s

// CHECK-LABEL: func.func @halves(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<6xf32> {llvm.noalias},
// CHECK-NOT: memref.alloc
// CHECK: %[[TO0:.*]] = memref.subview %[[A]][0] [3] [1]
// CHECK: %[[TO1:.*]] = memref.subview %[[A]][3] [3] [1]
// CHECK: linalg.generic {{.*}} outs(%[[TO0]], %[[TO1]] :
// CHECK-NOT: linalg.generic
// CHECK: return
func.func @halves(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<6xf32> {dyn.kind = "state"})
    -> tensor<6xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<6xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<6xf32>):
    %x = tensor.extract_slice %a[0] [3] [1] : tensor<6xf32> to tensor<3xf32>
    %y = tensor.extract_slice %a[3] [3] [1] : tensor<6xf32> to tensor<3xf32>
    %p = arith.addf %x, %y : tensor<3xf32>
    %q = arith.subf %x, %y : tensor<3xf32>
    %n = tensor.concat dim(0) %p, %q : (tensor<3xf32>, tensor<3xf32>) -> tensor<6xf32>
    dyn.yield %n : tensor<6xf32>
  } -> tensor<6xf32>
  return %r : tensor<6xf32>
}

// A shift register: what is old moves inside the state, through memory of its own.
// CHECK-LABEL: func.func @shift(
// CHECK-SAME: %[[A:[a-z0-9]*]]: memref<6xf32> {llvm.noalias},
// CHECK: %[[NEXT:.*]] = memref.alloc() {alignment = 64 : i64} : memref<6xf32>
// CHECK: %[[OLD:.*]] = memref.subview %[[A]][2] [4] [1]
// CHECK: %[[TO:.*]] = memref.subview %[[NEXT]][0] [4] [1]
// CHECK: linalg.generic {{.*}} ins(%[[OLD]] : {{.*}}) outs(%[[TO]] :
// CHECK: memref.subview %[[NEXT]][4] [2] [1]
// CHECK: linalg.generic {{.*}} ins(%[[NEXT]] : {{.*}}) outs(%[[A]] :
func.func @shift(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<6xf32> {dyn.kind = "state"},
    %x: tensor<?x2xf32> {dyn.kind = "input"}) -> tensor<6xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%a0 : tensor<6xf32>) scan (%x : tensor<?x2xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<6xf32>, %xk: tensor<2xf32>):
    %old = tensor.extract_slice %a[2] [4] [1] : tensor<6xf32> to tensor<4xf32>
    %n = tensor.concat dim(0) %old, %xk : (tensor<4xf32>, tensor<2xf32>) -> tensor<6xf32>
    dyn.yield %n : tensor<6xf32>
  } -> tensor<6xf32>
  return %r : tensor<6xf32>
}

// One read lies across both parts.
// CHECK-LABEL: func.func @across(
// CHECK: memref.alloc() {alignment = 64 : i64} : memref<6xf32>
func.func @across(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<6xf32> {dyn.kind = "state"})
    -> tensor<6xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<6xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<6xf32>):
    %x = tensor.extract_slice %a[2] [3] [1] : tensor<6xf32> to tensor<3xf32>
    %p = math.exp %x : tensor<3xf32>
    %q = math.tanh %x : tensor<3xf32>
    %n = tensor.concat dim(0) %p, %q : (tensor<3xf32>, tensor<3xf32>) -> tensor<6xf32>
    dyn.yield %n : tensor<6xf32>
  } -> tensor<6xf32>
  return %r : tensor<6xf32>
}

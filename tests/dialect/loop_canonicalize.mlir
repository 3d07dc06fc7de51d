// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -canonicalize | FileCheck %s

// The stacked value that nobody reads goes, and with it what only it needed; the other keeps its place.
// CHECK-LABEL: func.func @drop_unused_stack
func.func @drop_unused_stack(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<?xi64>) {
  // CHECK: %[[R:.*]]:2 = dyn.loop_over_time
  // CHECK-NEXT: ^bb0(%[[I:.*]]: i64, %{{.*}}: f32, %{{.*}}: tensor<4xf32>):
  // CHECK-NOT: math.exp
  // CHECK: %[[NEXT:.*]] = arith.addf
  // CHECK-NEXT: dyn.yield %[[NEXT]], %[[I]] : tensor<4xf32>, i64
  // CHECK-NEXT: } {remat = "sqrt"} -> tensor<4xf32>, tensor<?xi64>
  // CHECK: return %[[R]]#0, %[[R]]#1
  %r:3 = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %v: tensor<4xf32>):
    %unused = math.exp %v : tensor<4xf32>
    %next = arith.addf %v, %v : tensor<4xf32>
    dyn.yield %next, %unused, %i : tensor<4xf32>, tensor<4xf32>, i64
  } {remat = "sqrt"} -> tensor<4xf32>, tensor<?x4xf32>, tensor<?xi64>
  return %r#0, %r#2 : tensor<4xf32>, tensor<?xi64>
}

// A carried value stays even when its final value is not read: later steps need it.
// CHECK-LABEL: func.func @keep_carried
func.func @keep_carried(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32) -> tensor<?xf32> {
  // CHECK: %[[R:.*]]:2 = dyn.loop_over_time
  // CHECK: return %[[R]]#1
  %v, %vs = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : f32) {
  ^bb0(%i: i64, %t: f32, %vk: f32):
    %next = arith.addf %vk, %vk : f32
    dyn.yield %next, %vk : f32, f32
  } -> f32, tensor<?xf32>
  return %vs : tensor<?xf32>
}

// A loop of which nothing is read is dead.
// CHECK-LABEL: func.func @dead_loop
func.func @dead_loop(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32) {
  // CHECK-NEXT: return
  %v = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : f32) {
  ^bb0(%i: i64, %t: f32, %vk: f32):
    dyn.yield %vk : f32
  } -> f32
  return
}

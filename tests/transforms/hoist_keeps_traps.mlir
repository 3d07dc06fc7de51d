// SPDX-License-Identifier: Apache-2.0
// A loop of no steps divides nothing: an integer division by a parameter stays inside, and so does what reads it.
// RUN: overtime-opt %s --hoist-invariants | FileCheck %s

// CHECK-LABEL: func.func @division(
// CHECK-NOT: arith.divsi
// CHECK: dyn.loop_over_time
// CHECK: %[[Q:.*]] = arith.divsi
// CHECK-NEXT: %[[R:.*]] = arith.sitofp %[[Q]]
// CHECK-NEXT: %[[S:.*]] = arith.addf %{{.*}}, %[[R]]
// CHECK-NEXT: dyn.yield %[[S]]
func.func @division(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32, %a: i64, %b: i64) -> f32 {
  %v = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : f32) {
  ^bb0(%i: i64, %t: f32, %vk: f32):
    %q = arith.divsi %a, %b : i64
    %r = arith.sitofp %q : i64 to f32
    %s = arith.addf %vk, %r : f32
    dyn.yield %s : f32
  } -> f32
  return %v : f32
}

// A region that captures a carried state is not invariant, though the operation has no such operand.
// CHECK-LABEL: func.func @captured(
// CHECK-NOT: linalg.generic
// CHECK: ^bb0(%{{.*}}: i64, %{{.*}}: f32, %[[V:.*]]: f32):
// CHECK: linalg.generic
// CHECK: arith.addf %{{.*}}, %[[V]] : f32
func.func @captured(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32, %w: tensor<4xf32>)
    -> (f32, tensor<?x4xf32>) {
  %v:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : f32) {
  ^bb0(%i: i64, %t: f32, %vk: f32):
    %to = tensor.empty() : tensor<4xf32>
    %y = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                         iterator_types = ["parallel"]}
        ins(%w : tensor<4xf32>) outs(%to : tensor<4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %sum = arith.addf %in, %vk : f32
      linalg.yield %sum : f32
    } -> tensor<4xf32>
    dyn.yield %vk, %y : f32, tensor<4xf32>
  } -> f32, tensor<?x4xf32>
  return %v#0, %v#1 : f32, tensor<?x4xf32>
}

// SPDX-License-Identifier: Apache-2.0
// A sum of products and a bias starts from the bias and accumulates; what does not read the state comes first.
// RUN: overtime-opt %s --accumulate-products --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @cell(
// CHECK: dyn.loop_over_time
// CHECK-NEXT: ^bb0(%{{.*}}: i64, %{{.*}}: f32, %[[H:.*]]: tensor<4x8xf32>, %[[X:.*]]: tensor<4x3xf32>):
// CHECK: %[[START:.*]] = linalg.broadcast
// CHECK: %[[IN:.*]] = linalg.matmul ins(%[[X]], {{.*}} outs(%[[START]]
// CHECK: %[[BOTH:.*]] = linalg.matmul ins(%[[H]], {{.*}} outs(%[[IN]]
// CHECK-NOT: arith.addf
// CHECK: math.tanh %[[BOTH]]
func.func @cell(%steps: index, %i0: i64, %k0: i64, %t0: f64, %h0: tensor<4x8xf32>, %wi: tensor<3x8xf32>,
                %wh: tensor<8x8xf32>, %b: tensor<8xf32>, %x: tensor<?x4x3xf32>) -> tensor<4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  %row = linalg.broadcast ins(%b : tensor<8xf32>) outs(%empty : tensor<4x8xf32>) dimensions = [0]
  %h = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%h0 : tensor<4x8xf32>) scan (%x : tensor<?x4x3xf32>) {
  ^bb0(%i: i64, %t: f32, %hk: tensor<4x8xf32>, %xk: tensor<4x3xf32>):
    %hu = linalg.matmul ins(%hk, %wh : tensor<4x8xf32>, tensor<8x8xf32>) outs(%fill : tensor<4x8xf32>)
      -> tensor<4x8xf32>
    %xw = linalg.matmul ins(%xk, %wi : tensor<4x3xf32>, tensor<3x8xf32>) outs(%fill : tensor<4x8xf32>)
      -> tensor<4x8xf32>
    %sum = arith.addf %hu, %xw : tensor<4x8xf32>
    %biased = arith.addf %sum, %row : tensor<4x8xf32>
    %next = math.tanh %biased : tensor<4x8xf32>
    dyn.yield %next : tensor<4x8xf32>
  } -> tensor<4x8xf32>
  return %h : tensor<4x8xf32>
}

// -----

// A product that something else reads too stays by itself, and so does a single product without a bias.
// CHECK-LABEL: func.func @shared(
// CHECK: %[[P:.*]] = linalg.matmul
// CHECK: %[[Q:.*]] = linalg.matmul
// CHECK: arith.addf %[[P]], %[[Q]]
func.func @shared(%a: tensor<4x8xf32>, %w: tensor<8x8xf32>) -> (tensor<4x8xf32>, tensor<4x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<4x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  %p = linalg.matmul ins(%a, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%fill : tensor<4x8xf32>) -> tensor<4x8xf32>
  %e = math.exp %a : tensor<4x8xf32>
  %q = linalg.matmul ins(%e, %w : tensor<4x8xf32>, tensor<8x8xf32>) outs(%fill : tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum = arith.addf %p, %q : tensor<4x8xf32>
  return %sum, %p : tensor<4x8xf32>, tensor<4x8xf32>
}

// -----

// A product that is added to a carried value goes on from it: no product of its own is stored.
// CHECK-LABEL: func.func @gradient(
// CHECK: dyn.loop_over_time
// CHECK-NEXT: ^bb0(%{{.*}}: i64, %{{.*}}: f32, %[[G:.*]]: tensor<3x8xf32>, %[[X:.*]]: tensor<3x4xf32>):
// CHECK-NEXT: %[[NEXT:.*]] = linalg.matmul {dyn.add_product} ins(%[[X]], {{.*}} outs(%[[G]]
// CHECK-NEXT: dyn.yield %[[NEXT]]
func.func @gradient(%steps: index, %i0: i64, %k0: i64, %t0: f64, %g0: tensor<3x8xf32>, %dz: tensor<4x8xf32>,
                    %x: tensor<?x3x4xf32>) -> tensor<3x8xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<3x8xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<3x8xf32>) -> tensor<3x8xf32>
  %g = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%g0 : tensor<3x8xf32>) scan (%x : tensor<?x3x4xf32>) {
  ^bb0(%i: i64, %t: f32, %gk: tensor<3x8xf32>, %xk: tensor<3x4xf32>):
    %p = linalg.matmul ins(%xk, %dz : tensor<3x4xf32>, tensor<4x8xf32>) outs(%fill : tensor<3x8xf32>)
      -> tensor<3x8xf32>
    %next = arith.addf %gk, %p : tensor<3x8xf32>
    dyn.yield %next : tensor<3x8xf32>
  } -> tensor<3x8xf32>
  return %g : tensor<3x8xf32>
}

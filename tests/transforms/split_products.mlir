// SPDX-License-Identifier: Apache-2.0
// A product whose parts join other products is computed in parts, from parts of its factor that are cut before the loop.
// RUN: overtime-opt %s --split-products --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @gates(
// CHECK-SAME: %[[W:[a-z0-9]*]]: tensor<3x8xf32>, %{{[a-z0-9]*}}: tensor<4x4xf32>, %[[B:[a-z0-9]*]]: tensor<8xf32>
// CHECK-DAG: %[[W1:.*]] = tensor.extract_slice %[[W]][0, 0] [3, 4] [1, 1]
// CHECK-DAG: %[[W2:.*]] = tensor.extract_slice %[[W]][0, 4] [3, 4] [1, 1]
// CHECK-DAG: %[[B1:.*]] = tensor.extract_slice %[[B]][0] [4] [1]
// CHECK-DAG: %[[B2:.*]] = tensor.extract_slice %[[B]][4] [4] [1]
// CHECK: dyn.loop_over_time
// CHECK-NEXT: ^bb0(%{{.*}}: i64, %{{.*}}: f32, %[[H:.*]]: tensor<2x4xf32>, %[[X:.*]]: tensor<2x3xf32>):
// CHECK-NOT: tensor<2x8xf32>
// CHECK: %[[P1:.*]] = linalg.matmul ins(%[[X]], %[[W1]]
// CHECK: %[[ROW1:.*]] = linalg.broadcast ins(%[[B1]]
// CHECK: %[[S1:.*]] = arith.addf %[[P1]], %[[ROW1]]
// CHECK: linalg.matmul ins(%[[X]], %[[W2]]
// CHECK: linalg.broadcast ins(%[[B2]]
// CHECK: arith.addf %[[S1]],
func.func @gates(%steps: index, %i0: i64, %k0: i64, %t0: f64, %h0: tensor<2x4xf32>, %w: tensor<3x8xf32>,
                 %u: tensor<4x4xf32>, %b: tensor<8xf32>, %x: tensor<?x2x3xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %wide = tensor.empty() : tensor<2x8xf32>
  %none = linalg.fill ins(%zero : f32) outs(%wide : tensor<2x8xf32>) -> tensor<2x8xf32>
  %half = tensor.empty() : tensor<2x4xf32>
  %nil = linalg.fill ins(%zero : f32) outs(%half : tensor<2x4xf32>) -> tensor<2x4xf32>
  %row = linalg.broadcast ins(%b : tensor<8xf32>) outs(%wide : tensor<2x8xf32>) dimensions = [0]
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%h0 : tensor<2x4xf32>) scan (%x : tensor<?x2x3xf32>) {
  ^bb0(%i: i64, %t: f32, %h: tensor<2x4xf32>, %xk: tensor<2x3xf32>):
    %p = linalg.matmul ins(%xk, %w : tensor<2x3xf32>, tensor<3x8xf32>) outs(%none : tensor<2x8xf32>) -> tensor<2x8xf32>
    %both = arith.addf %p, %row : tensor<2x8xf32>
    %r1 = tensor.extract_slice %both[0, 0] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
    %a1 = tensor.extract_slice %both[0, 4] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
    %hu = linalg.matmul ins(%h, %u : tensor<2x4xf32>, tensor<4x4xf32>) outs(%nil : tensor<2x4xf32>) -> tensor<2x4xf32>
    %r = arith.addf %r1, %hu : tensor<2x4xf32>
    %reset = arith.mulf %r, %h : tensor<2x4xf32>
    %ru = linalg.matmul ins(%reset, %u : tensor<2x4xf32>, tensor<4x4xf32>) outs(%nil : tensor<2x4xf32>)
      -> tensor<2x4xf32>
    %a = arith.addf %a1, %ru : tensor<2x4xf32>
    dyn.yield %a : tensor<2x4xf32>
  } -> tensor<2x4xf32>
  return %last : tensor<2x4xf32>
}

// -----

// Gates that are read elementwise keep one product; so does a column that two slices share.
// CHECK-LABEL: func.func @elementwise(
// CHECK: linalg.matmul {{.*}}tensor<2x8xf32>
// CHECK: tensor.extract_slice {{.*}} : tensor<2x8xf32>
// CHECK-LABEL: func.func @shared_column(
// CHECK: linalg.matmul {{.*}}tensor<2x8xf32>
// CHECK: tensor.extract_slice {{.*}} : tensor<2x8xf32>
func.func @elementwise(%x: tensor<2x3xf32>, %w: tensor<3x8xf32>) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %wide = tensor.empty() : tensor<2x8xf32>
  %none = linalg.fill ins(%zero : f32) outs(%wide : tensor<2x8xf32>) -> tensor<2x8xf32>
  %p = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x8xf32>) outs(%none : tensor<2x8xf32>) -> tensor<2x8xf32>
  %i = tensor.extract_slice %p[0, 0] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %g = tensor.extract_slice %p[0, 4] [2, 4] [1, 1] : tensor<2x8xf32> to tensor<2x4xf32>
  %y = arith.mulf %i, %g : tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
func.func @shared_column(%x: tensor<2x3xf32>, %w: tensor<3x8xf32>, %h: tensor<2x5xf32>, %u: tensor<5x5xf32>)
    -> (tensor<2x5xf32>, tensor<2x5xf32>) {
  %zero = arith.constant 0.0 : f32
  %wide = tensor.empty() : tensor<2x8xf32>
  %none = linalg.fill ins(%zero : f32) outs(%wide : tensor<2x8xf32>) -> tensor<2x8xf32>
  %five = tensor.empty() : tensor<2x5xf32>
  %nil = linalg.fill ins(%zero : f32) outs(%five : tensor<2x5xf32>) -> tensor<2x5xf32>
  %p = linalg.matmul ins(%x, %w : tensor<2x3xf32>, tensor<3x8xf32>) outs(%none : tensor<2x8xf32>) -> tensor<2x8xf32>
  %a = tensor.extract_slice %p[0, 0] [2, 5] [1, 1] : tensor<2x8xf32> to tensor<2x5xf32>
  %b = tensor.extract_slice %p[0, 3] [2, 5] [1, 1] : tensor<2x8xf32> to tensor<2x5xf32>
  %q = linalg.matmul ins(%h, %u : tensor<2x5xf32>, tensor<5x5xf32>) outs(%nil : tensor<2x5xf32>) -> tensor<2x5xf32>
  %r = linalg.matmul ins(%h, %u : tensor<2x5xf32>, tensor<5x5xf32>) outs(%nil : tensor<2x5xf32>) -> tensor<2x5xf32>
  %s = arith.addf %a, %q : tensor<2x5xf32>
  %t = arith.addf %b, %r : tensor<2x5xf32>
  return %s, %t : tensor<2x5xf32>, tensor<2x5xf32>
}

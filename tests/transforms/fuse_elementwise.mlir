// SPDX-License-Identifier: Apache-2.0
// Elementwise operations of one shape become one linalg.generic; products stand between groups.
// RUN: overtime-opt %s --fuse-elementwise | FileCheck %s

// A splat is a scalar operand, a constant is part of the body, and what only the group reads is no result.
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0) -> (d0)>
// CHECK-DAG: #[[SCALAR:.*]] = affine_map<(d0) -> ()>
// CHECK-DAG: #[[ID2:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d1)>
// CHECK-LABEL: func.func @neuron(
// CHECK: %[[G:.*]]:2 = linalg.generic {indexing_maps = [#[[ID]], #[[SCALAR]], #[[ID]], #[[ID]]]
// CHECK-SAME: ins(%arg1, %arg0 : tensor<4xf32>, f32)
// CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
// CHECK: %[[A:.*]] = arith.mulf %{{.*}}, %{{.*}} : f32
// CHECK: %[[B:.*]] = math.exp %[[A]] : f32
// CHECK: %[[C:.*]] = arith.cmpf oge, %[[B]], %[[ONE]] : f32
// CHECK: linalg.yield %[[B]], %[[C]] : f32, i1
// CHECK: return %[[G]]#0, %[[G]]#1
func.func @neuron(%tau: f32, %v: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
  %s = tensor.splat %tau : tensor<4xf32>
  %one = arith.constant dense<1.0> : tensor<4xf32>
  %a = arith.mulf %v, %s : tensor<4xf32>
  %b = math.exp %a : tensor<4xf32>
  %c = arith.cmpf oge, %b, %one : tensor<4xf32>
  return %b, %c : tensor<4xf32>, tensor<4xi1>
}

// tanh is not needed by the product: it sinks into the group behind it, and is never stored.
// CHECK-LABEL: func.func @layer(
// CHECK: %[[E:.*]] = linalg.generic
// CHECK: math.exp
// CHECK-NOT: math.tanh
// CHECK: %[[P:.*]] = linalg.matmul ins(%[[E]],
// CHECK: linalg.generic {indexing_maps = [#[[ID2]], #[[ID2]], #[[ROW]], #[[ID2]]]
// CHECK-SAME: ins(%arg0, %[[P]], %arg2 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2xf32>)
// CHECK: math.tanh
// CHECK-NOT: linalg.generic
func.func @layer(%v: tensor<2x2xf32>, %w: tensor<2x2xf32>, %b: tensor<2xf32>, %z: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %e = math.exp %v : tensor<2x2xf32>
  %h = math.tanh %v : tensor<2x2xf32>
  %p = linalg.matmul ins(%e, %w : tensor<2x2xf32>, tensor<2x2xf32>) outs(%z : tensor<2x2xf32>) -> tensor<2x2xf32>
  %to = tensor.empty() : tensor<2x2xf32>
  %bb = linalg.broadcast ins(%b : tensor<2xf32>) outs(%to : tensor<2x2xf32>) dimensions = [0]
  %s = arith.addf %p, %h : tensor<2x2xf32>
  %y = arith.addf %s, %bb : tensor<2x2xf32>
  return %y : tensor<2x2xf32>
}

// Shapes that differ stay apart, in turns or not.
// CHECK-LABEL: func.func @shapes(
// CHECK: linalg.generic
// CHECK: linalg.generic
// CHECK-NOT: linalg.generic
func.func @shapes(%v: tensor<4xf32>, %w: tensor<8xf32>) -> (tensor<4xf32>, tensor<8xf32>) {
  %a = math.exp %v : tensor<4xf32>
  %b = math.exp %w : tensor<8xf32>
  %c = math.exp %a : tensor<4xf32>
  %d = math.exp %b : tensor<8xf32>
  return %c, %d : tensor<4xf32>, tensor<8xf32>
}

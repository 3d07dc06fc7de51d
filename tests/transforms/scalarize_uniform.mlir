// SPDX-License-Identifier: Apache-2.0
// Elementwise work on splats is done once, on scalars, up to the first operand that is not uniform.
// RUN: overtime-opt %s --scalarize-uniform | FileCheck %s

// CHECK-LABEL: func.func @expression(
// CHECK-SAME: %[[A:.*]]: f32, %[[B:.*]]: f32, %[[X:.*]]: tensor<4xf32>)
// CHECK: %[[Q:.*]] = arith.divf %[[A]], %[[B]] : f32
// CHECK: %[[E:.*]] = math.exp %[[Q]] : f32
// CHECK: %[[TWO:.*]] = arith.constant 2.000000e+00 : f32
// CHECK: %[[R:.*]] = arith.mulf %[[E]], %[[TWO]] : f32
// CHECK: %[[S:.*]] = tensor.splat %[[R]] : tensor<4xf32>
// CHECK: %[[Y:.*]] = arith.mulf %[[S]], %[[X]] : tensor<4xf32>
// CHECK: math.exp %[[Y]] : tensor<4xf32>
func.func @expression(%a: f32, %b: f32, %x: tensor<4xf32>) -> tensor<4xf32> {
  %sa = tensor.splat %a : tensor<4xf32>
  %sb = tensor.splat %b : tensor<4xf32>
  %two = arith.constant dense<2.0> : tensor<4xf32>
  %q = arith.divf %sa, %sb : tensor<4xf32>
  %e = math.exp %q : tensor<4xf32>
  %r = arith.mulf %e, %two : tensor<4xf32>
  %y = arith.mulf %r, %x : tensor<4xf32>
  %z = math.exp %y : tensor<4xf32>
  return %z : tensor<4xf32>
}

// Attributes stay, booleans too; a broadcast splat is a splat of the larger shape.
// CHECK-LABEL: func.func @compare(
// CHECK: %[[C:.*]] = arith.cmpf olt, %arg0, %arg1 : f32
// CHECK: %[[P:.*]] = arith.select %[[C]], %arg0, %arg1 : f32
// CHECK: %[[R:.*]] = math.exp %[[P]] : f32
// CHECK: %[[S:.*]] = tensor.splat %[[R]] : tensor<2x4xf32>
// CHECK-NEXT: return %[[S]]
func.func @compare(%a: f32, %b: f32) -> tensor<2x4xf32> {
  %sa = tensor.splat %a : tensor<4xf32>
  %sb = tensor.splat %b : tensor<4xf32>
  %c = arith.cmpf olt, %sa, %sb : tensor<4xf32>
  %p = arith.select %c, %sa, %sb : tensor<4xi1>, tensor<4xf32>
  %to = tensor.empty() : tensor<2x4xf32>
  %q = linalg.broadcast ins(%p : tensor<4xf32>) outs(%to : tensor<2x4xf32>) dimensions = [0]
  %r = math.exp %q : tensor<2x4xf32>
  return %r : tensor<2x4xf32>
}

// A constant that is not a splat has elements of its own.
// CHECK-LABEL: func.func @ramp(
// CHECK: math.exp %{{.*}} : tensor<4xf32>
// CHECK-NOT: tensor.splat
func.func @ramp() -> tensor<4xf32> {
  %ramp = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %y = math.exp %ramp : tensor<4xf32>
  return %y : tensor<4xf32>
}

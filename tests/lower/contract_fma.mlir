// SPDX-License-Identifier: Apache-2.0
// A product that is only added, or only subtracted, becomes one fused multiply-add; any other keeps its rounding.
// RUN: overtime-opt %s --contract-fma | FileCheck %s

// CHECK-LABEL: func.func @sums(
// CHECK-SAME: %[[A:.*]]: f32, %[[B:.*]]: f32, %[[C:.*]]: f32)
// CHECK-NEXT: math.fma %[[A]], %[[B]], %[[C]] : f32
// CHECK-NEXT: math.fma %[[A]], %[[B]], %[[C]] : f32
// CHECK-NEXT: %[[MC:.*]] = arith.negf %[[C]] : f32
// CHECK-NEXT: math.fma %[[A]], %[[B]], %[[MC]] : f32
// CHECK-NEXT: %[[MA:.*]] = arith.negf %[[A]] : f32
// CHECK-NEXT: math.fma %[[MA]], %[[B]], %[[C]] : f32
func.func @sums(%a: f32, %b: f32, %c: f32) -> (f32, f32, f32, f32) {
  %p = arith.mulf %a, %b : f32
  %w = arith.addf %p, %c : f32
  %q = arith.mulf %a, %b : f32
  %x = arith.addf %c, %q : f32
  %r = arith.mulf %a, %b : f32
  %y = arith.subf %r, %c : f32
  %s = arith.mulf %a, %b : f32
  %z = arith.subf %c, %s : f32
  return %w, %x, %y, %z : f32, f32, f32, f32
}

// Of two products the left one is fused, always.
// CHECK-LABEL: func.func @two(
// CHECK: %[[CD:.*]] = arith.mulf %arg2, %arg3 : vector<4xf64>
// CHECK-NEXT: math.fma %arg0, %arg1, %[[CD]] : vector<4xf64>
func.func @two(%a: vector<4xf64>, %b: vector<4xf64>, %c: vector<4xf64>, %d: vector<4xf64>) -> vector<4xf64> {
  %ab = arith.mulf %a, %b : vector<4xf64>
  %cd = arith.mulf %c, %d : vector<4xf64>
  %s = arith.addf %ab, %cd : vector<4xf64>
  return %s : vector<4xf64>
}

// Used twice, be it by one sum: rounded once, for both.
// CHECK-LABEL: func.func @kept(
// CHECK-NOT: math.fma
// CHECK: return
func.func @kept(%a: f32, %b: f32, %c: f32) -> (f32, f32, f32) {
  %p = arith.mulf %a, %b : f32
  %s = arith.addf %p, %c : f32
  %q = arith.mulf %b, %c : f32
  %d = arith.addf %q, %q : f32
  return %s, %p, %d : f32, f32, f32
}

// CHECK-LABEL: func.func @integers(
// CHECK: arith.muli
// CHECK-NEXT: arith.addi
func.func @integers(%a: i32, %b: i32, %c: i32) -> i32 {
  %p = arith.muli %a, %b : i32
  %s = arith.addi %p, %c : i32
  return %s : i32
}

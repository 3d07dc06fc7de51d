// SPDX-License-Identifier: Apache-2.0
// Independent lanes go outside the loop over time, tile by tile; lanes that remain are a tile of their own.
// RUN: overtime-opt %s --split-lanes | FileCheck %s

#id = affine_map<(d0) -> (d0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
#lane = affine_map<(d0, d1) -> (d0)>

// 300 neurons in tiles of 128: two and a part of 44. State is cut before the loop over time, a row of the input inside;
// an index counts on.
// CHECK-LABEL: func.func @neurons(
// CHECK-SAME: %[[P0:[a-z0-9]*]]: index, %[[P1:[a-z0-9]*]]: index) attributes
// CHECK-SAME: dyn.part_cycles = {{[0-9]+}} : i64, dyn.parts = 3 : i64
// CHECK: %[[END:.*]] = arith.minui %[[P1]], %c2
// CHECK: %[[FROM:.*]] = arith.muli %[[P0]], %c128
// CHECK: %[[TO:.*]] = arith.muli %[[END]], %c128
// CHECK: scf.for %[[FIRST:.*]] = %[[FROM]] to %[[TO]] step %c128
// CHECK-NEXT: %[[V:.*]] = memref.subview %arg1[%[[FIRST]]] [128] [1]
// CHECK-NEXT: scf.for %[[K:.*]] = %{{.*}} to %arg0
// CHECK: %[[ROW:.*]] = memref.reinterpret_cast %arg2
// CHECK-NEXT: %[[X:.*]] = memref.subview %[[ROW]][%[[FIRST]]] [128] [1]
// CHECK-NEXT: linalg.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[V]] :
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK-NEXT: arith.addi %[[I]], %[[FIRST]]
// CHECK: } {dyn.time_loop}
// CHECK: %[[IS_LAST:.*]] = arith.cmpi eq, %[[P1]], %c3
// CHECK: scf.if %[[IS_LAST]]
// CHECK: memref.subview %arg1[%c256{{.*}}] [44] [1]
// CHECK-NEXT: scf.for %{{.*}} = %{{.*}} to %arg0
// CHECK: } {dyn.time_loop}
func.func @neurons(%steps: index, %v: memref<300xf32>, %x: memref<300xf32>, %stride: i64, %first: index, %last: index)
    attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %s = arith.index_cast %stride : i64 to index
    %at = arith.muli %k, %s : index
    %xk = memref.reinterpret_cast %x to offset: [%at], sizes: [300], strides: [1]
        : memref<300xf32> to memref<300xf32, strided<[1], offset: ?>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%xk : memref<300xf32, strided<[1], offset: ?>>) outs(%v : memref<300xf32>) {
    ^bb0(%a: f32, %b: f32):
      %i = linalg.index 0 : index
      %n = arith.index_cast %i : index to i64
      %f = arith.sitofp %n : i64 to f32
      %c = arith.addf %a, %f : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

// Rows of a batch: scratch memory shrinks to a tile, memory that is filled before the loop is cut, weights are shared.
// CHECK-LABEL: func.func @batch(
// CHECK: %[[SCRATCH:.*]] = memref.alloc() {{.*}} : memref<32x4xf32>
// CHECK: %[[BIAS:.*]] = memref.alloc() : memref<96xf32>
// CHECK: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c32
// CHECK-DAG: %[[H:.*]] = memref.subview %arg1[%[[FIRST]], 0] [32, 4] [1, 1]
// CHECK-DAG: %[[B:.*]] = memref.subview %[[BIAS]][%[[FIRST]]] [32] [1]
// CHECK: linalg.matmul {dyn.overwrite} ins(%[[H]], %arg2 : {{.*}}) outs(%[[SCRATCH]] :
// CHECK: linalg.generic {{.*}} ins(%[[SCRATCH]], %[[B]] : {{.*}}) outs(%[[H]] :
func.func @batch(%steps: index, %h: memref<96x4xf32>, %w: memref<4x4xf32>, %one: f32, %first: index, %last: index)
    attributes {dyn.program} {
  %scratch = memref.alloc() {alignment = 64 : i64} : memref<96x4xf32>
  %bias = memref.alloc() : memref<96xf32>
  linalg.fill ins(%one : f32) outs(%bias : memref<96xf32>)
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%h, %w : memref<96x4xf32>, memref<4x4xf32>) outs(%scratch : memref<96x4xf32>)
    linalg.generic {indexing_maps = [#id2, #lane, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%scratch, %bias : memref<96x4xf32>, memref<96xf32>) outs(%h : memref<96x4xf32>) {
    ^bb0(%a: f32, %b: f32, %c: f32):
      %d = arith.addf %a, %b : f32
      linalg.yield %d : f32
    }
  } {dyn.time_loop}
  return
}

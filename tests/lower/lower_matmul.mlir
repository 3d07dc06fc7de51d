// SPDX-License-Identifier: Apache-2.0
// A product keeps a tile of its result in registers over the inner dimension; of the columns that remain, many are a
// masked vector, few share one with those of other rows.
// RUN: overtime-opt %s --lower-matmul --canonicalize | FileCheck %s

// 2 rows, 30 columns: a vector of 16 and one of which 14 exist. dyn.overwrite starts from zero and reads no result.
// CHECK-LABEL: func.func @overwrite(
// CHECK-SAME: %[[A:.*]]: memref<2x5xf32>, %[[B:.*]]: memref<5x30xf32>, %[[C:.*]]: memref<2x30xf32>)
// CHECK: %[[Z:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK-NOT: load %[[C]]
// CHECK: %[[R:.*]]:4 = scf.for %[[K:.*]] = %c0 to %c5 step %c1
// CHECK-SAME: iter_args(%[[ACC:.*]] = %[[Z]], %{{.*}} = %[[Z]], %{{.*}} = %[[Z]], %{{.*}} = %[[Z]])
// CHECK: %[[ROW:.*]] = vector.load %[[B]][%[[K]], %c0]
// CHECK: %[[MASK:.*]] = vector.constant_mask [14] : vector<16xi1>
// CHECK: vector.maskedload %[[B]][%[[K]], %c16], %[[MASK]]
// CHECK: %[[X:.*]] = memref.load %[[A]][%c0, %[[K]]]
// CHECK: %[[S:.*]] = vector.broadcast %[[X]] : f32 to vector<16xf32>
// CHECK: math.fma %[[S]], %[[ROW]], %[[ACC]]
// CHECK: memref.load %[[A]][%c1, %[[K]]]
// CHECK: vector.store %[[R]]#0, %[[C]][%c0, %c0]
// CHECK: vector.maskedstore %[[C]][%c0, %c16], %{{.*}}, %[[R]]#1
// CHECK: vector.store %[[R]]#2, %[[C]][%c1, %c0]
// CHECK: vector.maskedstore %[[C]][%c1, %c16], %{{.*}}, %[[R]]#3
// CHECK-NOT: linalg.matmul
func.func @overwrite(%a: memref<2x5xf32>, %b: memref<5x30xf32>, %c: memref<2x30xf32>) {
  linalg.matmul {dyn.overwrite} ins(%a, %b : memref<2x5xf32>, memref<5x30xf32>) outs(%c : memref<2x30xf32>)
  return
}

// 4 columns: 4 rows share a vector, the last 3 of 11 by twos and ones. Four elements of a row are taken at a time, then
// the ninth. Without dyn.overwrite the result is added to.
// CHECK-LABEL: func.func @few_columns(
// CHECK-SAME: %[[A:.*]]: memref<11x9xf32>, %[[B:.*]]: memref<9x4xf32>, %[[C:.*]]: memref<11x4xf32>)
// CHECK: vector.load %[[C]][%c0, %c0] : memref<11x4xf32>, vector<4xf32>
// CHECK: vector.load %[[C]][%c10, %c0]
// CHECK: scf.for %[[K:.*]] = %c0 to %c8 step %c4 iter_args({{.*}}) -> (vector<16xf32>, vector<16xf32>, vector<8xf32>, vector<4xf32>)
// CHECK: vector.load %[[A]][%c0, %[[K]]] : memref<11x9xf32>, vector<4xf32>
// CHECK: %[[ROWS:[0-9]+]] = vector.shuffle {{.*}}[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
// CHECK: %[[W:.*]] = vector.load %[[B]][%[[K]], %c0]
// CHECK: %[[X:.*]] = vector.shuffle %[[ROWS]], %[[ROWS]] [0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12]
// CHECK: %[[WS:.*]] = vector.shuffle %[[W]], %[[W]] [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3]
// CHECK: math.fma %[[X]], %[[WS]], %{{.*}} : vector<16xf32>
// CHECK: vector.shuffle %[[ROWS]], %[[ROWS]] [1, 1, 1, 1, 5, 5, 5, 5, 9, 9, 9, 9, 13, 13, 13, 13]
// CHECK: scf.yield
// CHECK: vector.maskedload %[[A]][%c0, %c8]
// CHECK: vector.extract_strided_slice {{.*}} {offsets = [12], sizes = [4], strides = [1]}
// CHECK: vector.store %{{.*}}, %[[C]][%c3, %c0]
// CHECK-NOT: scf.for
func.func @few_columns(%a: memref<11x9xf32>, %b: memref<9x4xf32>, %c: memref<11x4xf32>) {
  linalg.matmul ins(%a, %b : memref<11x9xf32>, memref<9x4xf32>) outs(%c : memref<11x4xf32>)
  return
}

// 20 columns: a vector of each row, and the last four columns of four rows in one.
// CHECK-LABEL: func.func @remainder(
// CHECK: scf.for %{{.*}} = %c0 to %c16 step %c8
// CHECK: scf.for {{.*}} step %c4 iter_args({{.*}}) -> ({{(vector<16xf32>, ){9}vector<16xf32>}}) {
// CHECK-NOT: masked
func.func @remainder(%a: memref<16x8xf32>, %b: memref<8x20xf32>, %c: memref<16x20xf32>) {
  linalg.matmul {dyn.overwrite} ins(%a, %b : memref<16x8xf32>, memref<8x20xf32>) outs(%c : memref<16x20xf32>)
  return
}

// One row leaves registers for twice the columns.
// CHECK-LABEL: func.func @one_row(
// CHECK: scf.for %{{.*}} = %c0 to %c256 step %c128
// CHECK-COUNT-8: vector.load %arg1{{.*}} vector<16xf32>
// CHECK: scf.yield
func.func @one_row(%a: memref<1x8xf32>, %b: memref<8x256xf32>, %c: memref<1x256xf32>) {
  linalg.matmul {dyn.overwrite} ins(%a, %b : memref<1x8xf32>, memref<8x256xf32>) outs(%c : memref<1x256xf32>)
  return
}

// A row that fills the result before the product is where the accumulation starts, although another stands between.
// CHECK-LABEL: func.func @bias(
// CHECK-SAME: %[[ROW:[a-z0-9]*]]: memref<16xf32>, %[[OTHER:[a-z0-9]*]]: memref<4x16xf32>)
// CHECK-NOT: linalg.generic {{.*}}outs(%arg2
// CHECK: linalg.generic {{.*}}outs(%[[OTHER]]
// CHECK-NOT: vector.load %arg2
// CHECK: %[[START:.*]] = vector.load %[[ROW]][%c0]
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[START]], %{{.*}} = %[[START]],
#row = affine_map<(d0, d1) -> (d1)>
#same = affine_map<(d0, d1) -> (d0, d1)>
func.func @bias(%a: memref<4x8xf32>, %b: memref<8x16xf32>, %c: memref<4x16xf32>, %row: memref<16xf32>,
    %other: memref<4x16xf32>) {
  linalg.generic {indexing_maps = [#row, #same], iterator_types = ["parallel", "parallel"]}
      ins(%row : memref<16xf32>) outs(%c : memref<4x16xf32>) {
  ^bb0(%x: f32, %old: f32):
    linalg.yield %x : f32
  }
  linalg.generic {indexing_maps = [#row, #same], iterator_types = ["parallel", "parallel"]}
      ins(%row : memref<16xf32>) outs(%other : memref<4x16xf32>) {
  ^bb0(%x: f32, %old: f32):
    linalg.yield %x : f32
  }
  linalg.matmul ins(%a, %b : memref<4x8xf32>, memref<8x16xf32>) outs(%c : memref<4x16xf32>)
  return
}

// Two products into one result go on in the same registers, although something else is computed between them; when
// that changes a factor, they do not.
// CHECK-LABEL: func.func @chain(
// CHECK-NOT: vector.store %{{.*}}, %arg4
// CHECK: linalg.fill {{.*}}outs(%arg5
// CHECK: %[[FIRST:.*]]:4 = scf.for
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %[[FIRST]]#0,
// CHECK-LABEL: func.func @broken_chain(
// CHECK: scf.for
// CHECK: vector.store %{{.*}}, %arg4
// CHECK: linalg.fill {{.*}}outs(%arg0
// CHECK: vector.load %arg4
func.func @chain(%a: memref<4x8xf32>, %w: memref<8x16xf32>, %h: memref<4x9xf32>, %u: memref<9x16xf32>,
    %y: memref<4x16xf32>, %other: memref<4x16xf32>, %zero: f32) {
  linalg.matmul {dyn.overwrite} ins(%a, %w : memref<4x8xf32>, memref<8x16xf32>) outs(%y : memref<4x16xf32>)
  linalg.fill ins(%zero : f32) outs(%other : memref<4x16xf32>)
  linalg.matmul ins(%h, %u : memref<4x9xf32>, memref<9x16xf32>) outs(%y : memref<4x16xf32>)
  return
}
func.func @broken_chain(%a: memref<4x8xf32>, %w: memref<8x16xf32>, %h: memref<4x9xf32>, %u: memref<9x16xf32>,
    %y: memref<4x16xf32>, %zero: f32) {
  linalg.matmul {dyn.overwrite} ins(%a, %w : memref<4x8xf32>, memref<8x16xf32>) outs(%y : memref<4x16xf32>)
  linalg.fill ins(%zero : f32) outs(%a : memref<4x8xf32>)
  linalg.matmul ins(%h, %u : memref<4x9xf32>, memref<9x16xf32>) outs(%y : memref<4x16xf32>)
  return
}

// 64 columns of f64 are two tiles of 4 vectors of 8.
// CHECK-LABEL: func.func @wide(
// CHECK: scf.for %[[J:.*]] = %c0 to %c64 step %c32
// CHECK: scf.for {{.*}} iter_args
// CHECK: vector.load %arg1[%{{.*}}, %[[J]]] : memref<5x64xf64>, vector<8xf64>
// CHECK-NOT: masked
func.func @wide(%a: memref<4x5xf64>, %b: memref<5x64xf64>, %c: memref<4x64xf64>) {
  linalg.matmul {dyn.overwrite} ins(%a, %b : memref<4x5xf64>, memref<5x64xf64>) outs(%c : memref<4x64xf64>)
  return
}

// SPDX-License-Identifier: Apache-2.0
// A product keeps a tile of its result in registers over the inner dimension; columns that remain are masked.
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

// 11 rows of one vector: 8 at a time, then 3. Without dyn.overwrite the result is added to.
// CHECK-LABEL: func.func @accumulate(
// CHECK: vector.load %arg2[%c0, %c0] : memref<11x4xf32>, vector<4xf32>
// CHECK: vector.load %arg2[%c7, %c0]
// CHECK: %[[EIGHT:.*]]:8 = scf.for
// CHECK: vector.store %[[EIGHT]]#7, %arg2[%c7, %c0]
// CHECK: vector.load %arg2[%c8, %c0]
// CHECK: %[[THREE:.*]]:3 = scf.for
// CHECK: vector.store %[[THREE]]#2, %arg2[%c10, %c0]
// CHECK-NOT: scf.for
func.func @accumulate(%a: memref<11x5xf32>, %b: memref<5x4xf32>, %c: memref<11x4xf32>) {
  linalg.matmul ins(%a, %b : memref<11x5xf32>, memref<5x4xf32>) outs(%c : memref<11x4xf32>)
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

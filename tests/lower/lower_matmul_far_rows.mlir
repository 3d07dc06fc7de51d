// SPDX-License-Identifier: Apache-2.0
// A right factor whose rows are pages apart, and that many tiles read: the columns of a tile are put together on the
// stack. A large result that is added to is fetched a tile ahead. With dyn.add_product the product is summed from zero,
// and added at the end.
// RUN: overtime-opt %s --lower-matmul --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @gradient(
// CHECK-SAME: %[[X:.*]]: memref<128x32xf32>, %[[DZ:.*]]: memref<32x1024xf32>, %[[DW:.*]]: memref<128x1024xf32>)
// CHECK: %[[PANEL:.*]] = memref.alloca() {alignment = 64 : i64} : memref<32x64xf32>
// CHECK: scf.for %[[J:.*]] = %c0 to %c1024 step %c64
// CHECK: scf.for %[[K:.*]] = %c0 to %c32 step %c1
// CHECK: %[[ROW:.*]] = vector.load %[[DZ]][%[[K]], %[[J]]]
// CHECK: vector.store %[[ROW]], %[[PANEL]][%[[K]], %c0]
// CHECK: scf.for %[[I:.*]] = %c0 to %c128 step %c4
// CHECK-NOT: vector.load
// CHECK: memref.prefetch %[[DW]]
// CHECK: %[[SUM:.*]]:16 = scf.for %[[L:.*]] = %c0 to %c32 step %c1 {{.*}}iter_args(%{{.*}} = %cst,
// CHECK: vector.load %[[PANEL]][%[[L]], %c0]
// CHECK-NOT: vector.load %[[DZ]]
// CHECK: %[[BEFORE:.*]] = vector.load %[[DW]][%[[I]], %[[J]]]
// CHECK: %[[AFTER:.*]] = arith.addf %[[BEFORE]], %[[SUM]]#0
// CHECK: vector.store %[[AFTER]], %[[DW]][%[[I]], %[[J]]]
func.func @gradient(%x: memref<128x32xf32>, %dz: memref<32x1024xf32>, %dw: memref<128x1024xf32>) {
  linalg.matmul {dyn.add_product} ins(%x, %dz : memref<128x32xf32>, memref<32x1024xf32>)
    outs(%dw : memref<128x1024xf32>)
  return
}

// Few rows: each panel would be read once.
// CHECK-LABEL: func.func @few_rows(
// CHECK-NOT: memref.alloca
// CHECK-NOT: memref.prefetch
func.func @few_rows(%x: memref<8x32xf32>, %dz: memref<32x1024xf32>, %dw: memref<8x1024xf32>) {
  linalg.matmul ins(%x, %dz : memref<8x32xf32>, memref<32x1024xf32>) outs(%dw : memref<8x1024xf32>)
  return
}

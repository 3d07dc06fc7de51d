// SPDX-License-Identifier: Apache-2.0
// With dyn.events the columns of the left factor that are all zero in a tile of rows are left out: lists of the others
// are made before the loop over panels, and where the first tile has more than half of them, all are listed.
// RUN: overtime-opt %s --lower-matmul --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @events(
// CHECK-SAME: %[[X:.*]]: memref<8x64xf32>, %[[W:.*]]: memref<64x128xf32>, %[[Y:.*]]: memref<8x128xf32>)
// CHECK-DAG: %[[COLUMNS:.*]] = memref.alloca() {{.*}}: memref<192xi32>
// CHECK: scf.for {{.*}} iter_args
// CHECK: vector.load %[[X]]
// CHECK: arith.cmpf une
// CHECK: scf.while
// CHECK: math.cttz
// CHECK: memref.store %{{.*}}, %[[COLUMNS]]
// CHECK: scf.if
// CHECK: scf.for %[[J:.*]] = %c0 to %c128 step %c64
// CHECK: scf.for %[[I:.*]] = %c0 to %c8 step %c4
// CHECK: %[[BEGIN:.*]] = memref.load
// CHECK: %[[END:.*]] = memref.load
// CHECK: scf.for %[[PLACE:.*]] = %[[BEGIN]] to %[[END]] step %c1
// CHECK: memref.load %[[COLUMNS]][%[[PLACE]]]
// CHECK: math.fma
func.func @events(%x: memref<8x64xf32>, %w: memref<64x128xf32>, %y: memref<8x128xf32>) {
  linalg.matmul {dyn.events, dyn.overwrite} ins(%x, %w : memref<8x64xf32>, memref<64x128xf32>)
    outs(%y : memref<8x128xf32>)
  return
}

// Too few columns for a look at the data to pay.
// CHECK-LABEL: func.func @narrow(
// CHECK-NOT: scf.while
func.func @narrow(%x: memref<8x64xf32>, %w: memref<64x32xf32>, %y: memref<8x32xf32>) {
  linalg.matmul {dyn.events, dyn.overwrite} ins(%x, %w : memref<8x64xf32>, memref<64x32xf32>)
    outs(%y : memref<8x32xf32>)
  return
}

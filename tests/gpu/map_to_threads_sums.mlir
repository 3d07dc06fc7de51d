// SPDX-License-Identifier: Apache-2.0
// A long sum to one element: 256 partial sums, whoever computes them, then one thread adds them up in their order.
// RUN: overtime-opt %s --map-to-threads | FileCheck %s --implicit-check-not=linalg

// CHECK-LABEL: func.func @mean(
// CHECK-SAME: dyn.block_threads = 256 : i64, dyn.blocks = 1 : i64
// CHECK: scf.for %{{.*}} to %arg0 step
// CHECK: scf.for %[[N:.*]] = %{{.*}} to %c5000_i32 step %c256_i32{{.*}} iter_args(%{{.*}} = %cst)
// CHECK: arith.divui %[[N]]
// CHECK: memref.load %arg1
// CHECK: arith.addf
// CHECK: memref.store %{{.*}}, %[[PARTS:.*]][
// CHECK: nvvm.barrier0
// CHECK: scf.if
// CHECK: memref.load %arg2
// CHECK: scf.for {{.*}} iter_args
// CHECK: memref.load %[[PARTS]]
// CHECK: arith.addf
// CHECK: memref.store %{{.*}}, %arg2[]
// CHECK: nvvm.barrier0
// CHECK: } {dyn.time_loop}
func.func @mean(%steps: index, %v: memref<50x100xf32>, %m: memref<f32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.reduce ins(%v : memref<50x100xf32>) outs(%m : memref<f32>) dimensions = [0, 1]
      (%a: f32, %b: f32) {
        %c = arith.addf %a, %b : f32
        linalg.yield %c : f32
      }
  } {dyn.time_loop}
  return
}

// SPDX-License-Identifier: Apache-2.0
// Products that need no state are computed for 16 steps at once; the last steps, fewer than 16, compute them as before.
// RUN: overtime-opt %s --hoist-over-time --split-input-file | FileCheck %s

// An encoder and the input's product of a recurrent layer leave the step. What the step adds stands on their result.
// CHECK-LABEL: func.func @encoder_and_rnn(
// CHECK-SAME: %[[STEPS:[a-z0-9]*]]: index, %[[H:[a-z0-9]*]]: memref<1x32xf32>
// CHECK: scf.for %[[C:.*]] = %{{.*}} to %[[STEPS]] step %c16
// CHECK:   %[[LEFT:.*]] = arith.subi %[[STEPS]], %[[C]]
// CHECK:   %[[N:.*]] = arith.minui %[[LEFT]], %c16
// CHECK:   %[[WHOLE:.*]] = arith.cmpi eq, %[[N]], %c16
// CHECK:   scf.if %[[WHOLE]] {
// CHECK:     scf.for %[[J:.*]] = %c0{{.*}} to %c16
// CHECK:       %[[I:.*]] = arith.addi %[[C]], %[[J]]
// CHECK:       %[[AT:.*]] = arith.muli %[[I]], %c64
// CHECK:       %[[ROW:.*]] = memref.reinterpret_cast %{{.*}} to offset: [%[[AT]]]
// CHECK:       linalg.generic {{.*}} ins(%[[ROW]]
// CHECK:     linalg.matmul {dyn.overwrite} {{.*}} outs(%[[E:.*]] : memref<16x32xf32>)
// CHECK:     linalg.generic {{.*}} ins(%[[E]] : memref<16x32xf32>) outs(%[[R:.*]] : memref<16x32xf32>)
// CHECK:     linalg.matmul {dyn.overwrite} ins(%[[R]], {{.*}}outs(%{{.*}} : memref<16x32xf32>)
// CHECK-NOT: linalg.matmul
// CHECK:   scf.for %[[K:.*]] = %c0{{.*}} to %[[N]]
// CHECK:     %[[BYTE:.*]] = arith.muli %[[K]], %c128
// CHECK:     memref.view %{{.*}}[%[[BYTE]]]{{.*}} to memref<1x32xf32>
// CHECK:     scf.if %[[WHOLE]] {
// CHECK-NEXT: } else {
// CHECK:       linalg.matmul {dyn.overwrite} {{.*}}memref<1x64xf32
// CHECK:       linalg.matmul {dyn.overwrite} {{.*}} outs(%[[Y:.*]] : memref<1x32xf32>)
// CHECK:     } {dyn.short_chunk}
// CHECK:     linalg.matmul ins(%[[H]], {{.*}}outs(%[[Y]]
// CHECK:     linalg.generic {{.*}} ins(%[[Y]] {{.*}}outs(%[[H]]
// CHECK:   } {dyn.time_loop}
#same = affine_map<(d0, d1) -> (d0, d1)>
func.func @encoder_and_rnn(%steps: index, %h: memref<1x32xf32>, %we: memref<64x32xf32>, %wi: memref<32x32xf32>,
    %wh: memref<32x32xf32>, %x: memref<1x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  %e = memref.alloc() : memref<1x32xf32>
  %r = memref.alloc() : memref<1x32xf32>
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %c64 : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %we : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%e : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%e : memref<1x32xf32>) outs(%r : memref<1x32xf32>) {
    ^bb0(%a: f32, %old: f32):
      %m = math.absf %a : f32
      linalg.yield %m : f32
    }
    linalg.matmul {dyn.overwrite} ins(%r, %wi : memref<1x32xf32>, memref<32x32xf32>) outs(%y : memref<1x32xf32>)
    linalg.matmul ins(%h, %wh : memref<1x32xf32>, memref<32x32xf32>) outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %old: f32):
      %m = math.absf %a : f32
      linalg.yield %m : f32
    }
  } {dyn.time_loop}
  return
}

// -----

// A product that writes an output: its rows are copied, one a step, since a stride of 0 leaves the last one.
// CHECK-LABEL: func.func @output(
// CHECK: linalg.matmul {dyn.overwrite} {{.*}} outs(%{{.*}} : memref<16x32xf32>)
// CHECK: scf.if %{{.*}} {
// CHECK:   %[[FROM:.*]] = memref.view
// CHECK:   %[[TO:.*]] = memref.reinterpret_cast
// CHECK:   linalg.generic {{.*}} ins(%[[FROM]] {{.*}}outs(%[[TO]]
// CHECK: } else {
// CHECK:   linalg.matmul {dyn.overwrite} {{.*}} outs(%{{.*}} : memref<1x32xf32, strided<[32, 1], offset: ?>>)
// CHECK: } {dyn.short_chunk}
// CHECK-NOT: linalg
func.func @output(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %out: memref<1x32xf32>, %stride: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c64 = arith.constant 64 : index
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %c64 : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    %to = arith.muli %k, %stride : index
    %y = memref.reinterpret_cast %out to offset: [%to], sizes: [1, 32], strides: [32, 1]
        : memref<1x32xf32> to memref<1x32xf32, strided<[32, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32, strided<[32, 1], offset: ?>>)
  } {dyn.time_loop}
  return
}

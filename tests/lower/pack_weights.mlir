// SPDX-License-Identifier: Apache-2.0
// A large parameter is copied into panels before the loop when the run has many steps; the chain of products
// on it, with its bias, becomes a loop over panels. The last 32 columns are no whole panel: they are read in place.
// RUN: overtime-opt %s --pack-weights --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @panels(
// CHECK-SAME: %[[STEPS:[a-z0-9]*]]: index
// CHECK-SAME: %[[W:[a-z0-9]*]]: memref<512x160xf32>
// CHECK: %[[MANY:.*]] = arith.cmpi sge, %[[STEPS]], %{{.*}} : index
// CHECK: memref.alloc() : memref<65536xf32>
// CHECK: scf.if %[[MANY]] {
// CHECK-NEXT: %{{.*}} = arith.constant 0
// CHECK: scf.for
// CHECK: memref.subview %[[W]]
// CHECK: linalg.generic
// CHECK: %[[MEMORY:.*]] = arith.select %[[MANY]], %{{.*}}, %{{.*}} : memref<?xf32>
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[STEPS]]
// CHECK:   scf.for %[[J:.*]] =
// CHECK:     %[[OUT:.*]] = memref.subview {{.*}}[0, %[[J]]] [4, 64]
// CHECK:     linalg.generic {{.*}}outs(%[[OUT]]
// CHECK:     %[[PANEL:.*]] = memref.reinterpret_cast %[[MEMORY]]{{.*}} sizes: [512, 64]
// CHECK:     linalg.matmul ins(%{{.*}}, %[[PANEL]] {{.*}}outs(%[[OUT]]
// CHECK:   %[[REST:.*]] = memref.subview %[[W]][0, %{{.*}}] [512, 32]
// CHECK:   linalg.matmul ins(%{{.*}}, %[[REST]]
#row = affine_map<(d0, d1) -> (d1)>
#same = affine_map<(d0, d1) -> (d0, d1)>
func.func @panels(%steps: index, %h: memref<4x512xf32>, %w: memref<512x160xf32>, %b: memref<160xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %gates = memref.alloc() : memref<4x160xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#row, #same], iterator_types = ["parallel", "parallel"]}
        ins(%b : memref<160xf32>) outs(%gates : memref<4x160xf32>) {
    ^bb0(%x: f32, %old: f32):
      linalg.yield %x : f32
    }
    linalg.matmul ins(%h, %w : memref<4x512xf32>, memref<512x160xf32>) outs(%gates : memref<4x160xf32>)
  } {dyn.time_loop}
  return
}

// -----

// A state is no parameter: the step writes it, so that a copy would be out of date.
// CHECK-LABEL: func.func @state(
// CHECK-NOT: scf.if
// CHECK: linalg.matmul
// CHECK-NOT: scf.if
func.func @state(%steps: index, %h: memref<4x512xf32>, %w: memref<512x160xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %y = memref.alloc() : memref<4x160xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%h, %w : memref<4x512xf32>, memref<512x160xf32>) outs(%y : memref<4x160xf32>)
    linalg.fill ins(%zero : f32) outs(%w : memref<512x160xf32>)
  } {dyn.time_loop}
  return
}

// -----

// Columns that begin where a panel does share a copy of the whole parameter with other products: here those from 128 on,
// the third panel. A run of few steps reads them in place.
// CHECK-LABEL: func.func @columns(
// CHECK-SAME: %[[STEPS:[a-z0-9]*]]: index, %{{.*}}, %[[W:[a-z0-9]*]]: memref<512x256xf32>
// CHECK: memref.alloc() : memref<131072xf32>
// CHECK-NOT: memref.alloc
// CHECK: memref.collapse_shape %[[W]]
// CHECK: arith.select %{{.*}}, %{{.*}}, %{{.*}} : memref<?xf32>
// CHECK: %[[PACKED:.*]] = arith.constant 65536 : index
// CHECK: %[[GIVEN:.*]] = arith.constant 128 : index
// CHECK: arith.select %{{.*}}, %[[PACKED]], %[[GIVEN]] : index
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[STEPS]]
// CHECK:   linalg.matmul {{.*}}memref<512x64xf32, strided<[?, 1], offset: ?>>
// CHECK:   linalg.matmul {{.*}}memref<512x64xf32, strided<[?, 1], offset: ?>>
func.func @columns(%steps: index, %h: memref<4x512xf32>, %w: memref<512x256xf32>, %y: memref<4x128xf32>,
    %z: memref<4x256xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %part = memref.subview %w[0, 128] [512, 128] [1, 1]
      : memref<512x256xf32> to memref<512x128xf32, strided<[256, 1], offset: 128>>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%h, %part : memref<4x512xf32>, memref<512x128xf32, strided<[256, 1], offset: 128>>)
        outs(%y : memref<4x128xf32>)
    linalg.matmul {dyn.overwrite} ins(%h, %w : memref<4x512xf32>, memref<512x256xf32>) outs(%z : memref<4x256xf32>)
  } {dyn.time_loop}
  return
}

// -----

// What is computed before the loop is packed behind it.
// CHECK-LABEL: func.func @transposed(
// CHECK: %[[T:.*]] = memref.alloc() : memref<512x160xf32>
// CHECK: linalg.transpose {{.*}} outs(%[[T]]
// CHECK: scf.if
// CHECK: memref.subview %[[T]]
// CHECK: {dyn.time_loop}
func.func @transposed(%steps: index, %h: memref<4x512xf32>, %w: memref<160x512xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %t = memref.alloc() : memref<512x160xf32>
  %y = memref.alloc() : memref<4x160xf32>
  linalg.transpose ins(%w : memref<160x512xf32>) outs(%t : memref<512x160xf32>) permutation = [1, 0]
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%h, %t : memref<4x512xf32>, memref<512x160xf32>) outs(%y : memref<4x160xf32>)
  } {dyn.time_loop}
  return
}

// SPDX-License-Identifier: Apache-2.0
// Rows of a batch of networks are lanes: each has events of its own, and synapses are the same for all.
// RUN: split-file %s %t
// RUN: overtime-opt %t/rows.mlir --split-lanes=threads=2 | FileCheck %s
// RUN: overtime-opt %t/rows.mlir --split-lanes=threads=8 | FileCheck %s --check-prefix=FEW
// RUN: overtime-opt %t/rows.mlir --split-lanes=processors=108 --canonicalize | FileCheck %s --check-prefix=GPU
// RUN: overtime-opt %t/mixed.mlir --split-lanes | FileCheck %s --check-prefix=MIXED --implicit-check-not=dyn.parts

// A wide row is a tile of its own.
// CHECK-LABEL: func.func @wide(
// CHECK-SAME: dyn.parts = 4 : i64
// CHECK: scf.for %[[R:.*]] = %{{.*}} to %{{.*}} step %c1
// CHECK-DAG: %[[S:.*]] = memref.subview %arg1[%[[R]], 0] [1, 1000] [1, 1]
// CHECK-DAG: %[[G:.*]] = memref.subview %arg4[%[[R]], 0] [1, 1000] [1, 1]
// CHECK: scf.for %{{.*}} = %{{.*}} to %arg0
// CHECK: linalg.generic {{.*}} outs(%[[G]] :
// CHECK: dyn.propagate %[[S]] through (%arg2, %arg3) weight %{{.*}} into %[[G]] {ascending}
// CHECK: dyn.propagate %[[S]] drawn <seed = 3, posts = 1000, number = 8> weight %{{.*}} into %[[G]]
// CHECK: dyn.collect %[[G]] through (%arg2, %arg3) weight %{{.*}} into
// CHECK: } {dyn.time_loop}
// Parts that run later would find the place in the ring moved on already.
// CHECK-LABEL: func.func @ring(
// CHECK: scf.for %{{.*}} = %c0 to %arg0
// CHECK: memref.store %{{[^{]*}} : memref<f32>

// Few rows would leave threads without work.
// FEW-LABEL: func.func @wide(
// FEW-NOT: dyn.parts
// FEW: dyn.propagate %arg1 through

// A ring of delays has its rows after the slots. Its place is a scalar that all rows carry, and the last one to run stores.
// GPU-LABEL: func.func @wide(
// GPU-SAME: dyn.parts = 4 : i64
// GPU-LABEL: func.func @ring(
// GPU-SAME: dyn.parts = 4 : i64
// GPU: %[[START:.*]] = memref.load %arg3[]
// GPU: scf.for %[[R:.*]] = %{{.*}} to %{{.*}} step %c1
// GPU-DAG: %[[RING:.*]] = memref.subview %arg1[0, %[[R]], 0] [16, 1, 20] [1, 1, 1]
// GPU-DAG: %[[S:.*]] = memref.subview %arg2[%[[R]], 0] [1, 20] [1, 1]
// GPU: %[[LAST:.*]] = scf.for %{{.*}} = %c0 to %arg0 step %c1 iter_args(%{{.*}} = %[[START]]) -> (f32)
// GPU: %[[ROW:.*]] = memref.subview %[[RING]][%[[SLOT:.*]], 0, 0] [1, 1, 20] [1, 1, 1]
// GPU: %[[OLD:.*]] = memref.collapse_shape %[[ROW]] {{\[\[}}0, 1], [2]]
// GPU: dyn.propagate %[[OLD]] drawn
// GPU: dyn.read_delayed %[[RING]] at %[[SLOT]] by %arg5 into %[[S]]
// GPU: memref.subview %[[RING]][%[[SLOT]], 0, 0] [1, 1, 20] [1, 1, 1] : {{.*}} to memref<1x20xi8
// GPU: scf.yield
// GPU: memref.store %[[LAST]], %arg3[] {dyn.after_all}

//--- rows.mlir
#id2 = affine_map<(d0, d1) -> (d0, d1)>
func.func @wide(%steps: index, %s: memref<4x1000xi8>, %offsets: memref<1001xi32>, %targets: memref<8000xi16>,
    %g: memref<4x1000xf32>, %a: memref<4x1000xf32>, %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant 0.5 : f32
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id2], iterator_types = ["parallel", "parallel"]} outs(%g : memref<4x1000xf32>) {
    ^bb0(%x: f32):
      %y = arith.mulf %x, %w : f32
      linalg.yield %y : f32
    }
    dyn.propagate %s through (%offsets, %targets) weight %w into %g {ascending}
        : memref<4x1000xi8>, memref<1001xi32>, memref<8000xi16>, f32, memref<4x1000xf32>
    dyn.propagate %s drawn <seed = 3, posts = 1000, number = 8> weight %w into %g
        : memref<4x1000xi8>, f32, memref<4x1000xf32>
    dyn.collect %g through (%offsets, %targets) weight %w into %a
        : memref<4x1000xf32>, memref<1001xi32>, memref<8000xi16>, f32, memref<4x1000xf32>
  } {dyn.time_loop}
  return
}

func.func @ring(%steps: index, %ring: memref<16x4x20xi8>, %s: memref<4x20xi8>, %slot: memref<f32>, %g: memref<4x20xf32>,
    %delays: memref<20xi32>, %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant 0.5 : f32
  %start = memref.load %slot[] : memref<f32>
  %end = scf.for %k = %c0 to %steps step %c1 iter_args(%f = %start) -> (f32) {
    %n = arith.fptosi %f : f32 to i64
    %at = arith.index_cast %n : i64 to index
    %row = memref.subview %ring[%at, 0, 0] [1, 4, 20] [1, 1, 1]
        : memref<16x4x20xi8> to memref<1x4x20xi8, strided<[80, 20, 1], offset: ?>>
    %old = memref.collapse_shape %row [[0, 1], [2]]
        : memref<1x4x20xi8, strided<[80, 20, 1], offset: ?>> into memref<4x20xi8, strided<[20, 1], offset: ?>>
    dyn.propagate %old drawn <seed = 3, posts = 20, number = 8> weight %w into %g
        : memref<4x20xi8, strided<[20, 1], offset: ?>>, f32, memref<4x20xf32>
    dyn.read_delayed %ring at %at by %delays into %s : memref<16x4x20xi8>, memref<20xi32>, memref<4x20xi8>
    %place = memref.subview %ring[%at, 0, 0] [1, 4, 20] [1, 1, 1]
        : memref<16x4x20xi8> to memref<4x20xi8, strided<[20, 1], offset: ?>>
    linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%s : memref<4x20xi8>) outs(%place : memref<4x20xi8, strided<[20, 1], offset: ?>>) {
    ^bb0(%x: i8, %y: i8):
      linalg.yield %x : i8
    }
    %next = arith.addf %f, %w : f32
    scf.yield %next : f32
  } {dyn.time_loop}
  memref.store %end, %slot[] : memref<f32>
  return
}

// A learning rule changes weights that all rows share; without a batch sources and targets are mixed.
// MIXED-LABEL: func.func @learning(
// MIXED: dyn.correlate %arg1, %arg2 through
// MIXED-LABEL: func.func @alone(
// MIXED: dyn.propagate %arg1 drawn
//--- mixed.mlir
#id = affine_map<(d0) -> (d0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>
func.func @learning(%steps: index, %s: memref<4x10xi8>, %g: memref<4x10xf32>, %offsets: memref<11xi32>,
    %targets: memref<80xi32>, %w: memref<80xf32>, %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f32
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id2], iterator_types = ["parallel", "parallel"]} outs(%g : memref<4x10xf32>) {
    ^bb0(%x: f32):
      %y = arith.mulf %x, %half : f32
      linalg.yield %y : f32
    }
    dyn.correlate %s, %g through (%offsets, %targets) into %w
        : memref<4x10xi8>, memref<4x10xf32>, memref<11xi32>, memref<80xi32>, memref<80xf32>
  } {dyn.time_loop}
  return
}
func.func @alone(%steps: index, %s: memref<10xi8>, %g: memref<10xf32>, %first: index, %last: index)
    attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %half = arith.constant 0.5 : f32
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%g : memref<10xf32>) {
    ^bb0(%x: f32):
      %y = arith.mulf %x, %half : f32
      linalg.yield %y : f32
    }
    dyn.propagate %s drawn <seed = 3, posts = 10, number = 8> weight %half into %g : memref<10xi8>, f32, memref<10xf32>
  } {dyn.time_loop}
  return
}

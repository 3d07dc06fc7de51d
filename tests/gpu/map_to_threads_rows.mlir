// SPDX-License-Identifier: Apache-2.0
// A batch of many rows with small weights: a block has all columns of its rows and a copy of the weights, each thread one
// column of four rows. It waits for no other block.
// RUN: overtime-opt %s --split-lanes="processors=16" --map-to-threads="processors=16" \
// RUN:   | FileCheck %s --implicit-check-not=linalg --implicit-check-not=overtime_grid_barrier

// CHECK: memref.global "private" @layer_shared : memref<4096xi8, 3>
// CHECK-LABEL: func.func @layer(
// CHECK-SAME: dyn.block_threads = 256 : i64, dyn.blocks = 32 : i64
// CHECK-SAME: dyn.rows_apart
// CHECK: %[[W:.*]] = memref.view {{.*}} to memref<32x32x1xf32>
// CHECK: memref.load %arg1
// CHECK: memref.store {{.*}}, %[[W]]
// CHECK: nvvm.barrier0
// CHECK: scf.for %{{.*}} to %arg0 step
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32)
// CHECK: memref.load %[[W]]
// CHECK: nvvm.barrier0
// CHECK: arith.maximumf
// CHECK: memref.store %{{.*}}, %arg2
// CHECK: nvvm.barrier0
// CHECK: } {dyn.time_loop}
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @layer(%steps: index, %w: memref<32x32xf32>, %v: memref<1024x32xf32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = memref.alloc() : memref<1024x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%v, %w : memref<1024x32xf32>, memref<32x32xf32>) outs(%y : memref<1024x32xf32>)
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1024x32xf32>) outs(%v : memref<1024x32xf32>) {
    ^bb0(%p: f32, %q: f32):
      %zero = arith.constant 0.0 : f32
      %c = arith.maximumf %p, %zero : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

// SPDX-License-Identifier: Apache-2.0
// A recurrent step whose weights are large: each block has some columns and rows of every matrix, and its part of the
// weights in its shared memory. Blocks wait for each other once in a step, since the state lies in two halves besides.
// RUN: overtime-opt %s --map-to-threads="processors=64" | FileCheck %s --implicit-check-not=linalg

// CHECK: memref.global @layer_shared : memref<0xi8, 3>
// CHECK-LABEL: func.func @layer(
// CHECK-SAME: dyn.block_threads = 128 : i64, dyn.blocks = 64 : i64, dyn.cooperative = "all"
// CHECK-SAME: dyn.launch_shared_bytes = 131072 : i64
// The columns of this thread, and its rows: 32 blocks across, 8 columns each, and 2 down, of 16 groups of rows.
// CHECK: arith.remui %{{.*}}, %c8_i32
// CHECK: arith.divui %{{.*}}, %c8_i32
// CHECK: arith.divui %{{.*}}, %c32_i32
// What blocks hand to each other before the first step, then the weights of the block, in the order of its threads.
// CHECK: call @overtime_grid_barrier
// CHECK: %[[W:.*]] = memref.view {{.*}} to memref<256x8x16xf32>
// CHECK: memref.load %arg1
// CHECK: memref.store {{.*}}, %[[W]]
// CHECK: nvvm.barrier0
// CHECK: scf.for %[[K:.*]] = %c0{{.*}} to %arg0 step
// CHECK: arith.andi %[[K]], %c1
// CHECK: memref.subview {{.*}} {dyn.half = 0 : i64}
// Four terms of sums of four parts in a pass: two rows.
// CHECK-NOT: call @overtime_grid_barrier
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32, f32, f32, f32, f32)
// CHECK: vector.load {{.*}} : memref<64x256xf32, {{.*}}>, vector<4xf32>
// CHECK: vector.load %[[W]]{{.*}} : memref<256x8x16xf32>, vector<4xf32>
// The same thread goes on with what it has summed up.
// CHECK-NOT: call @overtime_grid_barrier
// CHECK: memref.store %{{.*}}, %arg2
// CHECK: call @overtime_grid_barrier
// CHECK-NOT: call @overtime_grid_barrier
// CHECK: } {dyn.time_loop}
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @layer(%steps: index, %w: memref<256x4096xf32>, %v: memref<64x256xf32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = memref.alloc() : memref<64x4096xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%v, %w : memref<64x256xf32>, memref<256x4096xf32>) outs(%y : memref<64x4096xf32>)
    %a = memref.subview %y[0, 256] [64, 256] [1, 1] : memref<64x4096xf32> to memref<64x256xf32, strided<[4096, 1], offset: 256>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%a : memref<64x256xf32, strided<[4096, 1], offset: 256>>) outs(%v : memref<64x256xf32>) {
    ^bb0(%p: f32, %q: f32):
      %c = arith.mulf %p, %p : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

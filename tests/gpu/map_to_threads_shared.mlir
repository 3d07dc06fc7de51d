// SPDX-License-Identifier: Apache-2.0
// A step that mixes elements is shared by the threads of a block, or of a grid, which wait where they exchange numbers.
// RUN: split-file %s %t
// RUN: overtime-opt %t/block.mlir --map-to-threads | FileCheck %s --implicit-check-not=linalg
// RUN: overtime-opt %t/block.mlir --map-to-threads | FileCheck %s --check-prefix=ALIAS
// RUN: overtime-opt %t/grid.mlir --map-to-threads | FileCheck %s --check-prefix=GRID --implicit-check-not=linalg

// The product reads all of v, which the second operation wrote in the step before: one barrier. The second reads of y
// what the same thread has written: none. y lies in shared memory.
// CHECK: memref.global "private" @layer_shared : memref<{{[0-9]+}}xi8, 3> = uninitialized
// CHECK-LABEL: func.func @layer(
// CHECK-SAME: dyn.block_threads = 64 : i64, dyn.blocks = 1 : i64
// CHECK-SAME: dyn.workspace_bytes = 0 : i64
// CHECK: %[[T:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK: memref.get_global @layer_shared
// CHECK: scf.for %{{.*}} to %arg0 step
// CHECK-NOT: nvvm.barrier0
// CHECK: scf.if
// CHECK: scf.for %{{.*}} iter_args(%{{.*}}) -> (f32)
// CHECK-NOT: nvvm.barrier0
// CHECK: arith.mulf
// CHECK: memref.store %{{.*}}, %arg2
// CHECK: nvvm.barrier0
// CHECK: } {dyn.time_loop}
// LLVM must not keep what other threads write; what nobody writes it may.
// ALIAS-LABEL: func.func @layer(
// ALIAS-SAME: %arg1: memref<40x40xf32> {llvm.noalias}, %arg2: memref<1x40xf32>, %arg3
//--- block.mlir
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @layer(%steps: index, %w: memref<40x40xf32> {llvm.noalias}, %v: memref<1x40xf32> {llvm.noalias}, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = memref.alloc() : memref<1x40xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%v, %w : memref<1x40xf32>, memref<40x40xf32>) outs(%y : memref<1x40xf32>)
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x40xf32>) outs(%v : memref<1x40xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.mulf %a, %a : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

// GRID-LABEL: func.func @many(
// GRID-SAME: dyn.block_threads = 128 : i64, dyn.blocks = 16 : i64, dyn.cooperative = "most"
// GRID: scf.for %{{.*}} to %arg0
// GRID: scf.for
// GRID: memref.store
// GRID: call @overtime_grid_barrier
// GRID: } {dyn.time_loop}
// The fences order what blocks wrote; the addition alone would order nothing.
// GRID: func.func private @overtime_grid_barrier(
// GRID: nvvm.barrier0
// GRID: llvm.fence syncscope("device") acq_rel
// GRID: llvm.atomicrmw add {{.*}} syncscope("device") monotonic
// GRID: scf.while
// GRID: llvm.load {{.*}} atomic syncscope("device") acquire
// GRID: llvm.fence syncscope("device") acq_rel
// GRID: nvvm.barrier0
//--- grid.mlir
#id = affine_map<(d0) -> (d0)>
#reversed = affine_map<(d0) -> (1999 - d0)>
func.func @many(%steps: index, %v: memref<2000xf32>, %u: memref<2000xf32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#reversed, #id], iterator_types = ["parallel"]}
        ins(%u : memref<2000xf32>) outs(%v : memref<2000xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%v : memref<2000xf32>) outs(%u : memref<2000xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

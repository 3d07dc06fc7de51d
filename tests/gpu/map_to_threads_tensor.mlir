// SPDX-License-Identifier: Apache-2.0
// A program that allows it multiplies on tensor cores: a warp has 4 units and 8 groups of rows, the block's weights lie as
// its threads take them, rounded already.
// RUN: sed 's/FORMAT/tf32/' %s | overtime-opt --map-to-threads="processors=32" | FileCheck %s --check-prefixes=CHECK,TF32
// RUN: sed 's/FORMAT/bf16/' %s | overtime-opt --map-to-threads="processors=32" | FileCheck %s --check-prefixes=CHECK,BF16
// RUN: sed 's/FORMAT/tf32/' %s | overtime-opt --map-to-threads="processors=32 tensor-cores=false" \
// RUN:   | FileCheck %s --check-prefix=NONE --implicit-check-not=nvvm.mma

// CHECK-LABEL: func.func @layer(
// CHECK: arith.remui {{.*}}, %c32_i32
// Before the first step: 16 passes of 16 terms, 4 times 4 units, 2 pairs of gates, what each of 32 threads reads.
// TF32: memref.view {{.*}} to memref<16x{{[0-9]+}}x2x32x4xi32>
// BF16: memref.view {{.*}} to memref<16x{{[0-9]+}}x2x32x2xi32>
// CHECK: scf.for %{{.*}} to %arg0
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (f32, f32, f32, f32, f32, f32, f32, f32)
// TF32: vector.load {{.*}} vector<4xf32>
// TF32-COUNT-4: llvm.call_intrinsic "llvm.nvvm.f2tf32.rna"
// TF32: vector.load {{.*}} vector<4xi32>
// TF32-COUNT-4: llvm.call_intrinsic "llvm.nvvm.mma.m16n8k8.row.col.tf32"
// BF16: vector.load {{.*}} vector<4xf32>
// BF16-COUNT-2: llvm.call_intrinsic "llvm.nvvm.ff2bf16x2.rn"
// BF16: vector.load {{.*}} vector<2xi32>
// BF16-COUNT-2: llvm.call_intrinsic "llvm.nvvm.mma.m16n8k16.row.col.bf16"
// CHECK: call @overtime_grid_barrier
// CHECK: } {dyn.time_loop}
// NONE: arith.mulf
#id = affine_map<(d0, d1) -> (d0, d1)>
func.func @layer(%steps: index, %w: memref<256x1024xf32>, %v: memref<64x256xf32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program, dyn.matmul_precision = "FORMAT"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = memref.alloc() : memref<64x1024xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%v, %w : memref<64x256xf32>, memref<256x1024xf32>) outs(%y : memref<64x1024xf32>)
    %a = memref.subview %y[0, 256] [64, 256] [1, 1] : memref<64x1024xf32> to memref<64x256xf32, strided<[1024, 1], offset: 256>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
        ins(%a : memref<64x256xf32, strided<[1024, 1], offset: 256>>) outs(%v : memref<64x256xf32>) {
    ^bb0(%p: f32, %q: f32):
      %c = arith.mulf %p, %p : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

// SPDX-License-Identifier: Apache-2.0
// Events go to their targets, and targets add them up after the team has waited: once in a step for all projections.
// RUN: overtime-opt %s --map-to-threads | FileCheck %s --implicit-check-not=dyn.propagate

// CHECK-LABEL: func.func @network(
// CHECK-SAME: dyn.block_threads = 64 : i64, dyn.blocks = 1 : i64
// One weight for all: a count for each target, for even and for odd steps. Weights of their own: places for the numbers
// of the synapses, as many as a target has.
// CHECK: scf.for %[[STEP:.*]] = %{{.*}} to %{{.*}} step
// CHECK: arith.andi %[[STEP]], %c1
// CHECK: nvvm.vote.sync ballot
// CHECK: scf.while
// CHECK: math.cttz
// CHECK: llvm.atomicrmw add {{.*}} syncscope("device") monotonic
// CHECK: nvvm.vote.sync ballot
// CHECK: llvm.atomicrmw add
// CHECK: memref.store %{{.*}} : memref<1600xi32>
// CHECK-NOT: nvvm.vote
// CHECK: nvvm.barrier0
// The sums of the first, then those of the second, and what uses them.
// CHECK: arith.addf %{{.*}}, %arg6
// CHECK: arith.addf
// CHECK: arith.mulf
// CHECK-NOT: nvvm.barrier0
// CHECK: } {dyn.time_loop}
#id = affine_map<(d0) -> (d0)>
func.func @network(%steps: index, %spikes: memref<50xi8>, %offsets: memref<51xi32>, %targets: memref<800xi32>,
    %weights: memref<800xf32>, %g: memref<50xf32>, %w: f32, %h: memref<50xf32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    dyn.propagate %spikes through (%offsets, %targets) weight %w into %g
        : memref<50xi8>, memref<51xi32>, memref<800xi32>, f32, memref<50xf32>
    dyn.propagate %spikes through (%offsets, %targets) weight %weights into %h
        : memref<50xi8>, memref<51xi32>, memref<800xi32>, memref<800xf32>, memref<50xf32>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%h : memref<50xf32>) outs(%g : memref<50xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.mulf %a, %b : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

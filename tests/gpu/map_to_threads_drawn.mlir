// SPDX-License-Identifier: Apache-2.0
// A warp draws the targets of a source. Where a count at each target says all it goes as with stored synapses; else events
// get ranks, and their bits at a target say in which order it adds them.
// RUN: overtime-opt %s --map-to-threads --canonicalize | FileCheck %s --implicit-check-not=dyn.propagate --implicit-check-not=dyn.collect

// CHECK-DAG: memref.global "private" constant @dyn.gaps.[[GAPS:.]] : memref<256xi64>

// Flags and gaps: no wait between the draws and the step's own.
// CHECK-LABEL: func.func @gaps(
// CHECK-SAME: dyn.block_threads = 64 : i64, dyn.blocks = 1 : i64
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %arg0
// CHECK: nvvm.vote.sync ballot
// The words of a group, 32 of them at a time: each is a gap, and a target lies where those before it end.
// CHECK: %[[TABLE:.*]] = memref.get_global @dyn.gaps.[[GAPS]]
// CHECK: scf.while
// CHECK: arith.muli %{{.*}}, %c3528531795_i64
// CHECK: scf.for
// CHECK: memref.load %[[TABLE]]
// CHECK-COUNT-5: nvvm.shfl.sync up
// CHECK: nvvm.shfl.sync idx
// CHECK: llvm.atomicrmw add {{.*}} syncscope("device") monotonic
// CHECK: nvvm.barrier0
// CHECK: arith.addf
// CHECK-NOT: nvvm.barrier0
// CHECK: } {dyn.time_loop}
func.func @gaps(%steps: index, %spikes: memref<50xi8>, %w: f32, %g: memref<50xf32>, %ws: memref<0xi8>, %first: index,
    %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    dyn.propagate %spikes drawn <seed = 3, posts = 50, probability = 2.0e-02 : f64> weight %w into %g
        : memref<50xi8>, f32, memref<50xf32>
  } {dyn.time_loop}
  return
}

// Numbers: events of blocks are counted, and no event is one wait in a step.
// CHECK-LABEL: func.func @strengths(
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %arg0
// CHECK: math.ctpop
// CHECK: llvm.atomicrmw add
// CHECK: nvvm.barrier0
// CHECK: scf.if
// CHECK: nvvm.barrier0
// A round: an event marks its targets, and after the team has waited they add in the order of the bits.
// CHECK: scf.for
// CHECK: nvvm.vote.sync ballot
// CHECK: arith.mulf %{{.*}}, %arg2
// CHECK: llvm.atomicrmw _or
// CHECK: nvvm.barrier0
// CHECK: math.cttz
// CHECK: arith.addf
// CHECK: } {dyn.time_loop}
func.func @strengths(%steps: index, %events: memref<50xf32>, %w: f32, %g: memref<50xf32>, %ws: memref<0xi8>,
    %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    dyn.propagate %events drawn <seed = 3, posts = 50, probability = 2.0e-02 : f64> weight %w into %g
        : memref<50xf32>, f32, memref<50xf32>
  } {dyn.time_loop}
  return
}

// By number: a choice is taken where an earlier turn has marked it, an earlier thread has it, or one has come to it.
// CHECK-LABEL: func.func @number(
// CHECK: math.ctpop
// CHECK: llvm.load %{{.*}} atomic syncscope("device") monotonic
// CHECK: nvvm.match.sync any
// CHECK: nvvm.vote.sync ballot
// CHECK: scf.while
// CHECK: llvm.atomicrmw _or
// CHECK: nvvm.bar.warp.sync
func.func @number(%steps: index, %spikes: memref<50xi8>, %w: f32, %g: memref<50xf32>, %ws: memref<0xi8>,
    %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    dyn.propagate %spikes drawn <seed = 3, posts = 50, number = 8> weight %w into %g : memref<50xi8>, f32, memref<50xf32>
  } {dyn.time_loop}
  return
}

// The transpose: a warp adds a row up thread by thread. Marks are for 32 warps here, for which memory has room; 2,000
// sources have 63, which take turns.
// CHECK-LABEL: func.func @collect(
// CHECK: memref.view %{{.*}} : memref<{{.*}}xi8> to memref<30000000xi32>
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %arg0
// CHECK: scf.for %{{.*}} = %c0_i32{{.*}} to %c64_i32{{.*}} step %c32_i32
// CHECK: nvvm.shfl.sync idx
// CHECK: arith.addf
// CHECK: llvm.atomicrmw _and
// CHECK: memref.store %{{.*}}, %arg3
// CHECK: call @overtime_grid_barrier
// CHECK: } {dyn.time_loop}
func.func @collect(%steps: index, %values: memref<30000000xf32>, %w: f32, %a: memref<2000xf32>, %ws: memref<0xi8>,
    %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    dyn.collect %values drawn <seed = 3, posts = 30000000, number = 8> weight %w into %a
        : memref<30000000xf32>, f32, memref<2000xf32>
  } {dyn.time_loop}
  return
}

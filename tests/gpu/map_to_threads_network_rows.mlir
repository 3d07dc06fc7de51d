// SPDX-License-Identifier: Apache-2.0
// Rows of a batch of networks have a block each. The place in a ring of delays, which all of them read at the start and
// carry, is stored by the block that is the last to count.
// RUN: overtime-opt %s --pass-pipeline='builtin.module(func.func(split-lanes{processors=108}),map-to-threads)' | FileCheck %s

// CHECK-LABEL: func.func @rows(
// CHECK-SAME: dyn.block_threads = 64 : i64, dyn.blocks = 4 : i64
// CHECK-NOT: dyn.cooperative
// CHECK-SAME: dyn.workspace_bytes = 64 : i64
// CHECK: %[[START:.*]] = memref.load %arg3[]
// CHECK: scf.for
// CHECK: %[[LAST:.*]] = scf.for %{{.*}} iter_args(%{{.*}} = %[[START]]) -> (f32)
// CHECK: nvvm.vote.sync ballot
// CHECK: } {dyn.time_loop}
// CHECK: nvvm.barrier0
// CHECK: scf.if
// CHECK: llvm.fence syncscope("device") acq_rel
// CHECK: %[[BEFORE:.*]] = llvm.atomicrmw add
// CHECK: llvm.fence syncscope("device") acq_rel
// CHECK: arith.cmpi eq, %[[BEFORE]], %c3_i32
// CHECK: scf.if
// CHECK: llvm.atomicrmw xchg
// CHECK: memref.store %[[LAST]], %arg3[]
#id2 = affine_map<(d0, d1) -> (d0, d1)>
func.func @rows(%steps: index, %ring: memref<16x4x50xi8>, %s: memref<4x50xi8>, %slot: memref<f32>, %g: memref<4x50xf32>,
    %delays: memref<50xi32>, %ws: memref<0xi8>, %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant 0.5 : f32
  %start = memref.load %slot[] : memref<f32>
  %end = scf.for %k = %c0 to %steps step %c1 iter_args(%f = %start) -> (f32) {
    %n = arith.fptosi %f : f32 to i64
    %at = arith.index_cast %n : i64 to index
    dyn.read_delayed %ring at %at by %delays into %s : memref<16x4x50xi8>, memref<50xi32>, memref<4x50xi8>
    dyn.propagate %s drawn <seed = 3, posts = 50, probability = 2.0e-01 : f64> weight %w into %g
        : memref<4x50xi8>, f32, memref<4x50xf32>
    %next = arith.addf %f, %w : f32
    scf.yield %next : f32
  } {dyn.time_loop}
  memref.store %end, %slot[] : memref<f32>
  return
}

// SPDX-License-Identifier: Apache-2.0
// Draws become Philox 4x32-10 on vectors: two products of even and of odd blocks in each round give four vectors.
// RUN: overtime-opt %s --lower-random | FileCheck %s
// RUN: overtime-opt %s --lower-random --canonicalize | FileCheck %s --check-prefix=KNOWN

// Two groups of 64 elements in a loop. In f32 a round is two products for even and two for odd blocks, less those of
// what all blocks share; four vectors come out.
// CHECK-LABEL: func.func @groups(
// CHECK: scf.for
// CHECK-COUNT-4: arith.muli {{.*}} : vector<8xi64>
// CHECK-COUNT-4: vector.store {{.*}} vector<16xf32>
// CHECK-NOT: linalg.generic
// CHECK-NOT: dyn.random
func.func @groups(%seed: i64, %step: i64, %out: memref<128xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      outs(%out : memref<128xf32>) {
  ^bb0(%old: f32):
    %e = linalg.index 0 : index
    %u = dyn.random "uniform" %seed, %step stream 7 at (%e) of [128] : f32
    linalg.yield %u : f32
  }
  return
}

// A part of a larger array whose place is not known: whole groups are stored as they are, others under a mask.
// CHECK-LABEL: func.func @part(
// CHECK: scf.for
// CHECK-COUNT-2: math.sqrt {{.*}} : vector<16xf32>
// CHECK-NOT: math.sqrt
// CHECK: scf.if
// CHECK-COUNT-4: vector.store
// CHECK: else
// CHECK-COUNT-4: vector.maskedstore
func.func @part(%seed: i64, %step: i64, %out: memref<64xf32>, %first: index) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
      outs(%out : memref<64xf32>) {
  ^bb0(%old: f32):
    %e = linalg.index 0 : index
    %at = arith.addi %e, %first : index
    %z = dyn.random "normal" %seed, %step stream 7 at (%at) of [1000] : f32
    linalg.yield %z : f32
  }
  return
}

// All rows of a matrix are one range; five elements take a narrow vector.
// CHECK-LABEL: func.func @rows(
// CHECK: memref.collapse_shape
// CHECK-NOT: scf.for
// CHECK: vector.maskedstore {{.*}} vector<8xf32>
// CHECK-NOT: vector.maskedstore
// CHECK: return
func.func @rows(%seed: i64, %step: i64, %out: memref<1x5xf32>) {
  linalg.generic {indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>], iterator_types = ["parallel", "parallel"]}
      outs(%out : memref<1x5xf32>) {
  ^bb0(%old: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %u = dyn.random "uniform" %seed, %step stream 7 at (%i, %j) of [1, 5] : f32
    linalg.yield %u : f32
  }
  return
}

// Counter 0 and key 0 give the word 6627e8d5 (known answers of Random123): 24 bits of it, and 53 with another word.
// KNOWN-LABEL: func.func @known_answer(
// KNOWN-DAG: %[[F:.*]] = arith.constant 0.399046421 : f32
// KNOWN-DAG: %[[D:.*]] = arith.constant 0.39904647081822131 : f64
// KNOWN-NEXT: return %[[F]], %[[D]]
func.func @known_answer() -> (f32, f64) {
  %zero = arith.constant 0 : i64
  %f = dyn.random "uniform" %zero, %zero stream 0 : f32
  %d = dyn.random "uniform" %zero, %zero stream 0 : f64
  return %f, %d : f32, f64
}

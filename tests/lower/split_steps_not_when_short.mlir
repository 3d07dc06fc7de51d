// SPDX-License-Identifier: Apache-2.0
// No team: for one thread, for a step shorter than its barriers, for independent lanes, and where nothing can be cut.
// RUN: overtime-opt %s --split-steps="threads=8" | FileCheck %s --implicit-check-not=overtime_barrier
// RUN: overtime-opt %s --split-steps="threads=1 always" | FileCheck %s --implicit-check-not=overtime_barrier

#id = affine_map<(d0) -> (d0)>
#scalar = affine_map<(d0) -> ()>

// CHECK-NOT: .team
// CHECK-LABEL: func.func @short(
func.func @short(%steps: index, %v: memref<64xf32>, %work: memref<0xi8>, %first: index, %last: index)
    attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %x0 = memref.load %v[%c0] : memref<64xf32>
    linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel"]}
        ins(%x0 : f32) outs(%v : memref<64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
  } {dyn.time_loop}
  return
}

// CHECK-NOT: .team
// CHECK-LABEL: func.func @lanes(
func.func @lanes(%steps: index, %v: memref<100000xf32>, %work: memref<0xi8>, %first: index, %last: index)
    attributes {dyn.program, dyn.parts = 4 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%v : memref<100000xf32>) {
    ^bb0(%y: f32):
      %z = math.exp %y : f32
      linalg.yield %z : f32
    }
  } {dyn.time_loop}
  return
}

// CHECK-NOT: .team
// CHECK-LABEL: func.func @sum(
func.func @sum(%steps: index, %v: memref<100000xf32>, %s: memref<f32>, %work: memref<0xi8>, %first: index, %last: index)
    attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.reduce { arith.addf } ins(%v : memref<100000xf32>) outs(%s : memref<f32>) dimensions = [0]
  } {dyn.time_loop}
  return
}

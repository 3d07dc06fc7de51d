// SPDX-License-Identifier: Apache-2.0
// Where a step lets one lane see another, or writes what all lanes share, the loop over time stays outside.
// RUN: overtime-opt %s --split-lanes | FileCheck %s --implicit-check-not=memref.subview

#id = affine_map<(d0) -> (d0)>
#scalar = affine_map<(d0) -> ()>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>

// Every neuron reads all others: the sum over inputs runs over the state.
// CHECK-LABEL: func.func @recurrent(
// CHECK: scf.for %{{.*}} = %c0 to %arg0
// CHECK: linalg.generic {{.*}} outs(%arg2 : memref<100xf32>)
func.func @recurrent(%steps: index, %v: memref<100xf32>, %sum: memref<100xf32>) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#column, #row], iterator_types = ["parallel", "reduction"]}
        ins(%v : memref<100xf32>) outs(%sum : memref<100xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      linalg.yield %c : f32
    }
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%sum : memref<100xf32>) outs(%v : memref<100xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// All neurons read the first one.
// CHECK-LABEL: func.func @first(
// CHECK: scf.for %{{.*}} = %c0 to %arg0
// CHECK-NEXT: memref.load %arg1[%c0]
// CHECK-NEXT: linalg.generic {{.*}} outs(%arg1 : memref<100xf32>)
func.func @first(%steps: index, %v: memref<100xf32>) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %first = memref.load %v[%c0] : memref<100xf32>
    linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel"]}
        ins(%first : f32) outs(%v : memref<100xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %b : f32
      linalg.yield %c : f32
    }
  } {dyn.time_loop}
  return
}

// A uniform state is written once a step, not once a tile and step.
// CHECK-LABEL: func.func @uniform(
// CHECK: scf.for %{{.*}} = %c0 to %arg0 {{.*}} iter_args
// CHECK-NEXT: linalg.generic {{.*}} outs(%arg1 : memref<100xf32>)
func.func @uniform(%steps: index, %v: memref<100xf32>, %s: f32) -> f32 attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %k = %c0 to %steps step %c1 iter_args(%a = %s) -> f32 {
    linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel"]}
        ins(%a : f32) outs(%v : memref<100xf32>) {
    ^bb0(%x: f32, %b: f32):
      linalg.yield %x : f32
    }
    %n = arith.addf %a, %a : f32
    scf.yield %n : f32
  } {dyn.time_loop}
  return %r : f32
}

// SPDX-License-Identifier: Apache-2.0
// Products from the left, shifts along the lanes and outputs without lanes keep the loop over time outside.
// RUN: overtime-opt %s --split-lanes | FileCheck %s

#id = affine_map<(d0) -> (d0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>

// W h mixes the rows of h, h W would not.
// CHECK-LABEL: func.func @from_the_left(
// CHECK-NOT: memref.subview
// CHECK: linalg.matmul {dyn.overwrite} ins(%arg2, %arg1 :
// CHECK-NOT: memref.subview
func.func @from_the_left(%steps: index, %h: memref<96x4xf32>, %w: memref<96x96xf32>) attributes {dyn.program} {
  %n = memref.alloc() : memref<96x4xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%w, %h : memref<96x96xf32>, memref<96x4xf32>) outs(%n : memref<96x4xf32>)
    linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%n : memref<96x4xf32>) outs(%h : memref<96x4xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// Every neuron takes the value of its neighbour.
// CHECK-LABEL: func.func @neighbour(
// CHECK: scf.for %{{.*}} = %c0 to %arg0
// CHECK-NEXT: memref.subview %arg1[1] [99] [1]
// CHECK-NOT: memref.subview
func.func @neighbour(%steps: index, %v: memref<100xf32>, %n: memref<99xf32>) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %next = memref.subview %v[1] [99] [1] : memref<100xf32> to memref<99xf32, strided<[1], offset: 1>>
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%next : memref<99xf32, strided<[1], offset: 1>>) outs(%n : memref<99xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// A mean field: the sum of all neurons is one number.
// CHECK-LABEL: func.func @mean_field(
// CHECK-NOT: memref.subview
// CHECK: linalg.reduce {{.*}}ins(%arg1 : memref<100xf32>)
// CHECK-NOT: memref.subview
func.func @mean_field(%steps: index, %v: memref<100xf32>, %sum: memref<f32>) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%v : memref<100xf32>) outs(%v : memref<100xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = math.exp %a : f32
      linalg.yield %c : f32
    }
    linalg.reduce { arith.addf } ins(%v : memref<100xf32>) outs(%sum : memref<f32>) dimensions = [0]
  } {dyn.time_loop}
  return
}

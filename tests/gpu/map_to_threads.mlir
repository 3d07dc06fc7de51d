// SPDX-License-Identifier: Apache-2.0
// A program on memory, cut to one lane, becomes a kernel: the part is the number of the thread, a step is scalar code.
// RUN: split-file %s %t
// RUN: overtime-opt %t/lanes.mlir --map-to-threads | FileCheck %s --implicit-check-not=linalg
// RUN: not overtime-opt %t/other.mlir --map-to-threads 2>&1 | FileCheck %s --check-prefix=OTHER

// The range of parts is no argument any more, and threads beyond the last lane run no step.
// CHECK-LABEL: func.func @neurons(
// CHECK-SAME: %[[STEPS:[a-z0-9]*]]: index, %[[V:[a-z0-9]*]]: memref<300xf32>, %{{[a-z0-9]*}}: memref<0xi8>)
// CHECK-SAME: dyn.block_threads = 32 : i64, dyn.blocks = 10 : i64
// CHECK-DAG: %[[BLOCK:.*]] = nvvm.read.ptx.sreg.ctaid.x
// CHECK-DAG: %[[THREAD:.*]] = nvvm.read.ptx.sreg.tid.x
// CHECK: %[[BASE:.*]] = arith.muli %[[BLOCK]], %c32_i32{{.*}} : i32
// CHECK: %[[NUMBER:.*]] = arith.addi %[[BASE]], %[[THREAD]] : i32
// CHECK: %[[LANE:.*]] = arith.index_castui %[[NUMBER]] : i32 to index
// CHECK: %[[NEXT:.*]] = arith.addi %[[LANE]], %c1{{.*}}
// CHECK: %[[END:.*]] = arith.minui %[[NEXT]], %c300
// CHECK: memref.alloca() : memref<1xf32>
// CHECK: scf.for %[[I:.*]] = %[[LANE]] to %[[END]] step
// CHECK: %[[OWN:.*]] = memref.subview %[[V]][%[[I]]] [1] [1]
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[STEPS]] step
// CHECK: %[[Z:.*]] = arith.constant 0 : index
// CHECK: memref.load %[[OWN]][%[[Z]]]
// CHECK: memref.store %{{.*}}, %[[OWN]][
// CHECK: } {dyn.time_loop}

//--- lanes.mlir
#id = affine_map<(d0) -> (d0)>
func.func @neurons(%steps: index, %v: memref<300xf32>, %ws: memref<0xi8>, %first: index, %last: index)
    attributes {dyn.program, dyn.parts = 300 : i64} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %passing = memref.alloc() : memref<1xf32>
  scf.for %lane = %first to %last step %c1 {
    %own = memref.subview %v[%lane] [1] [1] : memref<300xf32> to memref<1xf32, strided<[1], offset: ?>>
    scf.for %k = %c0 to %steps step %c1 {
      linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
          ins(%own : memref<1xf32, strided<[1], offset: ?>>) outs(%passing : memref<1xf32>) {
      ^bb0(%a: f32, %b: f32):
        %c = arith.addf %a, %a : f32
        linalg.yield %c : f32
      }
      linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
          ins(%passing : memref<1xf32>) outs(%own : memref<1xf32, strided<[1], offset: ?>>) {
      ^bb0(%a: f32, %b: f32):
        %c = arith.mulf %a, %a : f32
        linalg.yield %c : f32
      }
    } {dyn.time_loop}
  }
  return
}

// What has no scalar form.
// OTHER: other.mlir:5:5: error: 'dyn.list_events' has no lowering to a GPU yet
//--- other.mlir
func.func @f(%steps: index, %flags: memref<8xi8>, %list: memref<8xi32>, %count: memref<1xi32>, %ws: memref<0xi8>,
    %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  scf.for %k = %c0 to %steps step %steps {
    dyn.list_events %flags from %c0 into %list, %count : memref<8xi8>, memref<8xi32>, memref<1xi32>
  } {dyn.time_loop}
  return
}

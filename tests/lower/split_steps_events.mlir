// SPDX-License-Identifier: Apache-2.0
// Threads that share the targets of synapses read lists of events, not the flags: who sets flags lists them. Steps take
// turns with two lists, so that one barrier is enough.
// RUN: overtime-opt %s --split-steps="threads=2 always" | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @network.team(
// CHECK-DAG: memref.alloc() {dyn.shared} : memref<2x128xi32>
// CHECK-DAG: memref.alloc() {dyn.shared} : memref<2x32xi32>
// CHECK: scf.for %[[K:.*]] = %{{.*}}
// CHECK-DAG: %[[TURN:.*]] = arith.andi %[[K]], %{{.*}} : index
// CHECK-DAG: memref.subview %{{.*}}[%{{.*}}, 0] [1, 128] [1, 1]
// CHECK: scf.for %[[AT:.*]] = %{{.*}} to %{{.*}} step %c64
// CHECK: linalg.generic
// CHECK: dyn.list_events %{{.*}} from %[[AT]] into %{{.*}}, %{{.*}} : memref<64xi8, {{.*}}>, memref<64xi32, {{.*}}>, memref<1xi32, {{.*}}>
// CHECK: call @overtime_barrier
// CHECK: scf.for %[[TO:.*]] = %{{.*}} to %{{.*}} step %c64
// CHECK: dyn.propagate %{{.*}} from %[[TO]] into %{{.*}} listed %{{.*}} counts %{{.*}} {ascending, first_listed = 28 : i64, list_chunk = 64 : i64}
// CHECK-NOT: overtime_barrier
// CHECK: } {dyn.time_loop}
// CHECK-LABEL: func.func @network(
// CHECK-NOT: list_events
func.func @network(%steps: index, %g: memref<128xf32>, %spike: memref<128xi8>, %o: memref<101xi32>, %t: memref<800xi32>,
                   %work: memref<0xi8>, %stride: i64, %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %w = arith.constant 0.5 : f32
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        outs(%g, %spike : memref<128xf32>, memref<128xi8>) {
    ^bb0(%x: f32, %s: i8):
      %above = arith.cmpf ogt, %x, %w : f32
      %flag = arith.extui %above : i1 to i8
      %y = arith.mulf %x, %w : f32
      linalg.yield %y, %flag : f32, i8
    }
    %from = memref.subview %spike[28] [100] [1] : memref<128xi8> to memref<100xi8, strided<[1], offset: 28>>
    dyn.propagate %from through (%o, %t) weight %w into %g {ascending} : memref<100xi8, strided<[1], offset: 28>>, memref<101xi32>, memref<800xi32>, f32, memref<128xf32>
  } {dyn.time_loop}
  return
}

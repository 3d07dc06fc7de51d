// SPDX-License-Identifier: Apache-2.0
// An operation whose size is an argument: a loop over whole vectors, then the rest under a mask when there is one.
// RUN: overtime-opt %s --vectorize-elementwise=vector-bits=512 | FileCheck %s

// CHECK-LABEL: func.func @any(
// CHECK: %[[N:.*]] = memref.dim
// CHECK: %[[REST:.*]] = arith.remui %[[N]], %{{.*}} : index
// CHECK: %[[WHOLE:.*]] = arith.subi %[[N]], %[[REST]] : index
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %[[WHOLE]] step
// CHECK:   vector.load %{{.*}}[%[[K]]] : {{.*}}vector<16xf32>
// CHECK:   math.exp %{{.*}} : vector<16xf32>
// CHECK:   vector.store
// CHECK: %[[MORE:.*]] = arith.cmpi ne, %[[REST]]
// CHECK: scf.if %[[MORE]] {
// CHECK:   %[[MASK:.*]] = vector.create_mask %[[REST]] : vector<16xi1>
// CHECK:   vector.maskedload %{{.*}}[%[[WHOLE]]], %[[MASK]]
// CHECK:   vector.maskedstore %{{.*}}[%[[WHOLE]]], %[[MASK]]
#id = affine_map<(d0) -> (d0)>
func.func @any(%x: memref<?xf32, strided<[1], offset: ?>>, %y: memref<?xf32, strided<[1], offset: ?>>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : memref<?xf32, strided<[1], offset: ?>>) outs(%y : memref<?xf32, strided<[1], offset: ?>>) {
  ^bb0(%a: f32, %old: f32):
    %e = math.exp %a : f32
    linalg.yield %e : f32
  }
  return
}

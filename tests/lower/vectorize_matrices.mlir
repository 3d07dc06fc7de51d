// SPDX-License-Identifier: Apache-2.0
// Contiguous matrices are one dimension, rows of strided ones a loop; a transposed operand is left to upstream.
// RUN: overtime-opt %s --vectorize-elementwise | FileCheck %s

#id = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#transposed = affine_map<(d0, d1) -> (d1, d0)>

// CHECK-LABEL: func.func @contiguous(
// CHECK: %[[V:.*]] = memref.collapse_shape %arg0
// CHECK: vector.constant_mask [12] : vector<16xi1>
// CHECK: vector.maskedload %[[V]]
func.func @contiguous(%v: memref<3x4xf32>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
      ins(%v : memref<3x4xf32>) outs(%v : memref<3x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    %c = math.absf %a : f32
    linalg.yield %c : f32
  }
  return
}

// A bias along the rows is a vector, one along the columns a scalar that is spread.
// CHECK-LABEL: func.func @bias(
// CHECK-NOT: memref.collapse_shape
// CHECK: scf.for %[[I:.*]] = %c0 to %c3
// CHECK: %[[W:.*]] = vector.load %arg1[%{{.*}}] : memref<4xf32>, vector<4xf32>
// CHECK: %[[U:.*]] = memref.load %arg2[%[[I]]]
// CHECK: %[[S:.*]] = vector.broadcast %[[U]] : f32 to vector<4xf32>
// CHECK: %[[Y:.*]] = arith.addf %[[W]], %[[S]]
// CHECK: vector.store %[[Y]], %arg0[%[[I]], %{{.*}}] : memref<3x4xf32, strided<[7, 1], offset: ?>>, vector<4xf32>
func.func @bias(%v: memref<3x4xf32, strided<[7, 1], offset: ?>>, %w: memref<4xf32>, %u: memref<3xf32>) {
  linalg.generic {indexing_maps = [#column, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%w, %u : memref<4xf32>, memref<3xf32>) outs(%v : memref<3x4xf32, strided<[7, 1], offset: ?>>) {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %d = arith.addf %a, %b : f32
    linalg.yield %d : f32
  }
  return
}

// The element's number counts over all lanes of a vector.
// CHECK-LABEL: func.func @index(
// CHECK: %[[START:.*]] = vector.broadcast %c0 : index to vector<8xindex>
// CHECK: %[[LANE:.*]] = vector.step : vector<8xindex>
// CHECK: arith.addi %[[START]], %[[LANE]]
func.func @index(%v: memref<5xi64>) {
  linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]} outs(%v : memref<5xi64>) {
  ^bb0(%b: i64):
    %i = linalg.index 0 : index
    %c = arith.index_cast %i : index to i64
    linalg.yield %c : i64
  }
  return
}

// CHECK-LABEL: func.func @transposed(
// CHECK: linalg.generic
func.func @transposed(%v: memref<3x4xf32>, %w: memref<4x3xf32>) {
  linalg.generic {indexing_maps = [#transposed, #id], iterator_types = ["parallel", "parallel"]}
      ins(%w : memref<4x3xf32>) outs(%v : memref<3x4xf32>) {
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  }
  return
}

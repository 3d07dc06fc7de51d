// SPDX-License-Identifier: Apache-2.0
// Elementwise operations on memory become vectors of the register's width, with one masked vector for the remainder.
// RUN: overtime-opt %s --vectorize-elementwise | FileCheck %s
// RUN: overtime-opt %s --vectorize-elementwise=vector-bits=128 | FileCheck %s --check-prefix=NARROW

#id = affine_map<(d0) -> (d0)>
#scalar = affine_map<(d0) -> ()>

// 35 = 2 * 16 + 3. All loads of the two whole vectors come before their stores; scalars are loaded once.
// CHECK-LABEL: func.func @remainder(
// CHECK: %[[T:.*]] = memref.load %arg1[]
// CHECK: %[[A:.*]] = vector.load %arg0[%c0] : memref<35xf32>, vector<16xf32>
// CHECK-NEXT: %[[B:.*]] = vector.load %arg0[%c16] : memref<35xf32>, vector<16xf32>
// CHECK: %[[TA:.*]] = vector.broadcast %[[T]] : f32 to vector<16xf32>
// CHECK: %[[MA:.*]] = arith.mulf %[[A]], %[[TA]] : vector<16xf32>
// CHECK-NEXT: %[[MB:.*]] = arith.mulf %[[B]], %{{.*}} : vector<16xf32>
// CHECK-NEXT: vector.store %[[MA]], %arg0[%c0]
// CHECK-NEXT: vector.store %[[MB]], %arg0[%c16]
// CHECK: %[[MASK:.*]] = vector.constant_mask [3] : vector<16xi1>
// CHECK: vector.maskedload %arg0[%c32], %[[MASK]]
// CHECK: vector.maskedstore %arg0[%c32], %[[MASK]]
// CHECK-NOT: linalg.generic
// NARROW-LABEL: func.func @remainder(
// NARROW-COUNT-8: vector.load {{.*}} vector<4xf32>
// NARROW: vector.constant_mask [3] : vector<4xi1>
func.func @remainder(%v: memref<35xf32>, %tau: memref<f32>) {
  linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]}
      ins(%v, %tau : memref<35xf32>, memref<f32>) outs(%v : memref<35xf32>) {
  ^bb0(%a: f32, %t: f32, %b: f32):
    %c = arith.mulf %a, %t : f32
    linalg.yield %c : f32
  }
  return
}

// Many vectors are a loop; the widest element decides how many lanes there are.
// CHECK-LABEL: func.func @long(
// CHECK: scf.for %[[I:.*]] = %c0 to %c1024 step %c8
// CHECK: vector.load %arg0[%[[I]]] : memref<1024xf32>, vector<8xf32>
// CHECK: arith.extf %{{.*}} : vector<8xf32> to vector<8xf64>
// CHECK: vector.store %{{.*}}, %arg1[%[[I]]] : memref<1024xf64>, vector<8xf64>
func.func @long(%v: memref<1024xf32>, %w: memref<1024xf64>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%v : memref<1024xf32>) outs(%w : memref<1024xf64>) {
  ^bb0(%a: f32, %b: f64):
    %c = arith.extf %a : f32 to f64
    linalg.yield %c : f64
  }
  return
}

// One element needs no vector.
// CHECK-LABEL: func.func @single(
// CHECK: %[[X:.*]] = memref.load %arg0[%c0]
// CHECK: %[[Y:.*]] = math.absf %[[X]] : f64
// CHECK: memref.store %[[Y]], %arg0[%c0]
func.func @single(%v: memref<1xf64>) {
  linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%v : memref<1xf64>) outs(%v : memref<1xf64>) {
  ^bb0(%a: f64, %b: f64):
    %c = math.absf %a : f64
    linalg.yield %c : f64
  }
  return
}

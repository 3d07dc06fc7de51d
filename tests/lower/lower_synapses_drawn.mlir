// SPDX-License-Identifier: Apache-2.0
// The rule is a constant of the module, and a row is a call that adds to a part of the targets.
// RUN: overtime-opt %s --lower-synapses | FileCheck %s

// One rule, one constant: seed, posts, number, whether it skips its own, share, segment, bits of the table of gaps.
// CHECK-DAG: memref.global "private" constant @[[RULE:.*]] : memref<7xi64> = dense<[3, 50, 8, 0, 4294967296, 50, 0]>
// CHECK-DAG: memref.global "private" constant @{{.*}} : memref<11xi64>
// CHECK-DAG: func.func private @overtime_add_row_f32(index, index, f32, index, index, index)
// CHECK-DAG: func.func private @overtime_sum_row_f64(index, index, f64, index) -> f64

// CHECK-LABEL: func.func @flags(
// CHECK-SAME: %[[S:[a-z0-9]*]]: memref<100xi8>, %[[W:[a-z0-9]*]]: f32, %[[G:[a-z0-9]*]]: memref<50xf32>
// CHECK: vector.load %[[S]]
// CHECK: scf.while
// CHECK: scf.for %[[SOURCE:.*]] =
// CHECK: %[[TABLE:.*]] = memref.get_global @[[RULE]]
// CHECK: %[[WORDS:.*]] = memref.extract_aligned_pointer_as_index %[[TABLE]]
// CHECK: %[[TO:.*]] = memref.extract_aligned_pointer_as_index %[[G]]
// CHECK: func.call @overtime_add_row_f32(%[[WORDS]], %[[SOURCE]], %[[W]], %{{.*}}, %{{.*}}, %{{.*}})
func.func @flags(%s: memref<100xi8>, %w: f32, %g: memref<50xf32>) {
  dyn.propagate %s drawn <seed = 3, posts = 50, number = 8> weight %w into %g : memref<100xi8>, f32, memref<50xf32>
  return
}

// A part of the targets of the same rule, for numbers as events.
// CHECK-LABEL: func.func @part(
// CHECK-SAME: %[[FROM:[a-z0-9]*]]: index
// CHECK: arith.mulf
// CHECK: memref.get_global @[[RULE]]
// CHECK: %[[LAST:.*]] = arith.addi %[[FROM]], %{{.*}}
// CHECK: func.call @overtime_add_row_f32(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %[[FROM]], %[[LAST]])
func.func @part(%s: memref<100xf32>, %w: f32, %g: memref<25xf32>, %from: index) {
  dyn.propagate %s drawn <seed = 3, posts = 50, number = 8> weight %w from %from into %g : memref<100xf32>, f32, memref<25xf32>
  return
}

// CHECK-LABEL: func.func @sums(
// CHECK: scf.for
// CHECK: %[[SUM:.*]] = func.call @overtime_sum_row_f64
// CHECK: arith.addf %{{.*}}, %[[SUM]]
func.func @sums(%v: memref<50xf64>, %w: f64, %a: memref<100xf64>) {
  dyn.collect %v drawn <seed = 3, posts = 50, probability = 1.0 : f64> weight %w into %a : memref<50xf64>, f64, memref<100xf64>
  return
}

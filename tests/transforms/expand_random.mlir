// SPDX-License-Identifier: Apache-2.0
// A draw of an array becomes one of each element, which knows its indices; a single number stays what it is.
// RUN: overtime-opt %s --expand-random | FileCheck %s

// CHECK-LABEL: func.func @matrix(
// CHECK-SAME: %[[SEED:.*]]: i64, %[[STEP:.*]]: i64
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} outs(
// CHECK: %[[I:.*]] = linalg.index 0
// CHECK: %[[J:.*]] = linalg.index 1
// CHECK: %[[U:.*]] = dyn.random "uniform" %[[SEED]], %[[STEP]] stream 5 at (%[[I]], %[[J]]) of [2, 3] : f32
// CHECK: linalg.yield %[[U]]
// CHECK-NOT: dyn.random
func.func @matrix(%seed: i64, %step: i64) -> tensor<2x3xf32> {
  %u = dyn.random "uniform" %seed, %step stream 5 : tensor<2x3xf32>
  return %u : tensor<2x3xf32>
}

// CHECK-LABEL: func.func @scalar(
// CHECK-NEXT: dyn.random "normal" %{{.*}} stream 5 : f64
func.func @scalar(%seed: i64, %step: i64) -> f64 {
  %z = dyn.random "normal" %seed, %step stream 5 : f64
  return %z : f64
}

// SPDX-License-Identifier: Apache-2.0
// Random numbers become Philox 4x32-10 on a counter of their own, in 64-bit integers.
// RUN: overtime-opt %s --expand-random | FileCheck %s
// RUN: overtime-opt %s --expand-random --canonicalize | FileCheck %s --check-prefix=KNOWN

// One linalg.generic without inputs: the element's number is all that a lane knows.
// CHECK-LABEL: func.func @matrix(
// CHECK: linalg.generic {{.*}} iterator_types = ["parallel", "parallel"]} outs(
// CHECK-DAG: %[[I:.*]] = linalg.index 0
// CHECK-DAG: %[[J:.*]] = linalg.index 1
// CHECK-DAG: %[[COLUMNS:.*]] = arith.constant 3 : i64
// CHECK: %[[ROW:.*]] = arith.muli %{{.*}}, %[[COLUMNS]] : i64
// CHECK: %[[ELEMENT:.*]] = arith.addi %[[ROW]], %{{.*}} : i64
// CHECK: arith.muli %[[ELEMENT]], %c3528531795_i64
// CHECK-COUNT-19: arith.muli
// CHECK-NOT: arith.muli
// CHECK: arith.sitofp {{.*}} : i64 to f32
// CHECK: arith.constant 5.96046448E-8 : f32
// CHECK: linalg.yield
// CHECK-NOT: dyn.random_uniform
func.func @matrix(%seed: i64, %step: i64) -> tensor<2x3xf32> {
  %u = dyn.random_uniform %seed, %step stream 5 : tensor<2x3xf32>
  return %u : tensor<2x3xf32>
}

// Counter 0 and key 0 give the words 6627e8d5 e169c58d (known answers of Random123): 24 bits of them, and 53.
// KNOWN-LABEL: func.func @known_answer(
// KNOWN-DAG: %[[F:.*]] = arith.constant 0.399046421 : f32
// KNOWN-DAG: %[[D:.*]] = arith.constant 0.39904647231489565 : f64
// KNOWN-NEXT: return %[[F]], %[[D]]
func.func @known_answer() -> (f32, f64) {
  %zero = arith.constant 0 : i64
  %f = dyn.random_uniform %zero, %zero stream 0 : f32
  %d = dyn.random_uniform %zero, %zero stream 0 : f64
  return %f, %d : f32, f64
}

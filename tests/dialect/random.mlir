// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s | overtime-opt | FileCheck %s
// RUN: overtime-opt %s -cse | FileCheck %s --check-prefix=CSE

// CHECK-LABEL: func.func @types
func.func @types(%seed: i64, %i: i64, %row: index, %column: index) -> (f32, tensor<128x20xf64>, f64) {
  // CHECK: dyn.random "uniform" %{{.*}}, %{{.*}} stream 7 : f32
  %a = dyn.random "uniform" %seed, %i stream 7 : f32
  // CHECK: dyn.random "uniform" %{{.*}}, %{{.*}} stream -1 : tensor<128x20xf64>
  %b = dyn.random "uniform" %seed, %i stream -1 : tensor<128x20xf64>
  // CHECK: dyn.random "normal" %{{.*}}, %{{.*}} stream 8 at (%arg2, %arg3) of [128, 20] : f64
  %c = dyn.random "normal" %seed, %i stream 8 at (%row, %column) of [128, 20] : f64
  return %a, %b, %c : f32, tensor<128x20xf64>, f64
}

// One stream at one step is one draw: the op is pure.
// CSE-LABEL: func.func @same_key
func.func @same_key(%seed: i64, %i: i64) -> (f32, f32, f32) {
  // CSE: %[[A:.*]] = dyn.random "uniform" %{{.*}}, %{{.*}} stream 1 : f32
  // CSE: %[[C:.*]] = dyn.random "uniform" %{{.*}}, %{{.*}} stream 2 : f32
  // CSE: return %[[A]], %[[A]], %[[C]]
  %a = dyn.random "uniform" %seed, %i stream 1 : f32
  %b = dyn.random "uniform" %seed, %i stream 1 : f32
  %c = dyn.random "uniform" %seed, %i stream 2 : f32
  return %a, %b, %c : f32, f32, f32
}

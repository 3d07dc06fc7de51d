// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c2_argument(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>) {
  // expected-error @below {{(C2) carried value 0 has init 'tensor<4xf32>', argument 'tensor<5xf32>' and result 'tensor<4xf32>'}}
  %v = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<5xf32>):
    dyn.yield %v0 : tensor<4xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @loop_c2_result(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32) {
  // expected-error @below {{(C2) carried value 0 has init 'f32', argument 'f32' and result 'f64'}}
  %v = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : f32) {
  ^bb0(%i: i64, %t: f32, %vk: f32):
    dyn.yield %vk : f32
  } -> f64
  return
}

// -----

func.func @loop_c2_missing_result(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32) {
  // expected-error @below {{(C2) 1 carried values but 0 results}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : f32) {
  ^bb0(%i: i64, %t: f32, %vk: f32):
    dyn.yield %vk : f32
  }
  return
}

// -----

func.func @loop_c2_dynamic_state(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<?xf32>) {
  // expected-error @below {{operand #4 must be variadic of f32, f64, i64 or i1, or a static tensor of them}}
  %v = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : tensor<?xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<?xf32>):
    dyn.yield %vk : tensor<?xf32>
  } -> tensor<?xf32>
  return
}

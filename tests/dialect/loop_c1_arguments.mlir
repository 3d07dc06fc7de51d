// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c1_count(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>) {
  // expected-error @below {{(C1) the step has 2 arguments, expected 3}}
  %v = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32):
    dyn.yield %v0 : tensor<4xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @loop_c1_no_argument(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C1) the step has 0 arguments, expected 2}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
    dyn.yield
  }
  return
}

// -----

func.func @loop_c1_index_type(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C1) the step starts with an i64 index and an f32 or f64 time}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i32, %t: f32):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c1_time_type(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C1) the step starts with an i64 index and an f32 or f64 time}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f16):
    dyn.yield
  }
  return
}

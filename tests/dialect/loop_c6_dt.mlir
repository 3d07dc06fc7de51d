// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c6_zero(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C6) dt must be positive and finite}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.0 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c6_negative(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C6) dt must be positive and finite}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step -0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c6_infinite(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C6) dt must be positive and finite}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0x7FF0000000000000 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c6_nan(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C6) dt must be positive and finite}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0x7FF8000000000000 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  }
  return
}

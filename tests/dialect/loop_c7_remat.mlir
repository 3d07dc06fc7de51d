// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c7_unknown(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'all'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "all"}
  return
}

// -----

func.func @loop_c7_zero_bytes(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'budget=0'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "budget=0"}
  return
}

// -----

func.func @loop_c7_negative_bytes(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'budget=-1'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "budget=-1"}
  return
}

// -----

func.func @loop_c7_no_bytes(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'budget='}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "budget="}
  return
}

// -----

func.func @loop_c7_policy_as_bytes(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'budget=none'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "budget=none"}
  return
}

// -----

func.func @loop_c7_steps_of_every(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'every=0'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "every=0"}
  return
}

// -----

func.func @loop_c7_every_without_steps(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C7) remat must be none, step, sqrt, every=STEPS or budget=BYTES, got 'every'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield
  } {remat = "every"}
  return
}

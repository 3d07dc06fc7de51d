// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @integrate_c1_count(%t: f32, %v: f32) {
  // expected-error @below {{(C1) the equations have 1 arguments, expected 2}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) {
  ^bb0(%s: f32):
    dyn.yield %v : f32
  } -> f32
  return
}

// -----

func.func @integrate_c1_time_type(%t: f32, %v: f32) {
  // expected-error @below {{(C1) the time argument has type 'f64', expected 'f32'}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) {
  ^bb0(%s: f64, %y: f32):
    dyn.yield %y : f32
  } -> f32
  return
}

// -----

func.func @integrate_c1_state_type(%t: f32, %v: tensor<4xf32>) {
  // expected-error @below {{(C1) argument of state 0 has type 'tensor<5xf32>', expected 'tensor<4xf32>'}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : tensor<4xf32>) {
  ^bb0(%s: f32, %y: tensor<5xf32>):
    dyn.yield %v : tensor<4xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @integrate_c2_count(%t: f32, %v: f32, %w: f32) {
  // expected-error @below {{(C2) 1 derivatives for 2 states}}
  %next:2 = dyn.integrate "euler" at %t : f32 step 0.1 (%v, %w : f32, f32) {
  ^bb0(%s: f32, %y: f32, %z: f32):
    dyn.yield %y : f32
  } -> f32, f32
  return
}

// -----

func.func @integrate_c2_type(%t: f32, %v: tensor<4xf32>) {
  // expected-error @below {{(C2) derivative 0 has type 'f32', expected 'tensor<4xf32>'}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : tensor<4xf32>) {
  ^bb0(%s: f32, %y: tensor<4xf32>):
    dyn.yield %s : f32
  } -> tensor<4xf32>
  return
}

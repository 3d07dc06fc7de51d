// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @integrate_c3_no_state(%t: f32) {
  // expected-error @below {{(C3) there is no state to integrate}}
  "dyn.integrate"(%t) <{dt = 0.1 : f64, method = "euler", operandSegmentSizes = array<i32: 1, 0, 0>}> ({
  ^bb0(%s: f32):
    dyn.yield
  }) : (f32) -> ()
  return
}

// -----

func.func @integrate_c3_result_type(%t: f32, %v: f32) {
  // expected-error @below {{(C3) results must have the types of the states}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y : f32
  } -> tensor<4xf32>
  return
}

// -----

func.func @integrate_c3_not_real(%t: f32, %v: i64) {
  // expected-error @below {{operand #1 must be variadic of f32 or f64, or a static tensor or a vector of them, but got 'i64'}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : i64) {
  ^bb0(%s: f32, %y: i64):
    dyn.yield %y : i64
  } -> i64
  return
}

// -----

func.func @integrate_c4_unknown_method(%t: f32, %v: f32) {
  // expected-error @below {{(C4) unknown method 'leapfrog'; known: exp_euler, }}
  %next = dyn.integrate "leapfrog" at %t : f32 step 0.1 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y : f32
  } -> f32
  return
}

// -----

func.func @integrate_c5_dt(%t: f32, %v: f32) {
  // expected-error @below {{(C5) dt must be positive and finite}}
  %next = dyn.integrate "euler" at %t : f32 step -0.1 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y : f32
  } -> f32
  return
}

// -----

func.func @integrate_c6_terminator(%t: f32, %v: f32) {
  // expected-error @below {{(C6) the equations must end with dyn.yield}}
  %next = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) {
  ^bb0(%s: f32, %y: f32):
    llvm.unreachable
  } -> f32
  return
}

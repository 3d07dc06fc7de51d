// SPDX-License-Identifier: Apache-2.0
// What stochastic equations refuse.
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @integrate_c2_no_diffusion(%t: f32, %v: f32, %xi: f32) {
  // expected-error @below {{(C2) 1 derivatives and diffusions for 1 states and 1 noises}}
  %n = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) noise [0] (%xi : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y : f32
  } -> f32
  return
}

// -----

func.func @integrate_c2_diffusion_type(%t: f32, %v: tensor<4xf32>, %xi: tensor<4xf32>) {
  // expected-error @below {{(C2) diffusion 0 has type 'f32', expected 'tensor<4xf32>'}}
  %n = dyn.integrate "euler" at %t : f32 step 0.1 (%v : tensor<4xf32>) noise [0] (%xi : tensor<4xf32>) {
  ^bb0(%s: f32, %y: tensor<4xf32>):
    dyn.yield %y, %s : tensor<4xf32>, f32
  } -> tensor<4xf32>
  return
}

// -----

func.func @integrate_c7_number(%t: f32, %v: f32, %xi: f32) {
  // expected-error @below {{(C7) noise of state 1; expected ascending numbers below 1}}
  %n = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) noise [1] (%xi : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y, %y : f32, f32
  } -> f32
  return
}

// -----

func.func @integrate_c7_order(%t: f32, %v: f32, %xi: f32) {
  // expected-error @below {{(C7) noise of state 0; expected ascending numbers below 2}}
  %n:2 = dyn.integrate "euler" at %t : f32 step 0.1 (%v, %v : f32, f32) noise [1, 0] (%xi, %xi : f32, f32) {
  ^bb0(%s: f32, %x: f32, %y: f32):
    dyn.yield %x, %y, %x, %y : f32, f32, f32, f32
  } -> f32, f32
  return
}

// -----

func.func @integrate_c7_count(%t: f32, %v: f32, %xi: f32) {
  // expected-error @below {{(C7) 1 noises for 2 states}}
  %n = dyn.integrate "euler" at %t : f32 step 0.1 (%v : f32) noise [0, 1] (%xi : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y, %y : f32, f32
  } -> f32
  return
}

// -----

func.func @integrate_c7_type(%t: f32, %v: tensor<4xf32>, %xi: f32) {
  // expected-error @below {{(C7) noise of state 0 has type 'f32', expected 'tensor<4xf32>'}}
  %n = dyn.integrate "euler" at %t : f32 step 0.1 (%v : tensor<4xf32>) noise [0] (%xi : f32) {
  ^bb0(%s: f32, %y: tensor<4xf32>):
    dyn.yield %y, %y : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @integrate_c8_method(%t: f32, %v: f32, %xi: f32) {
  // expected-error @below {{(C8) method 'rk4' takes no noise; those that do: euler, euler_maruyama, milstein, heun, exp_euler}}
  %n = dyn.integrate "rk4" at %t : f32 step 0.1 (%v : f32) noise [0] (%xi : f32) {
  ^bb0(%s: f32, %y: f32):
    dyn.yield %y, %y : f32, f32
  } -> f32
  return
}

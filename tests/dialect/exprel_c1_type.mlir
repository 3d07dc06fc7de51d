// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @exprel_c1_integer(%x: i64) {
  // expected-error @below {{operand #0 must be f32 or f64, or a static tensor or a vector of them, but got 'i64'}}
  %y = dyn.exprel %x : i64
  return
}

// -----

func.func @exprel_c1_half(%x: tensor<4xf16>) {
  // expected-error @below {{operand #0 must be f32 or f64, or a static tensor or a vector of them, but got 'tensor<4xf16>'}}
  %y = dyn.exprel %x : tensor<4xf16>
  return
}

// -----

func.func @exprel_c1_dynamic(%x: tensor<?xf32>) {
  // expected-error @below {{operand #0 must be f32 or f64, or a static tensor or a vector of them, but got 'tensor<?xf32>'}}
  %y = dyn.exprel %x : tensor<?xf32>
  return
}

// -----

func.func @exprel_c1_two_types(%x: f32) {
  // expected-error @below {{requires the same type for all operands and results}}
  %y = "dyn.exprel"(%x) : (f32) -> f64
  return
}

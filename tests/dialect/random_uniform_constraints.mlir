// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @random_uniform_c1_seed(%seed: i32, %i: i64) {
  // expected-error @below {{operand #0 must be 64-bit signless integer, but got 'i32'}}
  %u = "dyn.random_uniform"(%seed, %i) <{stream = 1 : i32}> : (i32, i64) -> f32
  return
}

// -----

func.func @random_uniform_c1_step(%seed: i64, %i: index) {
  // expected-error @below {{operand #1 must be 64-bit signless integer, but got 'index'}}
  %u = "dyn.random_uniform"(%seed, %i) <{stream = 1 : i32}> : (i64, index) -> f32
  return
}

// -----

func.func @random_uniform_c2_integer(%seed: i64, %i: i64) {
  // expected-error @below {{result #0 must be 32-bit float or 64-bit float or}}
  %u = dyn.random_uniform %seed, %i stream 1 : tensor<4xi64>
  return
}

// -----

func.func @random_uniform_c2_dynamic(%seed: i64, %i: i64) {
  // expected-error @below {{result #0 must be 32-bit float or 64-bit float or}}
  %u = dyn.random_uniform %seed, %i stream 1 : tensor<?xf32>
  return
}

// -----

func.func @random_uniform_c3_too_many(%seed: i64, %i: i64) {
  // expected-error @below {{(C3) draws 'tensor<65536x65536xf32>'; fewer than 2^32 elements are supported}}
  %u = dyn.random_uniform %seed, %i stream 1 : tensor<65536x65536xf32>
  return
}

// -----

// The product of these dimensions is 2^64, which is 0 in 64 bits.
func.func @random_uniform_c3_overflow(%seed: i64, %i: i64) {
  // expected-error @below {{(C3) draws 'tensor<4294967296x4294967296xf32>'; fewer than 2^32 elements are supported}}
  %u = dyn.random_uniform %seed, %i stream 1 : tensor<4294967296x4294967296xf32>
  return
}

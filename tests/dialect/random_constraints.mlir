// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @random_c1_seed(%seed: i32, %i: i64) {
  // expected-error @below {{operand #0 must be 64-bit signless integer, but got 'i32'}}
  %u = "dyn.random"(%seed, %i) <{distribution = "uniform", stream = 1 : i32}> : (i32, i64) -> f32
  return
}

// -----

func.func @random_c1_step(%seed: i64, %i: index) {
  // expected-error @below {{operand #1 must be 64-bit signless integer, but got 'index'}}
  %u = "dyn.random"(%seed, %i) <{distribution = "uniform", stream = 1 : i32}> : (i64, index) -> f32
  return
}

// -----

func.func @random_c2_integer(%seed: i64, %i: i64) {
  // expected-error @below {{result #0 must be 32-bit float or 64-bit float or}}
  %u = dyn.random "uniform" %seed, %i stream 1 : tensor<4xi64>
  return
}

// -----

func.func @random_c2_dynamic(%seed: i64, %i: i64) {
  // expected-error @below {{result #0 must be 32-bit float or 64-bit float or}}
  %u = dyn.random "uniform" %seed, %i stream 1 : tensor<?xf32>
  return
}

// -----

func.func @random_c3_too_many(%seed: i64, %i: i64) {
  // expected-error @below {{(C3) draws an array of [65536, 65536]; fewer than 2^32 elements are supported}}
  %u = dyn.random "uniform" %seed, %i stream 1 : tensor<65536x65536xf32>
  return
}

// -----

// The product of these dimensions is 2^64, which is 0 in 64 bits.
func.func @random_c3_overflow(%seed: i64, %i: i64) {
  // expected-error @below {{(C3) draws an array of [4294967296, 4294967296]; fewer than 2^32 elements are supported}}
  %u = dyn.random "uniform" %seed, %i stream 1 : tensor<4294967296x4294967296xf32>
  return
}

// -----

func.func @random_c3_of_an_element(%seed: i64, %i: i64, %e: index) {
  // expected-error @below {{(C3) draws an array of [4294967296]; fewer than 2^32 elements are supported}}
  %u = dyn.random "uniform" %seed, %i stream 1 at (%e) of [4294967296] : f32
  return
}

// -----

func.func @random_c4_distribution(%seed: i64, %i: i64) {
  // expected-error @below {{(C4) unknown distribution 'cauchy'; known: uniform, normal}}
  %u = dyn.random "cauchy" %seed, %i stream 1 : f32
  return
}

// -----

func.func @random_c5_missing_index(%seed: i64, %i: i64, %e: index) {
  // expected-error @below {{(C5) with 'at', a real is drawn and each of the 2 dimensions has an index; got 1 indices and 'f32'}}
  %u = dyn.random "uniform" %seed, %i stream 1 at (%e) of [4, 4] : f32
  return
}

// -----

func.func @random_c5_tensor(%seed: i64, %i: i64, %e: index) {
  // expected-error @below {{(C5) with 'at', a real is drawn and each of the 1 dimensions has an index; got 1 indices and 'tensor<4xf32>'}}
  %u = dyn.random "uniform" %seed, %i stream 1 at (%e) of [4] : tensor<4xf32>
  return
}

// -----

func.func @random_c5_no_shape(%seed: i64, %i: i64, %e: index) {
  // expected-error @below {{(C5) indices without a shape}}
  %u = "dyn.random"(%seed, %i, %e) <{distribution = "uniform", stream = 1 : i32}> : (i64, i64, index) -> f32
  return
}

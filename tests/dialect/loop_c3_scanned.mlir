// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c3_static_time_axis(%n: index, %i0: i64, %k0: i64, %t0: f64, %x: tensor<10x4xf32>) {
  // expected-error @below {{(C3) scanned tensor 0 must have a dynamic first dimension and no other, got 'tensor<10x4xf32>'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 scan (%x : tensor<10x4xf32>) {
  ^bb0(%i: i64, %t: f32, %xk: tensor<4xf32>):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c3_second_dynamic_axis(%n: index, %i0: i64, %k0: i64, %t0: f64, %x: tensor<?x?xf32>) {
  // expected-error @below {{(C3) scanned tensor 0 must have a dynamic first dimension and no other, got 'tensor<?x?xf32>'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 scan (%x : tensor<?x?xf32>) {
  ^bb0(%i: i64, %t: f32, %xk: tensor<?xf32>):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c3_no_axis(%n: index, %i0: i64, %k0: i64, %t0: f64, %x: tensor<f32>) {
  // expected-error @below {{(C3) scanned tensor 0 must have a dynamic first dimension and no other, got 'tensor<f32>'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 scan (%x : tensor<f32>) {
  ^bb0(%i: i64, %t: f32, %xk: f32):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c3_slice(%n: index, %i0: i64, %k0: i64, %t0: f64, %x: tensor<?x4xf32>) {
  // expected-error @below {{(C3) slice 0 has type 'tensor<5xf32>', expected 'tensor<4xf32>'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 scan (%x : tensor<?x4xf32>) {
  ^bb0(%i: i64, %t: f32, %xk: tensor<5xf32>):
    dyn.yield
  }
  return
}

// -----

func.func @loop_c3_scalar_slice(%n: index, %i0: i64, %k0: i64, %t0: f64, %x: tensor<?xf32>) {
  // expected-error @below {{(C3) slice 0 has type 'tensor<f32>', expected 'f32'}}
  dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 scan (%x : tensor<?xf32>) {
  ^bb0(%i: i64, %t: f32, %xk: tensor<f32>):
    dyn.yield
  }
  return
}

// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c5_count(%n: index, %i0: i64, %k0: i64, %t0: f64, %v: f32) {
  // expected-error @below {{(C5) 2 values are yielded for 1 results}}
  %vs = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield %v, %v : f32, f32
  } -> tensor<?xf32>
  return
}

// -----

func.func @loop_c5_no_time_axis(%n: index, %i0: i64, %k0: i64, %t0: f64, %v: tensor<4xf32>) {
  // expected-error @below {{(C5) stacked value 0 of type 'tensor<4xf32>' cannot become a result of type 'tensor<4xf32>'}}
  %vs = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield %v : tensor<4xf32>
  } -> tensor<4xf32>
  return
}

// -----

func.func @loop_c5_static_time_axis(%n: index, %i0: i64, %k0: i64, %t0: f64, %v: tensor<4xf32>) {
  // expected-error @below {{(C5) stacked value 0 of type 'tensor<4xf32>' cannot become a result of type 'tensor<10x4xf32>'}}
  %vs = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield %v : tensor<4xf32>
  } -> tensor<10x4xf32>
  return
}

// -----

func.func @loop_c5_dynamic_value(%n: index, %i0: i64, %k0: i64, %t0: f64, %v: tensor<?xf32>) {
  // expected-error @below {{(C5) stacked value 0 of type 'tensor<?xf32>' cannot become a result of type 'tensor<?x?xf32>'}}
  %vs = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield %v : tensor<?xf32>
  } -> tensor<?x?xf32>
  return
}

// -----

func.func @loop_c5_element_type(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{(C5) stacked value 0 of type 'index' cannot become a result of type 'tensor<?xindex>'}}
  %ns = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 {
  ^bb0(%i: i64, %t: f32):
    dyn.yield %n : index
  } -> tensor<?xindex>
  return
}

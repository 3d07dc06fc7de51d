// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @loop_c4_too_few(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: f32, %w0: f32) {
  // expected-error @below {{(C4) the step must yield its 2 carried values}}
  %r:2 = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0, %w0 : f32, f32) {
  ^bb0(%i: i64, %t: f32, %v: f32, %w: f32):
    dyn.yield %v : f32
  } -> f32, f32
  return
}

// -----

func.func @loop_c4_type(%n: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %b: tensor<4xi1>) {
  // expected-error @below {{(C4) the step yields 'tensor<4xi1>' for carried value 0 of type 'tensor<4xf32>'}}
  %v = dyn.loop_over_time %n from (%i0, %k0, %t0) step 0.1 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    dyn.yield %b : tensor<4xi1>
  } -> tensor<4xf32>
  return
}

// -----

func.func @loop_c4_other_terminator(%n: index, %i0: i64, %k0: i64, %t0: f64) {
  // expected-error @below {{expects regions to end with 'dyn.yield', found 'llvm.unreachable'}}
  // expected-note @below {{in custom textual format, the absence of terminator implies 'dyn.yield'}}
  "dyn.loop_over_time"(%n, %i0, %k0, %t0) <{dt = 0.1 : f64, operandSegmentSizes = array<i32: 1, 1, 1, 1, 0, 0>}> ({
  ^bb0(%i: i64, %t: f32):
    llvm.unreachable
  }) : (index, i64, i64, f64) -> ()
  return
}

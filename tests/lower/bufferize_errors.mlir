// SPDX-License-Identifier: Apache-2.0
// What a program function must look like, and what bufferize-step says when it does not.
// RUN: overtime-opt %s --split-input-file --bufferize-step --verify-diagnostics

// expected-error @+1 {{a program starts with arguments (steps: index, i0: i64, k0: i64, t0: f64, seed: i64)}}
func.func @head(%steps: index) attributes {dyn.program} {
  return
}

// -----

// expected-error @+1 {{argument 6 has dyn.kind 'state'; expected states, then params, then inputs}}
func.func @order(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %p: f32 {dyn.kind = "param"},
                 %a: f32 {dyn.kind = "state"}) -> f32 attributes {dyn.program} {
  return %a : f32
}

// -----

// expected-error @+1 {{state 0 must be returned as the loop carries it}}
func.func @swapped(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a: f32 {dyn.kind = "state"},
                   %b: f32 {dyn.kind = "state"}) -> (f32, f32) attributes {dyn.program} {
  return %b, %a : f32, f32
}

// -----

func.func @carries(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %p: f32 {dyn.kind = "param"})
    attributes {dyn.program} {
  // expected-error @+1 {{carries a value that is not a state of the program}}
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%p : f32) {
  ^bb0(%i: i64, %t: f32, %a: f32):
    dyn.yield %a : f32
  } -> f32
  return
}

// -----

func.func @unfused(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"})
    -> tensor<4xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>):
    // expected-error @+1 {{has no lowering to memory; run fuse-elementwise first}}
    %n = math.exp %a : tensor<4xf32>
    dyn.yield %n : tensor<4xf32>
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

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

// -----

func.func @twice(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"})
    -> tensor<4xf32> attributes {dyn.program} {
  // expected-error @+1 {{carries state 0 twice}}
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%a0, %a0 : tensor<4xf32>, tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>, %b: tensor<4xf32>):
    dyn.yield %b, %a : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<4xf32>
  return %r#0 : tensor<4xf32>
}

// -----

func.func @second(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: f32 {dyn.kind = "state"})
    -> f32 attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : f32) {
  ^bb0(%i: i64, %t: f32, %a: f32):
    dyn.yield %a : f32
  } -> f32
  // expected-error @+1 {{is the second loop of the program}}
  %q = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : f32) {
  ^bb0(%i: i64, %t: f32, %a: f32):
    dyn.yield %a : f32
  } -> f32
  return %q : f32
}

// -----

func.func @final(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"})
    -> (tensor<4xf32>, tensor<4xf32>) attributes {dyn.program} {
  // expected-error @+1 {{output 0 of the program is not stacked by its loop}}
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>):
    dyn.yield %a : tensor<4xf32>
  } -> tensor<4xf32>
  return %r, %r : tensor<4xf32>, tensor<4xf32>
}

// -----

func.func @scans_param(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: f32 {dyn.kind = "state"},
                       %p: tensor<?xf32> {dyn.kind = "param"}) -> f32 attributes {dyn.program} {
  // expected-error @+1 {{scans a value that is not an input of the program}}
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : f32) scan (%p : tensor<?xf32>) {
  ^bb0(%i: i64, %t: f32, %a: f32, %x: f32):
    dyn.yield %x : f32
  } -> f32
  return %r : f32
}

// -----

#id = affine_map<(d0) -> (d0)>
func.func @captures(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"})
    -> tensor<4xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>):
    %e = tensor.empty() : tensor<4xf32>
    // expected-error @+1 {{uses a tensor in its body; make it an operand}}
    %n = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%a : tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb1(%x: f32, %o: f32):
      %c = arith.constant 0 : index
      %y = tensor.extract %a[%c] : tensor<4xf32>
      linalg.yield %y : f32
    } -> tensor<4xf32>
    dyn.yield %n : tensor<4xf32>
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @dynamic(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"},
                   %n: index {dyn.kind = "param"}) -> tensor<4xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>):
    // expected-error @+1 {{must have a static shape}}
    %s = tensor.extract_slice %a[0] [%n] [1] : tensor<4xf32> to tensor<?xf32>
    dyn.yield %a : tensor<4xf32>
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// -----

func.func @two_results(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<4xf32> {dyn.kind = "state"})
    -> tensor<4xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<4xf32>):
    %e = tensor.empty() : tensor<f32>
    // expected-error @+1 {{must have one result}}
    %s:2 = linalg.reduce ins(%a, %a : tensor<4xf32>, tensor<4xf32>) outs(%e, %e : tensor<f32>, tensor<f32>)
        dimensions = [0] (%x: f32, %y: f32, %p: f32, %q: f32) {
      %u = arith.addf %x, %p : f32
      %v = arith.addf %y, %q : f32
      linalg.yield %u, %v : f32, f32
    }
    dyn.yield %a : tensor<4xf32>
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

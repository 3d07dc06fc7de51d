// SPDX-License-Identifier: Apache-2.0
// An equation that exp_euler cannot differentiate is an error, whatever hides the state: several results or a body.
// RUN: overtime-opt %s --split-input-file --expand-integrators --verify-diagnostics

#id = affine_map<(d0) -> (d0)>
func.func @several_results(%t: f32, %v: tensor<4xf32>) -> tensor<4xf32> {
  %v1 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v : tensor<4xf32>) {
  ^bb0(%s: f32, %y: tensor<4xf32>):
    %e = tensor.empty() : tensor<4xf32>
    // expected-error @+1 {{has no elementwise slope}}
    %a:2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%y : tensor<4xf32>) outs(%e, %e : tensor<4xf32>, tensor<4xf32>) {
    ^bb1(%x: f32, %o: f32, %p: f32):
      %n = arith.negf %x : f32
      linalg.yield %n, %x : f32, f32
    } -> (tensor<4xf32>, tensor<4xf32>)
    dyn.yield %a#0 : tensor<4xf32>
  } -> tensor<4xf32>
  return %v1 : tensor<4xf32>
}

// -----

#id = affine_map<(d0) -> (d0)>
func.func @captured(%t: f32, %v: f32, %c: tensor<4xf32>, %w: tensor<4xf32>) -> (f32, tensor<4xf32>) {
  %v1:2 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v, %w : f32, tensor<4xf32>) {
  ^bb0(%s: f32, %y: f32, %z: tensor<4xf32>):
    %first = arith.constant 0 : index
    %e = tensor.empty() : tensor<4xf32>
    // expected-error @+1 {{has no elementwise slope}}
    %a = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%c : tensor<4xf32>) outs(%e : tensor<4xf32>) {
    ^bb1(%x: f32, %o: f32):
      %n = arith.mulf %x, %y : f32
      linalg.yield %n : f32
    } -> tensor<4xf32>
    %dy = tensor.extract %a[%first] : tensor<4xf32>
    dyn.yield %dy, %a : f32, tensor<4xf32>
  } -> f32, tensor<4xf32>
  return %v1#0, %v1#1 : f32, tensor<4xf32>
}

// -----

// What does not depend on a state, or only the equation of another state uses, may be anything; so may truth values.
#id = affine_map<(d0) -> (d0)>
func.func @elsewhere(%t: f32, %v: tensor<4xf32>, %w: tensor<4x4xf32>, %m: tensor<4x4xf32>, %c: tensor<4xf32>)
    -> (tensor<4xf32>, tensor<4x4xf32>) {
  %v1:2 = dyn.integrate "exp_euler" at %t : f32 step 1.0e-01 (%v, %w : tensor<4xf32>, tensor<4x4xf32>) {
  ^bb0(%s: f32, %y: tensor<4xf32>, %z: tensor<4x4xf32>):
    %e = tensor.empty() : tensor<4xf32>
    %a:2 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%c : tensor<4xf32>) outs(%e, %e : tensor<4xf32>, tensor<4xf32>) {
    ^bb1(%x: f32, %o: f32, %p: f32):
      linalg.yield %x, %x : f32, f32
    } -> (tensor<4xf32>, tensor<4xf32>)
    %above = arith.cmpf ogt, %y, %a#0 : tensor<4xf32>
    %dy = arith.select %above, %a#0, %a#1 : tensor<4xi1>, tensor<4xf32>
    %f = tensor.empty() : tensor<4x4xf32>
    %b = linalg.broadcast ins(%y : tensor<4xf32>) outs(%f : tensor<4x4xf32>) dimensions = [0]
    %dz = arith.mulf %b, %m : tensor<4x4xf32>
    dyn.yield %dy, %dz : tensor<4xf32>, tensor<4x4xf32>
  } -> tensor<4xf32>, tensor<4x4xf32>
  return %v1#0, %v1#1 : tensor<4xf32>, tensor<4x4xf32>
}

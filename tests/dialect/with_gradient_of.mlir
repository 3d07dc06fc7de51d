// SPDX-License-Identifier: Apache-2.0
// dyn.with_gradient_of: its form, and its one constraint.
// RUN: overtime-opt %s --split-input-file --verify-diagnostics | FileCheck %s

func.func @forms(%a: f32, %b: tensor<4xf64>, %c: vector<8xf32>) -> (f32, tensor<4xf64>, vector<8xf32>) {
  // CHECK: dyn.with_gradient_of %{{.*}}, %{{.*}} : f32
  %x = dyn.with_gradient_of %a, %a : f32
  // CHECK: dyn.with_gradient_of %{{.*}}, %{{.*}} : tensor<4xf64>
  %y = dyn.with_gradient_of %b, %b : tensor<4xf64>
  // CHECK: dyn.with_gradient_of %{{.*}}, %{{.*}} : vector<8xf32>
  %z = dyn.with_gradient_of %c, %c : vector<8xf32>
  return %x, %y, %z : f32, tensor<4xf64>, vector<8xf32>
}

// -----

func.func @integer(%a: i64) -> i64 {
  // expected-error @+1 {{operand #0 must be f32 or f64, or a static tensor or a vector of them, but got 'i64'}}
  %x = dyn.with_gradient_of %a, %a : i64
  return %x : i64
}

// SPDX-License-Identifier: Apache-2.0
// dyn.spike: its form, and its one constraint.
// RUN: overtime-opt %s --split-input-file --verify-diagnostics | FileCheck %s

func.func @forms(%a: f32, %b: tensor<4xf64>, %c: vector<8xf32>) -> (f32, tensor<4xf64>, vector<8xf32>) {
  // CHECK: dyn.spike %{{.*}} slope %{{.*}} : f32
  %x = dyn.spike %a slope %a : f32
  // CHECK: dyn.spike %{{.*}} slope %{{.*}} : tensor<4xf64>
  %y = dyn.spike %b slope %b : tensor<4xf64>
  // CHECK: dyn.spike %{{.*}} slope %{{.*}} : vector<8xf32>
  %z = dyn.spike %c slope %c : vector<8xf32>
  return %x, %y, %z : f32, tensor<4xf64>, vector<8xf32>
}

// -----

func.func @integer(%a: i32) -> i32 {
  // expected-error @+1 {{operand #0 must be f32 or f64, or a static tensor or a vector of them, but got 'i32'}}
  %x = dyn.spike %a slope %a : i32
  return %x : i32
}

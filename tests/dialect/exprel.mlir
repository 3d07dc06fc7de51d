// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s | overtime-opt | FileCheck %s --check-prefix=ROUNDTRIP
// RUN: overtime-opt %s -canonicalize | FileCheck %s

// ROUNDTRIP-LABEL: func.func @types
func.func @types(%a: f32, %b: tensor<4xf64>, %c: vector<8xf32>) -> (f32, tensor<4xf64>, vector<8xf32>) {
  // ROUNDTRIP: dyn.exprel %{{.*}} : f32
  %x = dyn.exprel %a : f32
  // ROUNDTRIP: dyn.exprel %{{.*}} : tensor<4xf64>
  %y = dyn.exprel %b : tensor<4xf64>
  // ROUNDTRIP: dyn.exprel %{{.*}} near_zero : vector<8xf32>
  %z = dyn.exprel %c near_zero : vector<8xf32>
  return %x, %y, %z : f32, tensor<4xf64>, vector<8xf32>
}

// CHECK-LABEL: func.func @fold_zero
func.func @fold_zero() -> f32 {
  // CHECK: %[[ONE:.*]] = arith.constant 1.000000e+00 : f32
  // CHECK-NEXT: return %[[ONE]]
  %zero = arith.constant 0.0 : f32
  %y = dyn.exprel %zero : f32
  return %y : f32
}

// CHECK-LABEL: func.func @fold_one
func.func @fold_one() -> (f32, f64) {
  // CHECK-DAG: arith.constant 1.71828{{[0-9]*}} : f32
  // CHECK-DAG: arith.constant 1.7182818284590{{[0-9]*}} : f64
  // CHECK-NOT: dyn.exprel
  %a = arith.constant 1.0 : f32
  %b = arith.constant 1.0 : f64
  %x = dyn.exprel %a : f32
  %y = dyn.exprel %b : f64
  return %x, %y : f32, f64
}

// CHECK-LABEL: func.func @fold_tensor
func.func @fold_tensor() -> (tensor<2xf64>, tensor<4xf32>) {
  // CHECK-DAG: arith.constant dense<[1.000000e+00, 1.718281828{{[0-9]*}}]> : tensor<2xf64>
  // CHECK-DAG: arith.constant dense<1.000000e+00> : tensor<4xf32>
  // CHECK-NOT: dyn.exprel
  %a = arith.constant dense<[0.0, 1.0]> : tensor<2xf64>
  %b = arith.constant dense<-0.0> : tensor<4xf32>
  %x = dyn.exprel %a : tensor<2xf64>
  %y = dyn.exprel %b : tensor<4xf32>
  return %x, %y : tensor<2xf64>, tensor<4xf32>
}

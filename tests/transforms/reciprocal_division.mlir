// SPDX-License-Identifier: Apache-2.0
// In an equation, a division by what no step changes becomes a product; every other division stays.
// RUN: overtime-opt %s --reciprocal-division | FileCheck %s

// CHECK-LABEL: func.func @fixed(
// CHECK-SAME: %[[TAU:[a-z0-9]*]]: f32, %[[TAUS:[a-z0-9]*]]: tensor<4xf32>)
// CHECK: %[[R:.*]] = arith.divf %{{.*}}, %[[TAU]] : f32
// CHECK: %[[EIGHTH:.*]] = arith.constant 1.250000e-01 : f32
// CHECK: %[[RS:.*]] = arith.divf %{{.*}}, %[[TAUS]] : tensor<4xf32>
// CHECK: dyn.loop_over_time
// CHECK: dyn.integrate
// CHECK-NOT: arith.divf
// CHECK: %[[SR:.*]] = tensor.splat %[[R]]
// CHECK: %[[A:.*]] = arith.mulf %{{.*}}, %[[SR]]
// CHECK: %[[SE:.*]] = tensor.splat %[[EIGHTH]]
// CHECK: %[[B:.*]] = arith.mulf %[[A]], %[[SE]]
// CHECK: arith.mulf %[[B]], %[[RS]]
// CHECK-NOT: arith.divf
func.func @fixed(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %tau: f32, %taus: tensor<4xf32>)
    -> tensor<4xf32> {
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %next = dyn.integrate "euler" at %t : f32 step 1.0e-01 (%vk : tensor<4xf32>) {
    ^bb0(%stage: f32, %v: tensor<4xf32>):
      %s = tensor.splat %tau : tensor<4xf32>
      %eight = arith.constant dense<8.0> : tensor<4xf32>
      %a = arith.divf %v, %s : tensor<4xf32>
      %b = arith.divf %a, %eight : tensor<4xf32>
      %c = arith.divf %b, %taus : tensor<4xf32>
      dyn.yield %c : tensor<4xf32>
    } -> tensor<4xf32>
    dyn.yield %next : tensor<4xf32>
  } -> tensor<4xf32>
  return %last : tensor<4xf32>
}

// The same where the constant is a scalar that fills a tensor.
// CHECK-LABEL: func.func @filled(
// CHECK-NOT: arith.divf
// CHECK: %[[C:.*]] = arith.constant 5.000000e-02 : f32
// CHECK-NOT: arith.divf
// CHECK: %[[S:.*]] = tensor.splat %[[C]]
// CHECK: arith.mulf %{{.*}}, %[[S]]
// CHECK-NOT: arith.divf
func.func @filled(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>) -> tensor<4xf32> {
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %next = dyn.integrate "euler" at %t : f32 step 1.0e-01 (%vk : tensor<4xf32>) {
    ^bb0(%stage: f32, %v: tensor<4xf32>):
      %c = arith.constant 20.0 : f32
      %s = tensor.splat %c : tensor<4xf32>
      %d = arith.divf %v, %s : tensor<4xf32>
      dyn.yield %d : tensor<4xf32>
    } -> tensor<4xf32>
    dyn.yield %next : tensor<4xf32>
  } -> tensor<4xf32>
  return %last : tensor<4xf32>
}

// The clock, a carried state, and a numerator from outside: none of them makes the divisor a constant.
// CHECK-LABEL: func.func @changing(
// CHECK: %[[OUTSIDE:.*]] = arith.divf %arg5, %arg5 : f32
// CHECK-NEXT: dyn.loop_over_time
// CHECK: %[[A:.*]] = arith.divf %[[V:.*]], %{{.*}} : tensor<4xf32>
// CHECK: %[[B:.*]] = arith.divf %[[A]], %{{.*}} : tensor<4xf32>
// CHECK: arith.divf %{{.*}}, %[[B]] : tensor<4xf32>
// CHECK-NOT: arith.mulf
func.func @changing(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %tau: f32) -> tensor<4xf32> {
  %one = arith.divf %tau, %tau : f32
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %next = dyn.integrate "euler" at %t : f32 step 1.0e-01 (%vk : tensor<4xf32>) {
    ^bb0(%stage: f32, %v: tensor<4xf32>):
      %st = tensor.splat %stage : tensor<4xf32>
      %s = tensor.splat %one : tensor<4xf32>
      %a = arith.divf %v, %st : tensor<4xf32>
      %b = arith.divf %a, %vk : tensor<4xf32>
      %c = arith.divf %s, %b : tensor<4xf32>
      dyn.yield %c : tensor<4xf32>
    } -> tensor<4xf32>
    dyn.yield %next : tensor<4xf32>
  } -> tensor<4xf32>
  return %last : tensor<4xf32>
}

// A step that is no equation may count on the exact quotient: floor(i / 49.0) does.
// CHECK-LABEL: func.func @no_equation(
// CHECK: dyn.loop_over_time
// CHECK: arith.divf
// CHECK-NOT: arith.mulf
func.func @no_equation(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>) -> tensor<4xf32> {
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>):
    %c = arith.constant dense<49.0> : tensor<4xf32>
    %q = arith.divf %vk, %c : tensor<4xf32>
    dyn.yield %q : tensor<4xf32>
  } -> tensor<4xf32>
  return %last : tensor<4xf32>
}

// Divisors without a normal reciprocal: the largest numbers, subnormal ones, 0. One among many is enough.
// CHECK-LABEL: func.func @extreme(
// CHECK: dyn.integrate
// CHECK-COUNT-4: arith.divf
// CHECK-NOT: arith.divf
func.func @extreme(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<2xf32>) -> tensor<2xf32> {
  %last = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%v0 : tensor<2xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<2xf32>):
    %next = dyn.integrate "euler" at %t : f32 step 1.0e-01 (%vk : tensor<2xf32>) {
    ^bb0(%stage: f32, %v: tensor<2xf32>):
      %large = arith.constant dense<2.0e+38> : tensor<2xf32>
      %small = arith.constant dense<1.0e-40> : tensor<2xf32>
      %zero = arith.constant dense<0.0> : tensor<2xf32>
      %mixed = arith.constant dense<[1.0, 1.0e-40]> : tensor<2xf32>
      %a = arith.divf %v, %large : tensor<2xf32>
      %b = arith.divf %a, %small : tensor<2xf32>
      %c = arith.divf %b, %zero : tensor<2xf32>
      %d = arith.divf %c, %mixed : tensor<2xf32>
      dyn.yield %d : tensor<2xf32>
    } -> tensor<2xf32>
    dyn.yield %next : tensor<2xf32>
  } -> tensor<2xf32>
  return %last : tensor<2xf32>
}

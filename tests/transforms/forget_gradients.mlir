// SPDX-License-Identifier: Apache-2.0
// A spike is a comparison; its slope is not computed where nothing else reads it, and is the derivative where one is asked.
// Numbers with another gradient are those numbers, and what they have the gradient of is not computed likewise.
// RUN: overtime-opt %s --forget-gradients --canonicalize | FileCheck %s
// RUN: overtime-opt %s --differentiate="loss=0 params=0" | FileCheck %s --check-prefix=GRADIENT

// CHECK-LABEL: func.func @p(
// CHECK: dyn.loop_over_time
// CHECK-NOT: math.exp
// CHECK: %[[FIRED:.*]] = arith.cmpf oge, %{{.*}}, %{{.*}} : f64
// CHECK: arith.select %[[FIRED]]
// CHECK-NOT: dyn.spike
// CHECK: dyn.yield

// GRADIENT-LABEL: func.func @p(
// GRADIENT: %[[SLOPE:.*]] = math.exp
// GRADIENT: dyn.yield %{{.*}}, %[[SLOPE]] :
// GRADIENT-LABEL: func.func @p_backward(
// GRADIENT: ^bb0(%{{.*}}, %[[ADJOINT:[a-z0-9]*]]: f64, %[[SUM:[a-z0-9]*]]: f64, %{{[a-z0-9]*}}: f64, %[[TAPE:[a-z0-9]*]]: f64):
// GRADIENT: %[[TERM:.*]] = arith.mulf %[[ADJOINT]], %[[TAPE]]
// GRADIENT: arith.addf %[[SUM]],
func.func @p(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %l0: f64 {dyn.kind = "state", dyn.name = "loss"}, %w: f64 {dyn.kind = "param", dyn.name = "w"},
    %x: tensor<?xf64> {dyn.kind = "input", dyn.name = "x"}) -> f64 attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%l0 : f64) scan (%x : tensor<?xf64>) {
  ^bb0(%i: i64, %t: f64, %l: f64, %xk: f64):
    %u = arith.mulf %xk, %w : f64
    %slope = math.exp %u : f64
    %s = dyn.spike %u slope %slope : f64
    %l1 = arith.addf %l, %s : f64
    dyn.yield %l1 : f64
  } -> f64
  return %r : f64
}

// CHECK-LABEL: func.func @q(
// CHECK: dyn.loop_over_time
// CHECK-NOT: math.exp
// CHECK: %[[WHOLE:.*]] = math.roundeven
// CHECK-NOT: math.exp
// CHECK: %[[SUM:.*]] = arith.addf %{{.*}}, %[[WHOLE]]
// CHECK-NOT: dyn.with_gradient_of
// CHECK: dyn.yield %[[SUM]]
func.func @q(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %l0: f64 {dyn.kind = "state", dyn.name = "loss"}, %w: f64 {dyn.kind = "param", dyn.name = "w"},
    %x: tensor<?xf64> {dyn.kind = "input", dyn.name = "x"}) -> f64 attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%l0 : f64) scan (%x : tensor<?xf64>) {
  ^bb0(%i: i64, %t: f64, %l: f64, %xk: f64):
    %u = arith.mulf %xk, %w : f64
    %whole = math.roundeven %u : f64
    %e = math.exp %u : f64
    %n = dyn.with_gradient_of %whole, %e : f64
    %l1 = arith.addf %l, %n : f64
    dyn.yield %l1 : f64
  } -> f64
  return %r : f64
}

// SPDX-License-Identifier: Apache-2.0
// The adjoint of numbers with another's gradient goes to the other; the other is not computed again, its derivative is
// on the tape, and what only stands behind the numbers is not differentiated.
// RUN: overtime-opt %s --differentiate="loss=0 params=0" --canonicalize | FileCheck %s
// RUN: overtime-opt %s --forward-differentiate="params=0,1" --canonicalize | FileCheck %s --check-prefix=FORWARD
// RUN: overtime-opt %s --differentiate="loss=0 params=1" --canonicalize | FileCheck %s --check-prefix=STOPPED

// l += log(w x) with the gradient of exp(w x): dl/dw = exp(w x) x.
// CHECK-LABEL: func.func @p(
// CHECK: %[[LOG:.*]] = math.log
// CHECK: %[[EXP:.*]] = math.exp
// CHECK: dyn.yield %{{.*}}, %[[EXP]] :
// CHECK-LABEL: func.func @p_backward(
// CHECK: ^bb0(%{{.*}}, %[[ADJOINT:[a-z0-9]*]]: f64, %[[SUM:[a-z0-9]*]]: f64, %[[X:[a-z0-9]*]]: f64, %[[TAPE:[a-z0-9]*]]: f64):
// CHECK-NOT: math.
// CHECK-NOT: dyn.with_gradient_of
// CHECK: %[[D:.*]] = arith.mulf %[[ADJOINT]], %[[TAPE]]
// CHECK: %[[DW:.*]] = arith.mulf %[[D]], %[[X]]
// CHECK: arith.addf %[[SUM]], %[[DW]]

// FORWARD-LABEL: func.func @p(
// FORWARD: ^bb0(%{{.*}}, %[[L:[a-z0-9]*]]: f64, %[[DL:[a-z0-9]*]]: f64, %{{[a-z0-9]*}}: f64):
// FORWARD: %[[EXP:.*]] = math.exp
// FORWARD: %[[D:.*]] = arith.mulf %{{.*}}, %[[EXP]]
// FORWARD: dyn.with_gradient_of
// FORWARD: %[[NEXT:.*]] = arith.addf %[[DL]], %[[D]]
// FORWARD: dyn.yield %{{.*}}, %[[NEXT]]

// A stopped gradient: nothing is on the tape, and the sum of the gradient by v is what it was.
// STOPPED-LABEL: func.func @p(
// STOPPED: dyn.yield %{{[a-z0-9]*}} : f64
// STOPPED-LABEL: func.func @p_backward(
// STOPPED: ^bb0(%{{.*}}, %[[SUM:[a-z0-9]*]]: f64, %{{[a-z0-9]*}}: f64):
// STOPPED: dyn.yield {{.*}}%[[SUM]]
func.func @p(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %l0: f64 {dyn.kind = "state", dyn.name = "loss"}, %w: f64 {dyn.kind = "param", dyn.name = "w"},
    %v: f64 {dyn.kind = "param", dyn.name = "v"},
    %x: tensor<?xf64> {dyn.kind = "input", dyn.name = "x"}) -> f64 attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%l0 : f64) scan (%x : tensor<?xf64>) {
  ^bb0(%i: i64, %t: f64, %l: f64, %xk: f64):
    %u = arith.mulf %xk, %w : f64
    %a = math.log %u : f64
    %e = math.exp %u : f64
    %n = dyn.with_gradient_of %a, %e : f64
    %zero = arith.constant 0.0 : f64
    %f = math.exp %v : f64
    %s = dyn.with_gradient_of %f, %zero : f64
    %m = arith.addf %n, %s : f64
    %l1 = arith.addf %l, %m : f64
    dyn.yield %l1 : f64
  } -> f64
  return %r : f64
}

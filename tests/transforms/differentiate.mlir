// SPDX-License-Identifier: Apache-2.0
// A recurrent layer with the sum of its squares as loss. The program stacks what its adjoint reads and nothing else:
// the old h, which Wh was multiplied with, and tanh, which is its own derivative.
// RUN: overtime-opt %s --differentiate="loss=1 params=0,1 inputs=0" | FileCheck %s
// RUN: overtime-opt %s --differentiate="loss=1 params=1" | FileCheck %s --check-prefix=BIAS
// RUN: overtime-opt %s --differentiate="loss=1 params=0,1 inputs=0" --overtime-optimize --overtime-bufferize \
// RUN:   --overtime-cpu --overtime-llvm | FileCheck %s --check-prefix=LOWERED

// CHECK-LABEL: func.func @p(
// CHECK: %[[OUT:.*]]:4 = dyn.loop_over_time
// CHECK-NEXT: ^bb0(%{{.*}}, %[[H:[a-z0-9]*]]: tensor<2x3xf64>, %{{[a-z0-9]*}}: f64, %{{[a-z0-9]*}}: tensor<2x3xf64>):
// CHECK: %[[TANH:.*]] = math.tanh
// CHECK: dyn.yield %[[TANH]], %{{.*}}, %[[H]], %[[TANH]] :
// CHECK: return %[[OUT]]#0, %[[OUT]]#1, %[[OUT]]#2, %[[OUT]]#3

// CHECK-LABEL: func.func @p_backward(
// CHECK-SAME: dyn.name = "adjoint of h"
// CHECK-SAME: dyn.name = "adjoint of loss"
// CHECK-SAME: dyn.name = "gradient by Wh"
// CHECK-SAME: dyn.name = "gradient by b"
// CHECK-SAME: dyn.name = "tape 1"
// CHECK: dyn.loop_over_time
// CHECK-NOT: math.tanh
// CHECK: %[[SUM:.*]] = linalg.reduce
// CHECK: linalg.transpose
// CHECK: %[[DH:.*]] = linalg.matmul
// CHECK: linalg.transpose
// CHECK: %[[DW:.*]] = linalg.matmul
// CHECK: %[[W:.*]] = arith.addf %{{.*}}, %[[DW]]
// CHECK: %[[B:.*]] = arith.addf %{{.*}}, %[[SUM]]
// CHECK: dyn.yield %[[DH]], %{{.*}}, %[[W]], %[[B]], %{{.*}} :
// CHECK: } {reverse} ->

// By the bias alone: the old h is not needed, and there is one product.
// BIAS-LABEL: func.func @p(
// BIAS: %{{.*}}:3 = dyn.loop_over_time
// BIAS-LABEL: func.func @p_backward(
// BIAS-COUNT-1: linalg.matmul
// BIAS-NOT: linalg.matmul
// BIAS: } {reverse} ->

// LOWERED: llvm.func @p(
// LOWERED: llvm.func @p_backward(
func.func @p(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %h0: tensor<2x3xf64> {dyn.kind = "state", dyn.name = "h"}, %l0: f64 {dyn.kind = "state", dyn.name = "loss"},
    %wh: tensor<3x3xf64> {dyn.kind = "param", dyn.name = "Wh"}, %b: tensor<3xf64> {dyn.kind = "param", dyn.name = "b"},
    %x: tensor<?x2x3xf64> {dyn.kind = "input", dyn.name = "x"}) -> (tensor<2x3xf64>, f64) attributes {dyn.program} {
  %r:2 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%h0, %l0 : tensor<2x3xf64>, f64) scan (%x : tensor<?x2x3xf64>) {
  ^bb0(%i: i64, %t: f64, %h: tensor<2x3xf64>, %l: f64, %xk: tensor<2x3xf64>):
    %zero = arith.constant 0.0 : f64
    %e = tensor.empty() : tensor<2x3xf64>
    %z = linalg.fill ins(%zero : f64) outs(%e : tensor<2x3xf64>) -> tensor<2x3xf64>
    %m = linalg.matmul ins(%h, %wh : tensor<2x3xf64>, tensor<3x3xf64>) outs(%z : tensor<2x3xf64>) -> tensor<2x3xf64>
    %e2 = tensor.empty() : tensor<2x3xf64>
    %bb = linalg.broadcast ins(%b : tensor<3xf64>) outs(%e2 : tensor<2x3xf64>) dimensions = [0]
    %s = arith.addf %m, %bb : tensor<2x3xf64>
    %s2 = arith.addf %s, %xk : tensor<2x3xf64>
    %n = math.tanh %s2 : tensor<2x3xf64>
    %sq = arith.mulf %n, %n : tensor<2x3xf64>
    %e3 = tensor.empty() : tensor<f64>
    %z3 = linalg.fill ins(%zero : f64) outs(%e3 : tensor<f64>) -> tensor<f64>
    %red = linalg.reduce { arith.addf } ins(%sq : tensor<2x3xf64>) outs(%z3 : tensor<f64>) dimensions = [0, 1]
    %sum = tensor.extract %red[] : tensor<f64>
    %l1 = arith.addf %l, %sum : f64
    dyn.yield %n, %l1 : tensor<2x3xf64>, f64
  } -> tensor<2x3xf64>, f64
  return %r#0, %r#1 : tensor<2x3xf64>, f64
}

// SPDX-License-Identifier: Apache-2.0
// A recurrent layer along a direction of its weights and its data: the tangent of h is carried beside h, with a product
// for each factor that moves; a spike moves by its slope, and a comparison does not.
// RUN: overtime-opt %s --forward-differentiate="params=0 inputs=0" | FileCheck %s
// RUN: overtime-opt %s --forward-differentiate="states=1" | FileCheck %s --check-prefix=STATE
// RUN: overtime-opt %s --forward-differentiate="params=0 inputs=0" --overtime-optimize --overtime-bufferize \
// RUN:   --overtime-cpu --overtime-llvm | FileCheck %s --check-prefix=LOWERED

// CHECK-LABEL: func.func @p(
// CHECK-SAME: %[[H0:[a-z0-9]*]]: tensor<2x3xf64> {dyn.kind = "state", dyn.name = "h"}
// CHECK-SAME: %[[DH0:[a-z0-9]*]]: tensor<2x3xf64> {dyn.kind = "state", dyn.name = "tangent of h"}
// CHECK-SAME: %[[WH:[a-z0-9]*]]: tensor<3x3xf64> {dyn.kind = "param", dyn.name = "Wh"}
// CHECK-SAME: %[[DWH:[a-z0-9]*]]: tensor<3x3xf64> {dyn.kind = "param", dyn.name = "tangent of Wh"}
// CHECK-SAME: dyn.name = "x"}
// CHECK-SAME: dyn.name = "tangent of x"}
// CHECK: %[[OUT:.*]]:5 = dyn.loop_over_time {{.*}} carry (%[[H0]], %[[DH0]] :
// CHECK-NEXT: ^bb0(%{{.*}}: i64, %{{.*}}: f64, %[[H:[a-z0-9]*]]: tensor<2x3xf64>, %[[DH:[a-z0-9]*]]: tensor<2x3xf64>,
// CHECK-SAME: %{{[a-z0-9]*}}: tensor<2x3xf64>, %[[DX:[a-z0-9]*]]: tensor<2x3xf64>):
// CHECK: %[[M:.*]] = linalg.matmul ins(%[[DH]], %[[WH]] :
// CHECK: %[[DM:.*]] = linalg.matmul ins(%[[H]], %[[DWH]] : {{.*}} outs(%[[M]] :
// CHECK: %[[TANH:.*]] = math.tanh
// CHECK: %[[SQUARE:.*]] = arith.mulf %[[TANH]], %[[TANH]]
// CHECK: %[[SLOPE:.*]] = arith.subf %{{.*}}, %[[SQUARE]]
// CHECK: %[[DN:.*]] = arith.mulf %{{.*}}, %[[SLOPE]]
// CHECK: %[[FIRED:.*]] = dyn.spike
// CHECK: %[[DFIRED:.*]] = arith.mulf %[[DN]],
// CHECK: dyn.yield %[[TANH]], %[[DN]], %[[FIRED]], %{{.*}}, %[[DFIRED]] :
// CHECK: return %[[OUT]]#0, %{{.*}}, %[[OUT]]#1, %[[OUT]]#2, %[[OUT]]#3, %[[OUT]]#4

// Along the bias, a state that no step changes: its tangent is a param, and there is no product with a tangent of Wh.
// STATE-LABEL: func.func @p(
// STATE-SAME: dyn.name = "tangent of h"}
// STATE-SAME: {dyn.kind = "param", dyn.name = "tangent of b"}
// STATE-COUNT-2: linalg.matmul
// STATE-NOT: linalg.matmul

// LOWERED: llvm.func @p(
func.func @p(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %h0: tensor<2x3xf64> {dyn.kind = "state", dyn.name = "h"}, %b: tensor<2x3xf64> {dyn.kind = "state", dyn.name = "b"},
    %wh: tensor<3x3xf64> {dyn.kind = "param", dyn.name = "Wh"},
    %x: tensor<?x2x3xf64> {dyn.kind = "input", dyn.name = "x"})
    -> (tensor<2x3xf64>, tensor<2x3xf64>, tensor<?x2x3xf64>, tensor<?x2x3xi1>) attributes {dyn.program} {
  %r:3 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%h0 : tensor<2x3xf64>) scan (%x : tensor<?x2x3xf64>) {
  ^bb0(%i: i64, %t: f64, %h: tensor<2x3xf64>, %xk: tensor<2x3xf64>):
    %zero = arith.constant 0.0 : f64
    %e = tensor.empty() : tensor<2x3xf64>
    %z = linalg.fill ins(%zero : f64) outs(%e : tensor<2x3xf64>) -> tensor<2x3xf64>
    %m = linalg.matmul ins(%h, %wh : tensor<2x3xf64>, tensor<3x3xf64>) outs(%z : tensor<2x3xf64>) -> tensor<2x3xf64>
    %s = arith.addf %m, %b : tensor<2x3xf64>
    %s2 = arith.addf %s, %xk : tensor<2x3xf64>
    %n = math.tanh %s2 : tensor<2x3xf64>
    %slope = math.absf %n : tensor<2x3xf64>
    %fired = dyn.spike %n slope %slope : tensor<2x3xf64>
    %big = arith.cmpf ogt, %n, %b : tensor<2x3xf64>
    dyn.yield %n, %fired, %big : tensor<2x3xf64>, tensor<2x3xf64>, tensor<2x3xi1>
  } -> tensor<2x3xf64>, tensor<?x2x3xf64>, tensor<?x2x3xi1>
  return %r#0, %b, %r#1, %r#2 : tensor<2x3xf64>, tensor<2x3xf64>, tensor<?x2x3xf64>, tensor<?x2x3xi1>
}

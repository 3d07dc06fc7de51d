// SPDX-License-Identifier: Apache-2.0
// A constant of one number for each neuron, made in the step, is cut as what comes from outside is.
// RUN: overtime-opt %s --bufferize-step --split-lanes=vector-bits=256 | FileCheck %s

// CHECK-LABEL: func.func @drift(
// CHECK: scf.for %[[TILE:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK: %[[A:.*]] = memref.subview %{{.*}}[%[[TILE]]] [64] [1] : memref<128xf32>
// CHECK: scf.for
// CHECK: %[[C:.*]] = memref.get_global @drift.constant.0 : memref<128xf32>
// CHECK: %[[CUT:.*]] = memref.subview %[[C]][%[[TILE]]] [64] [1] : memref<128xf32>
// CHECK: linalg.generic {{.*}} ins(%[[A]], %[[CUT]] : {{.*}}) outs(%[[A]] :
#id = affine_map<(d0) -> (d0)>
func.func @drift(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %a0: tensor<128xf32> {dyn.kind = "state"})
    -> tensor<128xf32> attributes {dyn.program} {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a0 : tensor<128xf32>) {
  ^bb0(%i: i64, %t: f32, %a: tensor<128xf32>):
    %c = arith.constant dense<"0x0000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F000000400000803F00000040"> : tensor<128xf32>
    %e = tensor.empty() : tensor<128xf32>
    %n = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel"]}
        ins(%a, %c : tensor<128xf32>, tensor<128xf32>) outs(%e : tensor<128xf32>) {
    ^bb1(%x: f32, %y: f32, %o: f32):
      %z = arith.addf %x, %y : f32
      linalg.yield %z : f32
    } -> tensor<128xf32>
    dyn.yield %n : tensor<128xf32>
  } -> tensor<128xf32>
  return %r : tensor<128xf32>
}

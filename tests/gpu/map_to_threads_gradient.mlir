// SPDX-License-Identifier: Apache-2.0
// A recurrent layer with its loss, and their gradient: what blocks wait for in a step.
// RUN: overtime-opt %s --overtime-dynamics --differentiate="loss=0 params=0" --overtime-optimize --bufferize-step \
// RUN:   --map-to-threads="processors=16" | FileCheck %s --implicit-check-not=linalg

// All see the squares before they are summed up, and the 256 parts of the sum, which every thread adds up for itself; the
// first wait is for the new state too.
// CHECK-LABEL: func.func @net(
// CHECK-SAME: dyn.cooperative = "all"
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %arg0 step
// CHECK: math.tanh
// CHECK: call @overtime_grid_barrier
// CHECK: scf.for {{.*}} step %c256_i32
// CHECK: call @overtime_grid_barrier
// CHECK-NOT: call @overtime_grid_barrier
// CHECK: } {dyn.time_loop}

// The adjoint of the sums, in another half in every step: one wait for the products by it.
// CHECK-LABEL: func.func @net_backward(
// CHECK: scf.for %{{.*}} = %c0{{.*}} to %arg0 step
// CHECK: memref.view {{.*}} {dyn.half = 0 : i64} : memref<{{.*}}xi8> to memref<16x256xf32>
// CHECK: call @overtime_grid_barrier
// CHECK-NOT: call @overtime_grid_barrier
// CHECK: } {dyn.time_loop}
module {
  func.func @net(%arg0: index, %arg1: i64, %arg2: i64, %arg3: f64, %arg4: i64, %arg5: f32 {dyn.kind = "state", dyn.name = "loss"}, %arg6: tensor<16x256xf32> {dyn.kind = "state", dyn.name = "h"}, %arg7: tensor<256x256xf32> {dyn.kind = "param", dyn.name = "Wh"}, %arg8: tensor<?x16x256xf32> {dyn.kind = "input", dyn.name = "x"}) -> (f32, tensor<16x256xf32>) attributes {dyn.program} {
    %0:2 = dyn.loop_over_time %arg0 from (%arg1, %arg2, %arg3) step 1.000000e-01 carry (%arg5, %arg6 : f32, tensor<16x256xf32>) scan (%arg8 : tensor<?x16x256xf32>) {
    ^bb0(%i: i64, %t: f32, %arg9: f32, %arg10: tensor<16x256xf32>, %arg11: tensor<16x256xf32>):
      %1 = tensor.empty() : tensor<16x256xf32>
      %cst = arith.constant 0.000000e+00 : f32
      %2 = linalg.fill ins(%cst : f32) outs(%1 : tensor<16x256xf32>) -> tensor<16x256xf32>
      %3 = linalg.matmul ins(%arg10, %arg7 : tensor<16x256xf32>, tensor<256x256xf32>) outs(%2 : tensor<16x256xf32>) -> tensor<16x256xf32>
      %4 = arith.addf %arg11, %3 : tensor<16x256xf32>
      %5 = math.tanh %4 : tensor<16x256xf32>
      %6 = arith.mulf %5, %5 : tensor<16x256xf32>
      %7 = tensor.empty() : tensor<f32>
      %cst_0 = arith.constant 0.000000e+00 : f32
      %8 = linalg.fill ins(%cst_0 : f32) outs(%7 : tensor<f32>) -> tensor<f32>
      %reduced = linalg.reduce { arith.addf } ins(%6 : tensor<16x256xf32>) outs(%8 : tensor<f32>) dimensions = [0, 1] 
      %extracted = tensor.extract %reduced[] : tensor<f32>
      %cst_1 = arith.constant 4.096000e+03 : f32
      %9 = arith.divf %extracted, %cst_1 : f32
      %10 = arith.addf %arg9, %9 : f32
      dyn.yield %10, %5 : f32, tensor<16x256xf32>
    } -> f32, tensor<16x256xf32>
    return %0#0, %0#1 : f32, tensor<16x256xf32>
  }
}

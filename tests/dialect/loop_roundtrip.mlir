// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s | overtime-opt | FileCheck %s
// RUN: overtime-opt %s --mlir-print-op-generic | overtime-opt | FileCheck %s

// CHECK-LABEL: func.func @carry_scan_stack
func.func @carry_scan_stack(%steps: index, %i0: i64, %k0: i64, %t0: f64, %v0: tensor<4xf32>, %x: tensor<?x4xf32>)
    -> (tensor<4xf32>, tensor<?x4xf32>) {
  // CHECK: dyn.loop_over_time %{{.*}} from (%{{.*}}, %{{.*}}, %{{.*}}) step 1.000000e-01
  // CHECK-SAME: carry (%{{.*}} : tensor<4xf32>) scan (%{{.*}} : tensor<?x4xf32>)
  // CHECK-NEXT: ^bb0(%i: i64, %t: f32, %{{.*}}: tensor<4xf32>, %{{.*}}: tensor<4xf32>):
  // CHECK: dyn.yield %{{.*}}, %{{.*}} : tensor<4xf32>, tensor<4xf32>
  // CHECK-NEXT: } -> tensor<4xf32>, tensor<?x4xf32>
  %v, %vs = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%v0 : tensor<4xf32>) scan (%x : tensor<?x4xf32>) {
  ^bb0(%i: i64, %t: f32, %vk: tensor<4xf32>, %xk: tensor<4xf32>):
    %next = arith.addf %vk, %xk : tensor<4xf32>
    dyn.yield %next, %next : tensor<4xf32>, tensor<4xf32>
  } -> tensor<4xf32>, tensor<?x4xf32>
  return %v, %vs : tensor<4xf32>, tensor<?x4xf32>
}

// A scalar slice of a rank-1 tensor, scalars stacked to rank 1, the time in f64, a policy.
// CHECK-LABEL: func.func @scalars
func.func @scalars(%steps: index, %i0: i64, %k0: i64, %t0: f64, %x: tensor<?xf64>) -> (tensor<?xi64>, tensor<?xf64>) {
  // CHECK: dyn.loop_over_time {{.*}} step 2.500000e-01 scan (%{{.*}} : tensor<?xf64>) {
  // CHECK: } {remat = "budget=4096"} -> tensor<?xi64>, tensor<?xf64>
  %is, %sums = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 2.5e-01 scan (%x : tensor<?xf64>) {
  ^bb0(%i: i64, %t: f64, %xk: f64):
    %sum = arith.addf %t, %xk : f64
    dyn.yield %i, %sum : i64, f64
  } {remat = "budget=4096"} -> tensor<?xi64>, tensor<?xf64>
  return %is, %sums : tensor<?xi64>, tensor<?xf64>
}

// A step that yields nothing may leave out its terminator.
// CHECK-LABEL: func.func @nothing
func.func @nothing(%steps: index, %i0: i64, %k0: i64, %t0: f64) {
  // CHECK: dyn.loop_over_time
  // CHECK-NEXT: ^bb0(%i: i64, %t: f32):
  // CHECK-NEXT: }{{$}}
  dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0 {
  ^bb0(%i: i64, %t: f32):
  }
  return
}

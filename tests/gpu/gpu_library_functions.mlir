// SPDX-License-Identifier: Apache-2.0
// Functions that a processor takes from the C library are arithmetic on a GPU, and stay as they are for a processor.
// RUN: overtime-opt %s --approximate-math="avx512=0 gpu=1" | FileCheck %s
// RUN: overtime-opt %s --approximate-math="avx512=0 gpu=0" | FileCheck %s --check-prefix=CPU

// The angle is reduced in f64, by fused multiply-adds, and the last bits of the number of quarter turns choose.
// CHECK-LABEL: func.func @sine(
// CHECK: arith.extf %{{.*}} : f32 to f64
// CHECK-NOT: math.sin
// CHECK: math.fma
// CHECK: arith.andi
// CHECK: arith.truncf
// CPU: math.sin
func.func @sine(%x: f32) -> f32 {
  %y = math.sin %x : f32
  return %y : f32
}
// CHECK-LABEL: func.func @cosine(
// CHECK-NOT: {{math.cos|arith.truncf}}
// CHECK: return
// CPU: math.cos
func.func @cosine(%x: f64) -> f64 {
  %y = math.cos %x : f64
  return %y : f64
}
// The sign is the argument's, also of 0.
// CHECK-LABEL: func.func @erf(
// CHECK-NOT: {{math.erf|math.exp|arith.divf}}
// CHECK: %[[Y:.*]] = math.copysign
// CHECK-NEXT: return %[[Y]]
// CPU: math.erf
func.func @erf(%x: f64) -> f64 {
  %y = math.erf %x : f64
  return %y : f64
}
// CHECK-LABEL: func.func @power(
// CHECK-NOT: {{math.powf|math.log|math.exp}}
// CHECK: return
// CPU: math.powf
func.func @power(%x: f64, %y: f64) -> f64 {
  %z = math.powf %x, %y : f64
  return %z : f64
}

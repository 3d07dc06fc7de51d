// SPDX-License-Identifier: Apache-2.0
// Functions of single numbers for a GPU: reproducible ones are arithmetic, fast f32 ones the device's approximations.
// RUN: overtime-opt %s --approximate-math="avx512=0 gpu=1" | FileCheck %s

// Clamped, reduced by adding a large number, a polynomial, and a power of two by a shift. No conversion, no comparison.
// CHECK-LABEL: func.func @exp(
// CHECK: arith.minimumf
// CHECK: arith.maximumf
// CHECK-NOT: {{math.roundeven|arith.cmpf|call_intrinsic}}
// CHECK: arith.shli
// CHECK-NOT: {{math.exp|arith.divf}}
func.func @exp(%x: f32) -> f32 {
  %y = math.exp %x : f32
  return %y : f32
}

// One quotient, which is not taken near 0: a reciprocal, refined, without the branches of a division.
// CHECK-LABEL: func.func @exprel(
// CHECK: %[[N:.*]] = arith.subf %{{.*}}, %{{.*}} : f32
// CHECK: %[[NEAR:.*]] = arith.cmpf oeq, %[[N]], %{{.*}} : f32
// CHECK: llvm.call_intrinsic "llvm.nvvm.rcp.approx.ftz.f"
// CHECK-NOT: arith.divf
// CHECK: %[[Y:.*]] = arith.select %[[NEAR]]
// CHECK: return %[[Y]]
func.func @exprel(%x: f32) -> f32 {
  %y = dyn.exprel %x : f32
  return %y : f32
}

// A user's quotient may have any operands, and is a division.
// CHECK-LABEL: func.func @quotient(
// CHECK: arith.divf
func.func @quotient(%x: f32, %y: f32) -> f32 {
  %z = arith.divf %x, %y : f32
  return %z : f32
}

// CHECK-LABEL: func.func @fast_exp(
// CHECK: math.fma
// CHECK-NEXT: llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f32"
// CHECK-NEXT: return
func.func @fast_exp(%x: f32) -> f32 attributes {dyn.numerics = "fast"} {
  %y = math.exp %x : f32
  return %y : f32
}
// CHECK-LABEL: func.func @fast_quotient(
// CHECK-NEXT: llvm.call_intrinsic "llvm.nvvm.rcp.approx.ftz.f"
// CHECK-NEXT: arith.mulf
// CHECK-NEXT: return
func.func @fast_quotient(%x: f32, %y: f32) -> f32 attributes {dyn.numerics = "fast"} {
  %z = arith.divf %x, %y : f32
  return %z : f32
}
// The device approximates nothing in f64.
// CHECK-LABEL: func.func @fast_f64(
// CHECK-NOT: call_intrinsic
// CHECK: return
func.func @fast_f64(%x: f64) -> f64 attributes {dyn.numerics = "fast"} {
  %y = math.exp %x : f64
  return %y : f64
}

// No function of a library is left: sine and cosine of quarters of a turn, a logarithm in two parts for powers.
// CHECK-LABEL: func.func @library(
// CHECK-NOT: {{math.sin|math.cos|math.erf|math.powf}}
// CHECK: return
func.func @library(%x: f64, %y: f64) -> f64 {
  %a = math.sin %x : f64
  %b = math.cos %a : f64
  %c = math.erf %b : f64
  %d = math.powf %c, %y : f64
  return %d : f64
}

// SPDX-License-Identifier: Apache-2.0
// Elementary functions become polynomials: by a table in a register with AVX-512, by exponent bits without.
// RUN: overtime-opt %s --approximate-math | FileCheck %s
// RUN: overtime-opt %s --approximate-math=avx512=0 | FileCheck %s --check-prefix=PLAIN

// Clamp, reduce, polynomial, table, power of two.
// CHECK-LABEL: func.func @exp(
// CHECK-COUNT-2: arith.select
// CHECK: arith.constant dense<1.44269502> : vector<16xf32>
// CHECK-COUNT-5: math.fma
// CHECK: %[[P:.*]] = llvm.call_intrinsic "llvm.x86.avx512.permvar.sf.512"
// CHECK: %[[Y:.*]] = math.fma %[[P]], %{{.*}}, %[[P]]
// CHECK: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"(%[[Y]],
// CHECK-NOT: math.exp
// PLAIN-LABEL: func.func @exp(
// PLAIN: math.roundeven
// PLAIN-COUNT-7: math.fma
// PLAIN: arith.shli
// PLAIN-NOT: {{math.exp|call_intrinsic}}
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// 4 exp(-x / 8): both constants go into the numbers of the polynomial and of the table, whose first entry is then 4.
// CHECK-LABEL: func.func @scaled(
// CHECK: arith.cmpf ogt, %{{.*}}, %arg0
// CHECK: arith.constant dense<-0.180336878> : vector<16xf32>
// CHECK: arith.constant dense<[4.000000e+00, 4.17709494,
// CHECK: %[[R:.*]] = llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// CHECK-NEXT: return %[[R]]
func.func @scaled(%x: vector<16xf32>) -> vector<16xf32> {
  %four = arith.constant dense<4.0> : vector<16xf32>
  %eighth = arith.constant dense<0.125> : vector<16xf32>
  %s = arith.mulf %x, %eighth : vector<16xf32>
  %n = arith.negf %s : vector<16xf32>
  %e = math.exp %n : vector<16xf32>
  %y = arith.mulf %four, %e : vector<16xf32>
  return %y : vector<16xf32>
}

// 0.1 exprel(x / 2) for small arguments: a polynomial, whose first number is 0.1, and the rest where a lane needs it. A
// lane takes what its own argument says.
// CHECK-LABEL: func.func @near_zero(
// CHECK-COUNT-6: math.fma
// CHECK: %[[FAR:.*]] = arith.cmpf ogt, %{{.*}}, %{{.*}} : vector<16xf32>
// CHECK: %[[ANY:.*]] = vector.reduction <or>, %[[FAR]] : vector<16xi1> into i1
// CHECK: %[[R:.*]] = scf.if %[[ANY]] -> (vector<16xf32>) {
// CHECK: arith.divf
// CHECK: arith.select %[[FAR]], %{{.*}}, %[[NEAR:.*]] :
// CHECK: } else {
// CHECK-NEXT: scf.yield %[[NEAR]]
// CHECK: return %[[R]]
func.func @near_zero(%x: vector<16xf32>) -> vector<16xf32> {
  %tenth = arith.constant dense<0.1> : vector<16xf32>
  %half = arith.constant dense<0.5> : vector<16xf32>
  %s = arith.mulf %x, %half : vector<16xf32>
  %e = dyn.exprel %s near_zero : vector<16xf32>
  %y = arith.mulf %tenth, %e : vector<16xf32>
  return %y : vector<16xf32>
}

// Every function it knows, in both widths; sin and other types stay for the C library.
// CHECK-LABEL: func.func @all(
// CHECK-NOT: {{(math.exp|expm1|sinh|cosh|tanh|log|dyn.exprel).*: f64}}
// CHECK: math.sin %{{.*}} : f64
// CHECK: math.exp %{{.*}} : f16
// PLAIN-LABEL: func.func @all(
// PLAIN-NOT: {{(math.exp|expm1|sinh|cosh|tanh|log|dyn.exprel).*: f64}}
// PLAIN: math.sin %{{.*}} : f64
// PLAIN: math.exp %{{.*}} : f16
func.func @all(%x: f64, %h: f16) -> (f64, f16) {
  %a = math.exp %x : f64
  %b = math.expm1 %a : f64
  %c = math.sinh %b : f64
  %d = math.cosh %c : f64
  %e = math.tanh %d : f64
  %f = math.log %e : f64
  %g = math.log1p %f : f64
  %i = dyn.exprel %g : f64
  %j = math.sin %i : f64
  %k = math.exp %h : f16
  return %j, %k : f64, f16
}

// SPDX-License-Identifier: Apache-2.0
// With fast numerics, exponentials whose arguments are multiples of the smallest become powers of one.
// RUN: overtime-opt %s --merge-exponentials | FileCheck %s

#id = affine_map<(d0) -> (d0)>

// exp(x / 8 + 2), 3 exp(x / 4 + 1) and exprel(x / 2): u = exp((x + 16) / 8), then 3 exp(1 - 4) u^2 and
// exp(-8) u^4 - 1 over z. exp(x / 3) is no multiple and stays.
// CHECK-LABEL: func.func @fast(
// CHECK: ^bb0(%[[X:[a-z0-9]*]]: f32
// CHECK: %[[SIXTEEN:.*]] = arith.constant 1.600000e+01
// CHECK: %[[MOVED:.*]] = arith.addf %[[X]], %[[SIXTEEN]]
// CHECK: %[[EIGHTH:.*]] = arith.constant 1.250000e-01
// CHECK: %[[ARGUMENT:.*]] = arith.mulf %[[MOVED]], %[[EIGHTH]]
// CHECK: %[[U:.*]] = math.exp %[[ARGUMENT]]
// CHECK: %[[U2:.*]] = arith.mulf %[[U]], %[[U]]
// CHECK: arith.constant 0.149361208
// CHECK: %[[B:.*]] = arith.mulf %[[U2]]
// CHECK: %[[Z:.*]] = arith.addf
// CHECK: %[[SMALL:.*]] = arith.cmpf olt
// CHECK: %[[U4:.*]] = arith.mulf %[[U2]], %[[U2]]
// CHECK: arith.constant 3.35462624E-4
// CHECK: %[[E:.*]] = arith.mulf %[[U4]]
// CHECK: %[[E1:.*]] = arith.addf %[[E]]
// CHECK: %[[RATIO:.*]] = arith.divf %[[Z]], %[[E1]]
// CHECK: %[[INVERSE:.*]] = arith.select %[[SMALL]], %{{.*}}, %[[RATIO]]
// CHECK: arith.mulf %[[B]], %[[INVERSE]]
// CHECK: math.exp
// CHECK-NOT: math.exp
// CHECK-NOT: dyn.exprel
func.func @fast(%x: tensor<4xf32>) -> tensor<4xf32> attributes {dyn.numerics = "fast"} {
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %eighth = arith.constant 0.125 : f32
    %quarter = arith.constant 0.25 : f32
    %half = arith.constant 0.5 : f32
    %third = arith.constant 0.3333333 : f32
    %one = arith.constant 1.0 : f32
    %two = arith.constant 2.0 : f32
    %three = arith.constant 3.0 : f32
    %a0 = arith.mulf %in, %eighth : f32
    %a1 = arith.addf %a0, %two : f32
    %a = math.exp %a1 : f32
    %b0 = arith.mulf %in, %quarter : f32
    %b1 = arith.addf %one, %b0 : f32
    %b2 = math.exp %b1 : f32
    %b = arith.mulf %three, %b2 : f32
    %c0 = arith.mulf %half, %in : f32
    %c1 = dyn.exprel %c0 : f32
    %c = arith.divf %b, %c1 : f32
    %d0 = arith.mulf %in, %third : f32
    %d = math.exp %d0 : f32
    %s = arith.addf %a, %c : f32
    %t = arith.addf %s, %d : f32
    linalg.yield %t : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

// Reproducible numerics: nothing changes.
// CHECK-LABEL: func.func @reproducible(
// CHECK-COUNT-2: math.exp
func.func @reproducible(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
      ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %two = arith.constant 2.0 : f32
    %a = math.exp %in : f32
    %b0 = arith.mulf %in, %two : f32
    %b = math.exp %b0 : f32
    %s = arith.addf %a, %b : f32
    linalg.yield %s : f32
  } -> tensor<4xf32>
  return %r : tensor<4xf32>
}

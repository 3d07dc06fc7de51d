// SPDX-License-Identifier: Apache-2.0
// Beside a constant the larger and the smaller of two numbers are one comparison; NaN and the sign of 0 are what
// arith.maximumf and arith.minimumf say.
// RUN: overtime-opt %s --select-extrema | FileCheck %s

// CHECK-LABEL: func.func @constants(
// CHECK-SAME: %[[X:.*]]: vector<16xf32>, %[[Y:.*]]: vector<16xf32>)
// CHECK: %[[LE:.*]] = arith.cmpf ole, %[[X]], %[[ZERO:.*]] : vector<16xf32>
// CHECK: arith.select %[[LE]], %[[ZERO]], %[[X]]
// CHECK: %[[LT:.*]] = arith.cmpf olt, %[[X]], %[[MINUS:.*]] : vector<16xf32>
// CHECK: arith.select %[[LT]], %[[MINUS]], %[[X]]
// CHECK: %[[GT:.*]] = arith.cmpf ogt, %[[X]], %[[ZERO]] : vector<16xf32>
// CHECK: arith.select %[[GT]], %[[ZERO]], %[[X]]
// CHECK: %[[GE:.*]] = arith.cmpf oge, %[[X]], %[[MINUS]] : vector<16xf32>
// CHECK: arith.select %[[GE]], %[[MINUS]], %[[X]]
// CHECK: arith.cmpf olt, %[[X]], %{{.*}} : vector<16xf32>
// CHECK: arith.maximumf %[[X]], %[[Y]]
// CHECK: arith.minimumf %[[X]], %{{.*}}
func.func @constants(%x: vector<16xf32>, %y: vector<16xf32>)
    -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>) {
  %zero = arith.constant dense<0.0> : vector<16xf32>
  %minus = arith.constant dense<-0.0> : vector<16xf32>
  %two = arith.constant dense<2.0> : vector<16xf32>
  %nan = arith.constant dense<0x7FC00000> : vector<16xf32>
  %a = arith.maximumf %x, %zero : vector<16xf32>
  %b = arith.maximumf %x, %minus : vector<16xf32>
  %c = arith.minimumf %x, %zero : vector<16xf32>
  %d = arith.minimumf %x, %minus : vector<16xf32>
  %e = arith.maximumf %two, %x : vector<16xf32>
  %f = arith.maximumf %x, %y : vector<16xf32>
  %g = arith.minimumf %x, %nan : vector<16xf32>
  return %a, %b, %c, %d, %e, %f, %g : vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>
}

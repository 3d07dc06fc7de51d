// SPDX-License-Identifier: Apache-2.0
// A place that every step loads and stores becomes a value carried by the loop: loaded before it, stored after it.
// RUN: overtime-opt %s --promote-state | FileCheck %s

// CHECK-LABEL: func.func @register(
// CHECK: %[[M:.*]] = vector.constant_mask [3]
// CHECK: %[[A:.*]] = vector.load %arg1[%c0]
// CHECK: %[[B:.*]] = vector.maskedload %arg1[%c8], %[[M]]
// CHECK: %[[R:.*]]:2 = scf.for {{.*}} iter_args(%[[X:.*]] = %[[A]], %[[Y:.*]] = %[[B]])
// CHECK-NEXT: %[[N:.*]] = arith.addf %[[X]], %[[X]]
// CHECK-NEXT: %[[O:.*]] = arith.addf %[[Y]], %[[Y]]
// CHECK-NEXT: scf.yield %[[N]], %[[O]]
// CHECK: } {dyn.time_loop}
// CHECK-NEXT: vector.store %[[R]]#0, %arg1[%c0]
// CHECK-NEXT: vector.maskedstore %arg1[%c8], %[[M]], %[[R]]#1
func.func @register(%steps: index, %v: memref<11xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %m = vector.constant_mask [3] : vector<8xi1>
  %zero = arith.constant dense<0.0> : vector<8xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %a = vector.load %v[%c0] : memref<11xf32>, vector<8xf32>
    %b = vector.maskedload %v[%c8], %m, %zero : memref<11xf32>, vector<8xi1>, vector<8xf32> into vector<8xf32>
    %n = arith.addf %a, %a : vector<8xf32>
    %o = arith.addf %b, %b : vector<8xf32>
    vector.store %n, %v[%c0] : memref<11xf32>, vector<8xf32>
    vector.maskedstore %v[%c8], %m, %o : memref<11xf32>, vector<8xi1>, vector<8xf32>
  } {dyn.time_loop}
  return
}

// Written only: what was there before stays where there are no steps. Two states that swap need no third register.
// CHECK-LABEL: func.func @swap(
// CHECK-DAG: %[[A:.*]] = memref.load %arg1[%c0]
// CHECK-DAG: %[[B:.*]] = memref.load %arg2[%c0]
// CHECK-DAG: %[[W:.*]] = memref.load %arg3[%c0]
// CHECK: %[[R:.*]]:3 = scf.for {{.*}} iter_args(%[[X:.*]] = %[[A]], %[[Y:.*]] = %[[B]], %{{.*}} = %[[W]])
// CHECK-NEXT: scf.yield %[[Y]], %[[X]], %[[Y]]
// CHECK: memref.store %[[R]]#0, %arg1[%c0]
// CHECK: memref.store %[[R]]#1, %arg2[%c0]
// CHECK: memref.store %[[R]]#2, %arg3[%c0]
func.func @swap(%steps: index, %a: memref<1xf32>, %b: memref<1xf32>, %w: memref<1xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %x = memref.load %a[%c0] : memref<1xf32>
    %y = memref.load %b[%c0] : memref<1xf32>
    memref.store %y, %a[%c0] : memref<1xf32>
    memref.store %x, %b[%c0] : memref<1xf32>
    memref.store %y, %w[%c0] : memref<1xf32>
  } {dyn.time_loop}
  return
}

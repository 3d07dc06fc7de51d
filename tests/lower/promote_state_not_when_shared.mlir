// SPDX-License-Identifier: Apache-2.0
// Memory that something else in the loop may touch, or that is not one place, stays in memory.
// RUN: overtime-opt %s --promote-state | FileCheck %s --implicit-check-not=iter_args

// A second view of the same memory.
// CHECK-LABEL: func.func @views(
// CHECK: scf.for
// CHECK-NEXT: vector.load
func.func @views(%steps: index, %v: memref<16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %left = memref.subview %v[0] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1]>>
  %shifted = memref.subview %v[4] [8] [1] : memref<16xf32> to memref<8xf32, strided<[1], offset: 4>>
  scf.for %k = %c0 to %steps step %c1 {
    %a = vector.load %left[%c0] : memref<8xf32, strided<[1]>>, vector<8xf32>
    %b = vector.load %shifted[%c0] : memref<8xf32, strided<[1], offset: 4>>, vector<8xf32>
    %n = arith.addf %a, %b : vector<8xf32>
    vector.store %n, %left[%c0] : memref<8xf32, strided<[1]>>, vector<8xf32>
  } {dyn.time_loop}
  return
}

// Two stores that overlap, a load behind the store, and a place that moves with the step.
// CHECK-LABEL: func.func @places(
// CHECK: scf.for
// CHECK: } {dyn.time_loop}
func.func @places(%steps: index, %o: memref<16xf32>, %l: memref<16xf32>, %y: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %k = %c0 to %steps step %c1 {
    %a = vector.load %o[%c0] : memref<16xf32>, vector<8xf32>
    %n = arith.addf %a, %a : vector<8xf32>
    vector.store %n, %o[%c0] : memref<16xf32>, vector<8xf32>
    vector.store %a, %o[%c4] : memref<16xf32>, vector<8xf32>
    vector.store %n, %l[%c0] : memref<16xf32>, vector<8xf32>
    %late = vector.load %l[%c0] : memref<16xf32>, vector<8xf32>
    vector.store %late, %y[%k] : memref<?xf32>, vector<8xf32>
  } {dyn.time_loop}
  return
}

// A loop inside the step, and a loop that is not over time.
// CHECK-LABEL: func.func @loops(
// CHECK: scf.for
// CHECK-NEXT: memref.load
func.func @loops(%steps: index, %v: memref<8xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %a = memref.load %v[%c0] : memref<8xf32>
    scf.for %j = %c0 to %c1 step %c1 {
      memref.store %a, %v[%j] : memref<8xf32>
    }
    memref.store %a, %v[%c0] : memref<8xf32>
  } {dyn.time_loop}
  scf.for %k = %c0 to %steps step %c1 {
    %a = memref.load %v[%c0] : memref<8xf32>
    %n = arith.addf %a, %a : f32
    memref.store %n, %v[%c0] : memref<8xf32>
  }
  return
}

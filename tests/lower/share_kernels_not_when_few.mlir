// SPDX-License-Identifier: Apache-2.0
// Three of a kind stay in place, where the state can be in registers; so do operations that see one memory twice, since
// a function could not tell that its arguments overlap.
// RUN: overtime-opt %s --share-kernels | FileCheck %s

// CHECK-NOT: func.func private
// CHECK-LABEL: func.func @three(
// CHECK-NOT: call
#id = affine_map<(d0) -> (d0)>
func.func @three(%a: memref<4xf32>, %b: memref<4xf32>, %c: memref<4xf32>) attributes {dyn.program} {
  %zero = arith.constant 0.0 : f32
  linalg.fill ins(%zero : f32) outs(%a : memref<4xf32>)
  linalg.fill ins(%zero : f32) outs(%b : memref<4xf32>)
  linalg.fill ins(%zero : f32) outs(%c : memref<4xf32>)
  return
}

// CHECK-LABEL: func.func @overlap(
// CHECK-NOT: call
func.func @overlap(%m: memref<8xf32>) attributes {dyn.program} {
  %left = memref.subview %m[0] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1]>>
  %right = memref.subview %m[2] [4] [1] : memref<8xf32> to memref<4xf32, strided<[1], offset: 2>>
  linalg.copy ins(%left : memref<4xf32, strided<[1]>>) outs(%right : memref<4xf32, strided<[1], offset: 2>>)
  linalg.copy ins(%right : memref<4xf32, strided<[1], offset: 2>>) outs(%left : memref<4xf32, strided<[1]>>)
  linalg.copy ins(%left : memref<4xf32, strided<[1]>>) outs(%right : memref<4xf32, strided<[1], offset: 2>>)
  linalg.copy ins(%right : memref<4xf32, strided<[1], offset: 2>>) outs(%left : memref<4xf32, strided<[1]>>)
  linalg.copy ins(%left : memref<4xf32, strided<[1]>>) outs(%right : memref<4xf32, strided<[1], offset: 2>>)
  linalg.copy ins(%right : memref<4xf32, strided<[1], offset: 2>>) outs(%left : memref<4xf32, strided<[1]>>)
  linalg.copy ins(%left : memref<4xf32, strided<[1]>>) outs(%right : memref<4xf32, strided<[1], offset: 2>>)
  linalg.copy ins(%right : memref<4xf32, strided<[1], offset: 2>>) outs(%left : memref<4xf32, strided<[1]>>)
  return
}

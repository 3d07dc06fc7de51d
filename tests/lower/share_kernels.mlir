// SPDX-License-Identifier: Apache-2.0
// Four populations of three sizes run the same equations: one function with the number of neurons as an argument. What
// no step changes, 1 / tau, is computed into a record before the loop. The product, alone of its kind, stays in place.
// RUN: overtime-opt %s --share-kernels | FileCheck %s

// CHECK-LABEL: func.func private @net.kernel.0(
// CHECK-SAME: %[[N:.*]]: index, %[[V:.*]]: memref<f32> {llvm.noalias}, %[[R:.*]]: memref<1xf32>)
// CHECK: %[[ALL:.*]] = memref.reinterpret_cast %[[V]] to offset: [0], sizes: [%[[N]]], strides: [1]
// CHECK: %[[FIXED:.*]] = memref.load %[[R]]
// CHECK: linalg.generic {{.*}} ins(%[[ALL]], %[[FIXED]] : {{.*}}) outs(%[[ALL]] :
// CHECK-LABEL: func.func private @net.record.0(
// CHECK-SAME: %[[TAU:.*]]: memref<f32>, %[[RECORD:.*]]: memref<1xf32>)
// CHECK: %[[LOADED:.*]] = memref.load %[[TAU]][]
// CHECK: %[[RATE:.*]] = arith.divf %{{.*}}, %[[LOADED]]
// CHECK: memref.store %[[RATE]], %[[RECORD]]

// CHECK-LABEL: func.func @net(
// CHECK-NOT: arith.divf
// CHECK-COUNT-4: call @net.record.0(
// CHECK: scf.for
// CHECK: %[[N0:.*]] = arith.constant 20 : index
// CHECK: %[[BASE:.*]], %{{.*}}, %{{.*}}, %{{.*}} = memref.extract_strided_metadata %arg1
// CHECK: call @net.kernel.0(%[[N0]], %[[BASE]], %{{.*}})
// CHECK-COUNT-3: call @net.kernel.0(
// CHECK: linalg.matmul
#id = affine_map<(d0) -> (d0)>
#scalar = affine_map<(d0) -> ()>
func.func @net(%steps: index, %v0: memref<20xf32>, %v1: memref<20xf32>, %v2: memref<7xf32>, %v3: memref<100xf32>,
               %tau0: memref<f32>, %tau1: memref<f32>, %a: memref<2x3xf32>, %b: memref<3x4xf32>, %c: memref<2x4xf32>)
    attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f32
  %t0 = memref.load %tau0[] : memref<f32>
  %r0 = arith.divf %one, %t0 : f32
  %t1 = memref.load %tau1[] : memref<f32>
  %r1 = arith.divf %one, %t1 : f32
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]}
        ins(%v0, %r0 : memref<20xf32>, f32) outs(%v0 : memref<20xf32>) {
    ^bb0(%x: f32, %r: f32, %old: f32):
      %y = arith.mulf %x, %r : f32
      linalg.yield %y : f32
    }
    linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]}
        ins(%v1, %r1 : memref<20xf32>, f32) outs(%v1 : memref<20xf32>) {
    ^bb0(%x: f32, %r: f32, %old: f32):
      %y = arith.mulf %x, %r : f32
      linalg.yield %y : f32
    }
    linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]}
        ins(%v2, %r0 : memref<7xf32>, f32) outs(%v2 : memref<7xf32>) {
    ^bb0(%x: f32, %r: f32, %old: f32):
      %y = arith.mulf %x, %r : f32
      linalg.yield %y : f32
    }
    linalg.generic {indexing_maps = [#id, #scalar, #id], iterator_types = ["parallel"]}
        ins(%v3, %r1 : memref<100xf32>, f32) outs(%v3 : memref<100xf32>) {
    ^bb0(%x: f32, %r: f32, %old: f32):
      %y = arith.mulf %x, %r : f32
      linalg.yield %y : f32
    }
    linalg.matmul ins(%a, %b : memref<2x3xf32>, memref<3x4xf32>) outs(%c : memref<2x4xf32>)
  } {dyn.time_loop}
  return
}

// SPDX-License-Identifier: Apache-2.0
// Threads share every operation of a coupled step; barriers stand where one reads or overwrites what is another's.
// RUN: overtime-opt %s --split-steps="threads=2 always" | FileCheck %s

#id = affine_map<(d0) -> (d0)>
#scalar = affine_map<(d0) -> ()>
#rows = affine_map<(d0, d1) -> (d1, d0)>
#id2 = affine_map<(d0, d1) -> (d0, d1)>

// 40 neurons: the first part has 32 of them, the second 8. A sum is one part's alone, the second sum the other's, and
// both come in one phase although an operation of neurons stands between them. Memory of the program is shared.
// CHECK-LABEL: func.func @sums.team(
// CHECK-SAME: %[[WORK:[a-z0-9]*]]: memref<0xi8>, %[[SHARED:[a-z0-9]*]]: memref<0xi8>, %{{[a-z0-9]*}}: i64,
// CHECK-SAME: %[[FIRST:[a-z0-9]*]]: index, %[[LAST:[a-z0-9]*]]: index, %[[TEAM:[a-z0-9]*]]: index)
// CHECK-SAME: dyn.team
// CHECK-NOT: llvm.noalias
// CHECK-DAG: memref.alloc() {dyn.shared}
// CHECK: call @overtime_barrier(%[[TEAM]])
// CHECK: scf.for
// CHECK: scf.for %[[AT:.*]] = %{{.*}} to %{{.*}} step %c32
// CHECK: memref.subview %{{.*}}[%[[AT]]] [32] [1]
// CHECK: linalg.index 0
// CHECK-NEXT: arith.addi %{{.*}}, %[[AT]]
// CHECK: linalg.generic
// CHECK: scf.if
// CHECK: memref.subview %{{.*}}[%{{.*}}] [8] [1]
// CHECK: func.call @overtime_barrier(%[[TEAM]])
// CHECK-NEXT: scf.if %[[HERE:.*]] {
// CHECK: linalg.reduce
// CHECK: scf.if %[[THERE:.*]] {
// CHECK: linalg.reduce
// CHECK-NOT: linalg
// CHECK: } {dyn.time_loop}
// CHECK-LABEL: func.func @sums(
// CHECK-SAME: dyn.parts = 2 : i64
// CHECK-SAME: dyn.wait_cycles = 4400 : i64
// CHECK-NOT: overtime_barrier
func.func @sums(%steps: index, %v: memref<40xf32> {llvm.noalias}, %u: memref<40xf32>, %work: memref<0xi8>,
                %stride: i64, %first: index, %last: index) attributes {dyn.program} {
  %a = memref.alloc() : memref<f32>
  %b = memref.alloc() : memref<f32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    %from_b = memref.load %b[] : memref<f32>
    linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel"]}
        ins(%from_b : f32) outs(%v : memref<40xf32>) {
    ^bb0(%x: f32, %y: f32):
      %i = linalg.index 0 : index
      %n = arith.index_cast %i : index to i64
      %f = arith.sitofp %n : i64 to f32
      %z = arith.addf %f, %x : f32
      linalg.yield %z : f32
    }
    linalg.reduce { arith.addf } ins(%v : memref<40xf32>) outs(%a : memref<f32>) dimensions = [0]
    linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel"]}
        ins(%from_b : f32) outs(%u : memref<40xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
    linalg.reduce { arith.addf } ins(%u : memref<40xf32>) outs(%b : memref<f32>) dimensions = [0]
  } {dyn.time_loop}
  return
}

// Elements stay with the part that owns them: no barrier. Two operations over the same elements are one loop of chunks.
// CHECK-LABEL: func.func @own.team(
// CHECK: } {dyn.time_loop}
// CHECK-LABEL: func.func @own(
// CHECK-SAME: dyn.wait_cycles = 0 : i64
func.func @own(%steps: index, %v: memref<64xf32>, %u: memref<64xf32>, %w: memref<48xf32>, %work: memref<0xi8>,
               %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%v : memref<64xf32>) outs(%u : memref<64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
    linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]}
        ins(%u : memref<64xf32>) outs(%v : memref<64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
    linalg.generic {indexing_maps = [#id], iterator_types = ["parallel"]} outs(%w : memref<48xf32>) {
    ^bb0(%y: f32):
      %z = arith.addf %y, %y : f32
      linalg.yield %z : f32
    }
  } {dyn.time_loop}
  return
}

// A product cuts the columns of its result; it reads the whole state, which the next operation writes: two barriers.
// CHECK-LABEL: func.func @product.team(
// CHECK: scf.for
// CHECK: func.call @overtime_barrier
// CHECK: memref.subview %[[W:.*]][0, %{{.*}}] [64, 32] [1, 1]
// CHECK: linalg.matmul {dyn.overwrite} ins(%{{.*}}, %{{.*}} : memref<1x64xf32>, memref<64x32xf32
// CHECK: func.call @overtime_barrier
// CHECK: linalg.generic
// CHECK: } {dyn.time_loop}
// CHECK-LABEL: func.func @product(
func.func @product(%steps: index, %h: memref<1x64xf32>, %w: memref<64x64xf32>, %work: memref<0xi8>,
                   %first: index, %last: index) attributes {dyn.program} {
  %s = memref.alloc() : memref<1x64xf32>
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%h, %w : memref<1x64xf32>, memref<64x64xf32>) outs(%s : memref<1x64xf32>)
    linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%s : memref<1x64xf32>) outs(%h : memref<1x64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
  } {dyn.time_loop}
  return
}

// Rows become columns: what a part reads is another's, across the end of a step too.
// CHECK-LABEL: func.func @turned.team(
// CHECK-COUNT-3: @overtime_barrier
// CHECK: } {dyn.time_loop}
// CHECK-LABEL: func.func @turned(
func.func @turned(%steps: index, %h: memref<64x64xf32>, %s: memref<64x64xf32>, %work: memref<0xi8>,
                  %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %k = %c0 to %steps step %c1 {
    linalg.generic {indexing_maps = [#rows, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%h : memref<64x64xf32>) outs(%s : memref<64x64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
    linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]}
        ins(%s : memref<64x64xf32>) outs(%h : memref<64x64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
  } {dyn.time_loop}
  return
}

// A number that a step stores is stored by one part, after the loop too.
// CHECK-LABEL: func.func @numbers.team(
// CHECK: scf.if %[[ZERO:.*]] {
// CHECK-NEXT: memref.store
// CHECK: } {dyn.time_loop}
// CHECK-NEXT: call @overtime_barrier
// CHECK-NEXT: scf.if %{{.*}} {
// CHECK-NEXT: memref.store
// CHECK-LABEL: func.func @numbers(
func.func @numbers(%steps: index, %s: memref<f32>, %o: memref<f32>, %v: memref<64xf32>, %work: memref<0xi8>,
                   %first: index, %last: index) attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %start = memref.load %s[] : memref<f32>
  %r = scf.for %k = %c0 to %steps step %c1 iter_args(%a = %start) -> f32 {
    %n = arith.addf %a, %a : f32
    linalg.generic {indexing_maps = [#scalar, #id], iterator_types = ["parallel"]}
        ins(%n : f32) outs(%v : memref<64xf32>) {
    ^bb0(%x: f32, %y: f32):
      linalg.yield %x : f32
    }
    memref.store %n, %o[] : memref<f32>
    scf.yield %n : f32
  } {dyn.time_loop}
  memref.store %r, %s[] : memref<f32>
  return
}

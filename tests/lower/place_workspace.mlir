// SPDX-License-Identifier: Apache-2.0
// Allocations at the start of a program become views of its workspace, each on a boundary of 64 bytes.
// RUN: overtime-opt %s --place-workspace | FileCheck %s

// 5 floats, 1 byte and 17 doubles: 64 + 64 + 192 bytes.
// CHECK-LABEL: func.func @three(
// CHECK-SAME: %[[S:[a-z0-9]*]]: memref<4xf32>, %[[WORK:[a-z0-9]*]]: memref<320xi8>, %{{.*}}: i64)
// CHECK-SAME: dyn.workspace_bytes = 320 : i64
// CHECK-NOT: memref.alloc
// CHECK: %[[A:.*]] = arith.constant 0 : index
// CHECK: memref.view %[[WORK]][%[[A]]][] : memref<320xi8> to memref<5xf32>
// CHECK: %[[B:.*]] = arith.constant 64 : index
// CHECK: memref.view %[[WORK]][%[[B]]][] : memref<320xi8> to memref<1xi8>
// CHECK: %[[C:.*]] = arith.constant 128 : index
// CHECK: %[[VIEW:.*]] = memref.view %[[WORK]][%[[C]]][] : memref<320xi8> to memref<17xf64>
// CHECK: linalg.fill {{.*}} outs(%[[VIEW]] :
func.func @three(%s: memref<4xf32>, %work: memref<0xi8>, %stride: i64) attributes {dyn.program} {
  %a = memref.alloc() {alignment = 64 : i64} : memref<5xf32>
  %b = memref.alloc() {alignment = 64 : i64} : memref<1xi8>
  %c = memref.alloc() {alignment = 64 : i64} : memref<17xf64>
  %zero = arith.constant 0.0 : f64
  linalg.fill ins(%zero : f64) outs(%c : memref<17xf64>)
  return
}

// A team has two workspaces: each thread's own, and the one that all share.
// CHECK-LABEL: func.func @threads.team(
// CHECK-SAME: %[[OWN:[a-z0-9]*]]: memref<64xi8>, %[[ALL:[a-z0-9]*]]: memref<192xi8>, %{{.*}}: index)
// CHECK-SAME: dyn.shared_bytes = 192 : i64
// CHECK-SAME: dyn.workspace_bytes = 64 : i64
// CHECK: memref.view %[[OWN]][%{{.*}}][] : memref<64xi8> to memref<5xf32>
// CHECK: memref.view %[[ALL]][%{{.*}}][] : memref<192xi8> to memref<17xf64>
func.func @threads.team(%own: memref<0xi8>, %all: memref<0xi8>, %team: index) attributes {dyn.program, dyn.team} {
  %a = memref.alloc() {alignment = 64 : i64} : memref<5xf32>
  %c = memref.alloc() {alignment = 64 : i64, dyn.shared} : memref<17xf64>
  return
}

// A program that needs no memory says so.
// CHECK-LABEL: func.func @none(
// CHECK-SAME: %{{.*}}: memref<0xi8>) attributes {dyn.program, dyn.workspace_bytes = 0 : i64}
func.func @none(%work: memref<0xi8>) attributes {dyn.program} {
  return
}

// What is no program keeps its allocations.
// CHECK-LABEL: func.func @helper(
// CHECK-SAME: %{{.*}}: memref<0xi8>) {
// CHECK: memref.alloc
func.func @helper(%work: memref<0xi8>) {
  %a = memref.alloc() : memref<5xf32>
  memref.dealloc %a : memref<5xf32>
  return
}

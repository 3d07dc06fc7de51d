// SPDX-License-Identifier: Apache-2.0
// A function with a launch becomes an entry of the PTX; others stay as they are.
// RUN: overtime-opt %s --mark-kernels | FileCheck %s

// CHECK: llvm.func @kernel() attributes {dyn.block_threads = 128 : i64, nvvm.kernel, nvvm.maxntid = array<i32: 128>}
llvm.func @kernel() attributes {dyn.block_threads = 128 : i64} {
  llvm.return
}
// CHECK: llvm.func @helper() {
llvm.func @helper() {
  llvm.return
}

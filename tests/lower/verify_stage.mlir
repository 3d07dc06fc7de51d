// SPDX-License-Identifier: Apache-2.0
// What must not remain after a stage is named, with the stage.
// RUN: split-file %s %t
// RUN: not overtime-opt %t/dynamics.mlir --verify-stage=stage=dynamics 2>&1 | FileCheck %s --check-prefix=DYNAMICS
// RUN: not overtime-opt %t/optimize.mlir --verify-stage=stage=optimize 2>&1 | FileCheck %s --check-prefix=OPTIMIZE
// RUN: not overtime-opt %t/bufferize.mlir --verify-stage=stage=bufferize 2>&1 | FileCheck %s --check-prefix=BUFFERIZE
// RUN: not overtime-opt %t/loop.mlir --verify-stage=stage=bufferize 2>&1 | FileCheck %s --check-prefix=LOOP
// RUN: not overtime-opt %t/cpu.mlir --verify-stage=stage=cpu 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not overtime-opt %t/llvm.mlir --verify-stage=stage=llvm 2>&1 | FileCheck %s --check-prefix=LLVM
// RUN: not overtime-opt %t/llvm.mlir --verify-stage=stage=fpga 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: overtime-opt %t/llvm.mlir --verify-stage=stage=cpu

// DYNAMICS: dynamics.mlir:2:8: error: 'dyn.random' of a tensor must not remain after the stage 'dynamics'
//--- dynamics.mlir
func.func @f(%seed: i64, %i: i64) -> tensor<4xf32> {
  %u = dyn.random "uniform" %seed, %i stream 7 : tensor<4xf32>
  return %u : tensor<4xf32>
}

// OPTIMIZE: optimize.mlir:2:8: error: 'dyn.with_gradient_of' must not remain after the stage 'optimize'
//--- optimize.mlir
func.func @f(%a: f32, %b: f32) -> f32 {
  %c = dyn.with_gradient_of %a, %b : f32
  return %c : f32
}

// BUFFERIZE: bufferize.mlir:2:8: error: 'arith.constant' works on tensors, which must not remain after the stage 'bufferize'
//--- bufferize.mlir
func.func @f() {
  %c = arith.constant dense<0.0> : tensor<4xf32>
  return
}

// LOOP: loop.mlir:2:8: error: 'dyn.loop_over_time' must not remain after the stage 'bufferize'
//--- loop.mlir
func.func @f(%steps: index, %i0: i64, %k0: i64, %t0: f64, %a: f32) {
  %r = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01 carry (%a : f32) {
  ^bb0(%i: i64, %t: f32, %c: f32):
    dyn.yield %c : f32
  } -> f32
  return
}

// CPU: cpu.mlir:2:3: error: 'linalg.matmul' must not remain after the stage 'cpu'
//--- cpu.mlir
func.func @f(%a: memref<2x2xf32>, %b: memref<2x2xf32>, %c: memref<2x2xf32>) {
  linalg.matmul ins(%a, %b : memref<2x2xf32>, memref<2x2xf32>) outs(%c : memref<2x2xf32>)
  return
}

// LLVM: error: 'func.func' must not remain after the stage 'llvm'
// NAME: error: there is no stage 'fpga'; the stages are: trace, dynamics, optimize, bufferize, cpu, llvm, and gpu for cpu
//--- llvm.mlir
func.func @f() {
  return
}

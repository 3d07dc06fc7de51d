// SPDX-License-Identifier: Apache-2.0
// What must stay in the step, or does not pay elsewhere.
// RUN: overtime-opt %s --hoist-over-time | FileCheck %s --implicit-check-not=dyn.short_chunk

#same = affine_map<(d0, d1) -> (d0, d1)>

// Two rows share what they read of the weights within a step.
// CHECK-LABEL: func.func @two_rows(
func.func @two_rows(%steps: index, %w: memref<64x32xf32>, %x: memref<2x64xf32>, %h: memref<2x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 128 : index
  %y = memref.alloc() : memref<2x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [2, 64], strides: [64, 1]
        : memref<2x64xf32> to memref<2x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<2x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<2x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<2x32xf32>) outs(%h : memref<2x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// A product of 63 x 32 weights is not worth the detour.
// CHECK-LABEL: func.func @few_weights(
func.func @few_weights(%steps: index, %w: memref<63x32xf32>, %x: memref<1x63xf32>, %h: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 63 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 63], strides: [63, 1]
        : memref<1x63xf32> to memref<1x63xf32, strided<[63, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<1x63xf32, strided<[63, 1], offset: ?>>, memref<63x32xf32>)
        outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// It adds to what the step before has left.
// CHECK-LABEL: func.func @onto_state(
func.func @onto_state(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%h : memref<1x32xf32>)
  } {dyn.time_loop}
  return
}

// It adds to memory that the state has been written to.
// CHECK-LABEL: func.func @onto_scratch(
func.func @onto_scratch(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%h : memref<1x32xf32>) outs(%y : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    linalg.matmul ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// The step changes the weights.
// CHECK-LABEL: func.func @changing_weights(
func.func @changing_weights(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>, %v: memref<64x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%v : memref<64x32xf32>) outs(%w : memref<64x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// The state takes what the step before has left in this memory.
// CHECK-LABEL: func.func @read_before(
func.func @read_before(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32>)
  } {dyn.time_loop}
  return
}

// The step writes what would be an input.
// CHECK-LABEL: func.func @changing_input(
func.func @changing_input(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>) {
  %one = arith.constant 1.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    linalg.fill ins(%one : f32) outs(%x : memref<1x64xf32>)
  } {dyn.time_loop}
  return
}

// What the product adds to comes from the index of the step.
// CHECK-LABEL: func.func @uses_time(
func.func @uses_time(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>, %bias: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    %int = arith.index_cast %k : index to i64
    %time = arith.sitofp %int : i64 to f32
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%bias : memref<1x32xf32>) outs(%y : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      %c = arith.addf %a, %time : f32
      linalg.yield %c : f32
    }
    linalg.matmul ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

// A loop that carries a scalar is no chunk of steps.
// CHECK-LABEL: func.func @carries_scalar(
func.func @carries_scalar(%steps: index, %w: memref<64x32xf32>, %x: memref<1x64xf32>, %h: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %width = arith.constant 64 : index
  %y = memref.alloc() : memref<1x32xf32>
  %zero = arith.constant 0.0 : f32
  %last = scf.for %k = %c0 to %steps step %c1 iter_args(%v = %zero) -> f32 {
    %at = arith.muli %k, %width : index
    %row = memref.reinterpret_cast %x to offset: [%at], sizes: [1, 64], strides: [64, 1]
        : memref<1x64xf32> to memref<1x64xf32, strided<[64, 1], offset: ?>>
    linalg.matmul {dyn.overwrite} ins(%row, %w : memref<1x64xf32, strided<[64, 1], offset: ?>>, memref<64x32xf32>)
        outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
    scf.yield %v : f32
  } {dyn.time_loop}
  return
}

// The rows of a state, whatever else the step has.
// CHECK-LABEL: func.func @of_state(
func.func @of_state(%steps: index, %w: memref<32x32xf32>, %h: memref<1x32xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %y = memref.alloc() : memref<1x32xf32>
  scf.for %k = %c0 to %steps step %c1 {
    linalg.matmul {dyn.overwrite} ins(%h, %w : memref<1x32xf32>, memref<32x32xf32>) outs(%y : memref<1x32xf32>)
    linalg.generic {indexing_maps = [#same, #same], iterator_types = ["parallel", "parallel"]}
        ins(%y : memref<1x32xf32>) outs(%h : memref<1x32xf32>) {
    ^bb0(%a: f32, %b: f32):
      linalg.yield %a : f32
    }
  } {dyn.time_loop}
  return
}

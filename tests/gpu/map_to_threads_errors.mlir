// SPDX-License-Identifier: Apache-2.0
// What a GPU does not take is said, and not counted wrongly.
// RUN: overtime-opt %s --map-to-threads --verify-diagnostics

func.func @large(%steps: index, %v: memref<50000x50000xf32>, %ws: memref<0xi8>, %first: index, %last: index)
    attributes {dyn.program} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.for %k = %c0 to %steps step %c1 {
    // expected-error @below {{works on 2500000000 elements, and a GPU counts at most 2147483647; compile the program for a CPU}}
    linalg.fill ins(%zero : f32) outs(%v : memref<50000x50000xf32>)
  } {dyn.time_loop}
  return
}

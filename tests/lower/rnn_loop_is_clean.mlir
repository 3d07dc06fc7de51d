// SPDX-License-Identifier: Apache-2.0
// A step of the network 100 -> 20 -> relu -> 2 on a batch of 128: four products, two sums, no call.
// RUN: overtime-opt %s --overtime-dynamics --overtime-optimize --overtime-bufferize \
// RUN:   | FileCheck %s --check-prefix=MEMORY --implicit-check-not=memref.alloc --implicit-check-not=memref.copy \
// RUN:       --implicit-check-not=call
// RUN: overtime-opt %s --overtime-dynamics --overtime-optimize --overtime-bufferize --overtime-cpu --overtime-llvm \
// RUN:   | FileCheck %s --check-prefix=LLVM
// RUN: overtime compile RNNCell --size 20 --batch 128 --input-shape 128,100 --target x86-64-v3 --emit asm -o %t
// RUN: FileCheck %s --check-prefix=ASM --input-file %t/rnncell.s

// 32 rows of the batch at a time; both states are written in place, the second one also to the output.
// MEMORY: func.func @rnn(
// MEMORY: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c32{{.*}}
// MEMORY: %[[H1:.*]] = memref.subview %arg5[%[[FIRST]], 0] [32, 20]
// MEMORY: %[[H2:.*]] = memref.subview %arg6[%[[FIRST]], 0] [32, 2]
// MEMORY: scf.for %{{.*}} = %{{.*}} to %arg0 step
// MEMORY: %[[Y:.*]] = memref.subview %{{.*}}[%[[FIRST]], 0] [32, 2]
// MEMORY-COUNT-2: linalg.matmul
// MEMORY: linalg.generic {{.*}} outs(%[[H1]], %[[RELU:.*]] :
// MEMORY: arith.maximumf
// MEMORY: linalg.matmul {{.*}}ins(%[[RELU]],
// MEMORY: linalg.generic {{.*}} outs(%[[H2]], %[[Y]] :
// MEMORY: arith.maximumf
// MEMORY-NOT: linalg.{{generic|matmul|fill}}
// MEMORY: } {dyn.time_loop}

// LLVM: llvm.func @rnn(
// LLVM-NOT: {{llvm.call @|malloc|memcpy|alloca}}
// LLVM: llvm.return

// ASM-LABEL: {{^}}rnncell:
// ASM-NOT: {{(call|callq|mem(cpy|set|move))[[:space:]@]}}
// ASM: .size{{[[:space:]]+}}rnncell,

func.func @rnn(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
    %s1: tensor<128x20xf32> {dyn.kind = "state"}, %s2: tensor<128x2xf32> {dyn.kind = "state"},
    %wi1: tensor<100x20xf32> {dyn.kind = "param"}, %wh1: tensor<20x20xf32> {dyn.kind = "param"},
    %b1: tensor<20xf32> {dyn.kind = "param"}, %wi2: tensor<20x2xf32> {dyn.kind = "param"},
    %wh2: tensor<2x2xf32> {dyn.kind = "param"}, %b2: tensor<2xf32> {dyn.kind = "param"},
    %xs: tensor<?x128x100xf32> {dyn.kind = "input"})
    -> (tensor<128x20xf32>, tensor<128x2xf32>, tensor<?x128x2xf32>) attributes {dyn.program} {
  %r:3 = dyn.loop_over_time %steps from (%i0, %k0, %t0) step 1.0e-01
      carry (%s1, %s2 : tensor<128x20xf32>, tensor<128x2xf32>) scan (%xs : tensor<?x128x100xf32>) {
  ^bb0(%i: i64, %t: f32, %h1: tensor<128x20xf32>, %h2: tensor<128x2xf32>, %x: tensor<128x100xf32>):
    %zero = arith.constant 0.0 : f32
    %e1 = tensor.empty() : tensor<128x20xf32>
    %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<128x20xf32>) -> tensor<128x20xf32>
    %p1 = linalg.matmul ins(%x, %wi1 : tensor<128x100xf32>, tensor<100x20xf32>) outs(%z1 : tensor<128x20xf32>)
        -> tensor<128x20xf32>
    %q1 = linalg.matmul ins(%h1, %wh1 : tensor<128x20xf32>, tensor<20x20xf32>) outs(%z1 : tensor<128x20xf32>)
        -> tensor<128x20xf32>
    %a1 = arith.addf %p1, %q1 : tensor<128x20xf32>
    %bb1 = linalg.broadcast ins(%b1 : tensor<20xf32>) outs(%e1 : tensor<128x20xf32>) dimensions = [0]
    %c1 = arith.addf %a1, %bb1 : tensor<128x20xf32>
    %n1 = tensor.splat %zero : tensor<128x20xf32>
    %next1 = arith.maximumf %c1, %n1 : tensor<128x20xf32>
    %relu = arith.maximumf %next1, %n1 : tensor<128x20xf32>
    %e2 = tensor.empty() : tensor<128x2xf32>
    %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<128x2xf32>) -> tensor<128x2xf32>
    %p2 = linalg.matmul ins(%relu, %wi2 : tensor<128x20xf32>, tensor<20x2xf32>) outs(%z2 : tensor<128x2xf32>)
        -> tensor<128x2xf32>
    %q2 = linalg.matmul ins(%h2, %wh2 : tensor<128x2xf32>, tensor<2x2xf32>) outs(%z2 : tensor<128x2xf32>)
        -> tensor<128x2xf32>
    %a2 = arith.addf %p2, %q2 : tensor<128x2xf32>
    %bb2 = linalg.broadcast ins(%b2 : tensor<2xf32>) outs(%e2 : tensor<128x2xf32>) dimensions = [0]
    %c2 = arith.addf %a2, %bb2 : tensor<128x2xf32>
    %n2 = tensor.splat %zero : tensor<128x2xf32>
    %next2 = arith.maximumf %c2, %n2 : tensor<128x2xf32>
    dyn.yield %next1, %next2, %next2 : tensor<128x20xf32>, tensor<128x2xf32>, tensor<128x2xf32>
  } -> tensor<128x20xf32>, tensor<128x2xf32>, tensor<?x128x2xf32>
  return %r#0, %r#1, %r#2 : tensor<128x20xf32>, tensor<128x2xf32>, tensor<?x128x2xf32>
}

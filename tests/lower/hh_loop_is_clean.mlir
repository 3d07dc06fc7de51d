// SPDX-License-Identifier: Apache-2.0
// A step of 1000 HH neurons, compiled as a user compiles it: no allocation, no copy, no call, no load of state.
// RUN: overtime compile HH --size 1000 --target x86-64-v4 --stop-after bufferize \
// RUN:   | FileCheck %s --check-prefix=MEMORY --implicit-check-not=memref.alloc --implicit-check-not=memref.copy \
// RUN:       --implicit-check-not="linalg.yield %in :" --implicit-check-not=call
// RUN: overtime compile HH --size 1000 --target x86-64-v4 --stop-after cpu \
// RUN:   | FileCheck %s --check-prefix=CPU --implicit-check-not=alloc --implicit-check-not=copy \
// RUN:       --implicit-check-not=func.call --implicit-check-not="llvm.call{{ }}" --implicit-check-not=math.exp
// RUN: overtime compile HH --size 1000 --target x86-64-v4 --emit asm -o %t/v4
// RUN: FileCheck %s --check-prefix=ASM --input-file %t/v4/hh.s
// RUN: FileCheck %s --check-prefix=STACK --input-file %t/v4/hh.s
// RUN: overtime compile HH --size 1000 --target x86-64-v3 --emit asm -o %t/v3
// RUN: FileCheck %s --check-prefix=ASM --input-file %t/v3/hh.s
// RUN: overtime compile HH --size 1000 --target aarch64 --emit asm -o %t/neon
// RUN: FileCheck %s --check-prefix=ASM --input-file %t/neon/hh.s

// Before code is made: no workspace, and one operation a step, which writes the four states and the spike in place.
// MEMORY: func.func @hh({{.*}} dyn.workspace_bytes = 0 : i64}
// MEMORY: scf.for %[[FIRST:.*]] = %{{.*}} to %{{.*}} step %c32{{.*}}
// MEMORY: %[[V:.*]] = memref.subview %arg5[%[[FIRST]]] [32]
// MEMORY: %[[M:.*]] = memref.subview %arg6[%[[FIRST]]] [32]
// MEMORY: %[[H:.*]] = memref.subview %arg7[%[[FIRST]]] [32]
// MEMORY: %[[N:.*]] = memref.subview %arg8[%[[FIRST]]] [32]
// MEMORY: %[[S:.*]] = memref.subview %arg9[%[[FIRST]]] [32]
// MEMORY: scf.for %{{.*}} = %c0 to %arg0 step %c1
// MEMORY: linalg.{{.*}} outs(%[[V]], %[[M]], %[[H]], %[[N]], %[[S]], %{{.*}} :
// MEMORY-NOT: linalg.generic
// MEMORY: } {dyn.time_loop}
// The 8 neurons that remain.
// MEMORY: scf.for %{{.*}} = %c0 to %arg0 step %c1
// MEMORY: linalg.generic
// MEMORY-NOT: linalg.generic
// MEMORY: } {dyn.time_loop}

// In vectors: the step loads the current of 32 neurons and stores their spikes; the states are carried in registers.
// CPU: %{{.*}}:10 = scf.for %{{.*}} = %c0 to %arg0 step %c1 iter_args(
// CPU-COUNT-2: vector.load %{{.*}} : memref<32xf32
// CPU-NOT: {{vector.load|memref.load|vector.store}}
// CPU-COUNT-2: vector.store %{{.*}} : memref<32xi8
// CPU-NOT: {{vector.load|memref.load|vector.store|memref.store}}
// CPU: } {dyn.time_loop}
// CPU: %{{.*}}:5 = scf.for %{{.*}} = %c0 to %arg0 step %c1 iter_args(
// CPU: } {dyn.time_loop}

// The function of the loop calls nothing, on any target: exp and exprel are written out.
// ASM-LABEL: {{^}}hh:
// ASM-NOT: {{(call|bl|blr|mem(cpy|set|move))[[:space:]]}}
// ASM: .size{{[[:space:]]+}}hh,

// Vectors that leave the registers lie in lines of the cache of their own, whatever stack the caller has.
// STACK-LABEL: {{^}}hh:
// STACK: andq{{[[:space:]]+}}$-64, %rsp
// STACK-NOT: {{vmovu[pd].*\(%rsp\)}}
// STACK: .size{{[[:space:]]+}}hh,

// SPDX-License-Identifier: Apache-2.0
// A run of 1000 HH neurons is one kernel: the loop over time is inside, the states are registers, nothing is called.
// RUN: overtime compile HH --size 1000 --monitor V --target nvptx64 --stop-after gpu \
// RUN:   | FileCheck %s --check-prefix=MLIR --implicit-check-not=linalg --implicit-check-not=alloc \
// RUN:       --implicit-check-not=func.call --implicit-check-not=math.exp
// RUN: overtime compile HH --size 1000 --monitor V --target nvptx64 --arch sm_90 -o %t
// RUN: FileCheck %s --check-prefix=PTX --input-file %t/hh.ptx --implicit-check-not=.entry --implicit-check-not=.local \
// RUN:   --implicit-check-not=.func --implicit-check-not=call

// One function, whose loop over time carries the four states and the spike and loads nothing but the current.
// MLIR: func.func @hh({{.*}} attributes {dyn.block_threads = 32 : i64, dyn.blocks = 32 : i64
// MLIR-NOT: func.func
// MLIR: scf.for %{{.*}} = %{{.*}} to %{{.*}} step
// MLIR: %{{.*}}:5 = scf.for %{{.*}} = %c0 to %arg0 step %c1 iter_args(
// MLIR: memref.load %{{.*}} : memref<1xf32
// MLIR-NOT: memref.load
// MLIR-COUNT-2: memref.store
// MLIR-NOT: memref.store
// MLIR: } {dyn.time_loop}

// One entry for the stated capability, with a jump back: the loop.
// PTX: .version 8.0
// PTX: .target sm_90
// PTX: .visible .entry hh(
// PTX: .maxntid 32
// PTX: $L__BB0_[[LOOP:[0-9]+]]:
// PTX: fma.rn.f32
// PTX: rcp.approx.ftz.f32
// PTX: st.global
// PTX: bra{{.*}} $L__BB0_[[LOOP]];

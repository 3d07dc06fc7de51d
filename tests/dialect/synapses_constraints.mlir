// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @propagate_c1_rank(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2x2xf32>) {
  // expected-error @below {{(C1) events and init must be of rank 1, or of rank 2 with one first dimension}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2x2xf32> -> tensor<2x2xf32>
  return
}

// -----

func.func @propagate_c1_offsets(%s: tensor<3xi1>, %o: tensor<3xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C1) has offsets 'tensor<3xi32>' for 3 sources; expected 4}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<3xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c1_targets(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5x1xi32>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C1) has targets 'tensor<5x1xi32>'; expected rank 1}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5x1xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_places(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi64>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{must be static tensor or memref of i16 or i32, but got 'tensor<5xi64>'}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi64>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c2(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: tensor<4xf32>, %g: tensor<2xf32>) {
  // expected-error @below {{(C2) has weights 'tensor<4xf32>' for synapses 'tensor<5xi32>'}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, tensor<4xf32>, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c3_weights(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f64, %g: tensor<2xf32>) {
  // expected-error @below {{(C3) mixes element types 'f32' and 'f64'}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f64, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c3_events(%s: tensor<3xf64>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C3) has events of 'f64'; expected 'f32' or i1}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xf64>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c4_mixed(%s: memref<3xi8>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C4) mixes tensors and memory}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : memref<3xi8>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c4_result(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C4) has no result on tensors}}
  dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32>
  return
}

// -----

func.func @propagate_c4_type(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C4) has the result 'tensor<3xf32>'; expected 'tensor<2xf32>'}}
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<3xf32>
  return
}

// -----

func.func @propagate_c5(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>, %i: index) {
  // expected-error @below {{(C5) has both a shift and a from}}
  %0 = dyn.propagate %s through (%o, %t) weight %w shift %i from %i into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c5_ascending(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %g: tensor<2xf32>, %i: index) {
  // expected-error @below {{(C5) has a from, but rows that need not ascend}}
  %0 = dyn.propagate %s through (%o, %t) weight %w from %i into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c7(%s: memref<3xf32>, %o: memref<4xi32>, %t: memref<5xi32>, %w: f32, %g: memref<2xf32>, %l: memref<3xi32>, %n: memref<32xi32>) {
  // expected-error @below {{(C7) takes a list together with its counts, for flags of rank 1 in memory}}
  dyn.propagate %s through (%o, %t) weight %w into %g listed %l counts %n : memref<3xf32>, memref<4xi32>, memref<5xi32>, f32, memref<2xf32> listed memref<3xi32>, memref<32xi32>
  return
}

// -----

func.func @list_events_c1(%s: memref<3xi8>, %i: index, %l: memref<4xi32>, %n: memref<1xi32>) {
  // expected-error @below {{(C1) lists 'memref<3xi8>' in 'memref<4xi32>'}}
  dyn.list_events %s from %i into %l, %n : memref<3xi8>, memref<4xi32>, memref<1xi32>
  return
}

// -----

func.func @list_events_c1_count(%s: memref<3xi8>, %i: index, %l: memref<3xi32>, %n: memref<0xi32>) {
  // expected-error @below {{(C1) counts in 'memref<0xi32>'}}
  dyn.list_events %s from %i into %l, %n : memref<3xi8>, memref<3xi32>, memref<0xi32>
  return
}

// -----

func.func @collect_c1(%g: tensor<2xf32>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %a: tensor<2x3xf32>) {
  // expected-error @below {{(C1) values and init must be of rank 1}}
  %0 = dyn.collect %g through (%o, %t) weight %w into %a : tensor<2xf32>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2x3xf32> -> tensor<2x3xf32>
  return
}

// -----

func.func @collect_c3(%g: tensor<2xf64>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %a: tensor<3xf32>) {
  // expected-error @below {{(C3) mixes element types 'f32' and 'f64'}}
  %0 = dyn.collect %g through (%o, %t) weight %w into %a : tensor<2xf64>, tensor<4xi32>, tensor<5xi32>, f32, tensor<3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @correlate_c1_init(%s: tensor<3xi1>, %g: tensor<2xf32>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: tensor<6xf32>) {
  // expected-error @below {{(C1) has init 'tensor<6xf32>' for synapses 'tensor<5xi32>'}}
  %0 = dyn.correlate %s, %g through (%o, %t) into %w : tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32>, tensor<6xf32> -> tensor<6xf32>
  return
}

// -----

func.func @correlate_c1_positions(%s: tensor<3xi1>, %g: tensor<2xf32>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: tensor<6xf32>) {
  // expected-error @below {{(C1) has positions 'tensor<4xi32>' for synapses 'tensor<5xi32>'}}
  %0 = dyn.correlate %s, %g through (%o, %t) at %o into %w : tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32> at tensor<4xi32>, tensor<6xf32> -> tensor<6xf32>
  return
}

// -----

func.func @correlate_c3_toward(%s: tensor<3xi1>, %g: tensor<2xf32>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: tensor<5xf32>, %b: f64) {
  // expected-error @below {{(C3) mixes element types 'f32' and 'f64'}}
  %0 = dyn.correlate %s, %g through (%o, %t) toward %b into %w : tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32> toward f64, tensor<5xf32> -> tensor<5xf32>
  return
}

// -----

func.func @correlate_c2(%s: tensor<3xi1>, %g: tensor<2xf32>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: tensor<5xf32>, %b: f32) {
  // expected-error @below {{(C2) has one bound; give both}}
  %0 = "dyn.correlate"(%s, %g, %o, %t, %w, %b) <{operandSegmentSizes = array<i32: 1, 1, 1, 1, 1, 0, 1, 0, 0>}> : (tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32>, tensor<5xf32>, f32) -> tensor<5xf32>
  return
}

// -----

func.func @read_delayed_c1(%r: tensor<8x3xi1>, %slot: index, %d: tensor<4xi32>) {
  // expected-error @below {{(C1) reads 'tensor<8x3xi1>' by delays 'tensor<4xi32>'}}
  %0 = dyn.read_delayed %r at %slot by %d : tensor<8x3xi1>, tensor<4xi32> -> tensor<3xi1>
  return
}

// -----

func.func @read_delayed_c1_result(%r: tensor<8x3xi1>, %slot: index, %d: tensor<3xi32>) {
  // expected-error @below {{(C1) reads 'tensor<4xi1>' from 'tensor<8x3xi1>'}}
  %0 = dyn.read_delayed %r at %slot by %d : tensor<8x3xi1>, tensor<3xi32> -> tensor<4xi1>
  return
}

// -----

func.func @read_delayed_c2(%r: tensor<8x3xi1>, %slot: index, %d: tensor<3xi32>) {
  // expected-error @below {{(C2) reads 'f32' from 'tensor<8x3xi1>'}}
  %0 = dyn.read_delayed %r at %slot by %d : tensor<8x3xi1>, tensor<3xi32> -> tensor<3xf32>
  return
}

// -----

func.func @read_delayed_c3(%r: memref<8x3xi8>, %slot: index, %d: memref<3xi32>) {
  // expected-error @below {{(C3) must have a result on tensors, and only an init on memory}}
  dyn.read_delayed %r at %slot by %d : memref<8x3xi8>, memref<3xi32>
  return
}

// -----

// expected-error @below {{(C1) rows have a probability or a number}}
func.func private @rows_c1() attributes {rule = #dyn.rows<seed = 1, posts = 5>}

// -----

// expected-error @below {{(C1) rows have a probability or a number}}
func.func private @rows_c1_both() attributes {rule = #dyn.rows<seed = 1, posts = 5, probability = 0.5 : f64, number = 2>}

// -----

// expected-error @below {{(C2) rows have the probability 1.500000e+00 : f64; expected 0 to 1}}
func.func private @rows_c2() attributes {rule = #dyn.rows<seed = 1, posts = 5, probability = 1.5 : f64>}

// -----

// expected-error @below {{(C2) rows have the share -1.000000e+00 : f64; expected 0 to 1}}
func.func private @rows_c2_share() attributes {rule = #dyn.rows<seed = 1, posts = 5, number = 2, share = -1.0 : f64>}

// -----

// expected-error @below {{(C3) rows have the number 5; expected 0 to 4}}
func.func private @rows_c3() attributes {rule = #dyn.rows<seed = 1, posts = 5, number = 5, skips_self = true>}

// -----

// expected-error @below {{(C3) rows have the number 20000; expected 0 to 16384}}
func.func private @rows_c3_most() attributes {rule = #dyn.rows<seed = 1, posts = 50000, number = 20000>}

// -----

func.func @propagate_c8_nothing(%s: tensor<3xi1>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C8) takes offsets and targets, or a rule that draws them}}
  %0 = "dyn.propagate"(%s, %w, %g) <{operandSegmentSizes = array<i32: 1, 0, 0, 1, 1, 0, 0, 0, 0>}> : (tensor<3xi1>, f32, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c8_posts(%s: tensor<3xi1>, %w: f32, %g: tensor<2xf32>) {
  // expected-error @below {{(C8) draws among 5 targets; expected 2}}
  %0 = dyn.propagate %s drawn <seed = 1, posts = 5, number = 2> weight %w into %g : tensor<3xi1>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c8_weights(%s: tensor<3xi1>, %w: tensor<6xf32>, %g: tensor<2xf32>) {
  // expected-error @below {{(C8) draws its synapses, and has weights 'tensor<6xf32>'; expected one number}}
  %0 = dyn.propagate %s drawn <seed = 1, posts = 2, number = 2> weight %w into %g : tensor<3xi1>, tensor<6xf32>, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @propagate_c8_shift(%s: tensor<3xi1>, %w: f32, %g: tensor<2xf32>, %i: index) {
  // expected-error @below {{(C8) draws its synapses, and has a shift}}
  %0 = dyn.propagate %s drawn <seed = 1, posts = 2, number = 2> weight %w shift %i into %g : tensor<3xi1>, f32, tensor<2xf32> -> tensor<2xf32>
  return
}

// -----

func.func @collect_c8_posts(%g: tensor<2xf32>, %w: f32, %a: tensor<3xf32>) {
  // expected-error @below {{(C8) draws among 3 targets; expected 2}}
  %0 = dyn.collect %g drawn <seed = 1, posts = 3, number = 2> weight %w into %a : tensor<2xf32>, f32, tensor<3xf32> -> tensor<3xf32>
  return
}

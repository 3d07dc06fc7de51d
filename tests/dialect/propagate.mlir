// SPDX-License-Identifier: Apache-2.0
// Operations on synapses and ring buffers, on tensors and on memory, print as they are read.
// RUN: overtime-opt %s | overtime-opt | FileCheck %s

// CHECK-LABEL: func.func @tensors
func.func @tensors(%s: tensor<3xi1>, %o: tensor<4xi32>, %t: tensor<5xi32>, %w: f32, %ws: tensor<5xf32>,
                   %g: tensor<2xf32>, %a: tensor<3xf32>, %ring: tensor<8x3xi1>, %slot: index, %d: tensor<3xi32>, %t16: tensor<5xi16>) {
  // CHECK: dyn.propagate %{{.*}} through (%{{.*}}, %{{.*}}) weight %{{.*}} into %{{.*}} : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  %0 = dyn.propagate %s through (%o, %t) weight %w into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, f32, tensor<2xf32> -> tensor<2xf32>
  // CHECK: dyn.propagate %{{.*}} weight %{{.*}} shift %{{.*}} into
  %1 = dyn.propagate %s through (%o, %t) weight %ws shift %slot into %g : tensor<3xi1>, tensor<4xi32>, tensor<5xi32>, tensor<5xf32>, tensor<2xf32> -> tensor<2xf32>
  // CHECK: dyn.propagate %{{.*}} weight %{{.*}} from %{{.*}} into
  %2 = dyn.propagate %a through (%o, %t) weight %ws from %slot into %g {ascending} : tensor<3xf32>, tensor<4xi32>, tensor<5xi32>, tensor<5xf32>, tensor<2xf32> -> tensor<2xf32>
  // CHECK: dyn.collect
  %3 = dyn.collect %g through (%o, %t) weight %w into %a : tensor<2xf32>, tensor<4xi32>, tensor<5xi32>, f32, tensor<3xf32> -> tensor<3xf32>
  // CHECK: dyn.propagate %{{.*}} drawn <seed = -3, posts = 2, probability = 2.500000e-01 : f64> weight %{{.*}} into %{{.*}} : tensor<3xi1>, f32, tensor<2xf32> -> tensor<2xf32>
  %drawn = dyn.propagate %s drawn <seed = -3, posts = 2, probability = 0.25 : f64> weight %w into %g : tensor<3xi1>, f32, tensor<2xf32> -> tensor<2xf32>
  // CHECK: dyn.propagate %{{.*}} drawn <seed = 3, posts = 9, number = 2, skips_self = true, share = 5.000000e-01 : f64> weight %{{.*}} from %{{.*}} into
  %part = dyn.propagate %s drawn <seed = 3, posts = 9, number = 2, skips_self = true, share = 0.5 : f64> weight %w from %slot into %g : tensor<3xi1>, f32, tensor<2xf32> -> tensor<2xf32>
  // CHECK: dyn.collect %{{.*}} drawn <seed = 3, posts = 2, number = 1> weight %{{.*}} into %{{.*}} : tensor<2xf32>, f32, tensor<3xf32> -> tensor<3xf32>
  %back = dyn.collect %g drawn <seed = 3, posts = 2, number = 1> weight %w into %a : tensor<2xf32>, f32, tensor<3xf32> -> tensor<3xf32>
  // CHECK: dyn.collect {{.*}} tensor<5xi16>
  %narrow = dyn.collect %g through (%o, %t16) weight %w into %a : tensor<2xf32>, tensor<4xi32>, tensor<5xi16>, f32, tensor<3xf32> -> tensor<3xf32>
  // CHECK: dyn.correlate %{{.*}}, %{{.*}} through (%{{.*}}, %{{.*}}) into
  %4 = dyn.correlate %s, %g through (%o, %t) into %ws : tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32>, tensor<5xf32> -> tensor<5xf32>
  // CHECK: dyn.correlate %{{.*}} toward %{{.*}} into
  %toward = dyn.correlate %s, %g through (%o, %t) toward %w into %ws : tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32> toward f32, tensor<5xf32> -> tensor<5xf32>
  // CHECK: dyn.correlate %{{.*}} at %{{.*}} between %{{.*}} and %{{.*}} into
  %5 = dyn.correlate %s, %g through (%o, %t) at %t between %w and %w into %ws : tensor<3xi1>, tensor<2xf32>, tensor<4xi32>, tensor<5xi32> at tensor<5xi32> between f32 and f32, tensor<5xf32> -> tensor<5xf32>
  // CHECK: dyn.read_delayed %{{.*}} at %{{.*}} by %{{.*}} : tensor<8x3xi1>, tensor<3xi32> -> tensor<3xi1>
  %6 = dyn.read_delayed %ring at %slot by %d : tensor<8x3xi1>, tensor<3xi32> -> tensor<3xi1>
  return
}

// CHECK-LABEL: func.func @memory
func.func @memory(%s: memref<3xi8>, %o: memref<4xi32>, %t: memref<5xi32>, %w: f32, %g: memref<2xf32>,
                  %ring: memref<8x3xi8>, %slot: index, %d: memref<3xi32>, %n: memref<32xi32>) {
  // CHECK: dyn.propagate {{.*}} memref<2xf32>{{$}}
  dyn.propagate %s through (%o, %t) weight %w into %g : memref<3xi8>, memref<4xi32>, memref<5xi32>, f32, memref<2xf32>
  // CHECK: dyn.list_events %{{.*}} from %{{.*}} into %{{.*}}, %{{.*}} : memref<3xi8>, memref<3xi32>, memref<32xi32>
  dyn.list_events %s from %slot into %d, %n : memref<3xi8>, memref<3xi32>, memref<32xi32>
  // CHECK: dyn.propagate {{.*}} listed %{{.*}} counts %{{.*}} {ascending, first_listed = 1 : i64, list_chunk = 2 : i64} : {{.*}} listed memref<3xi32>, memref<32xi32>
  dyn.propagate %s through (%o, %t) weight %w into %g listed %d counts %n {ascending, first_listed = 1 : i64, list_chunk = 2 : i64} : memref<3xi8>, memref<4xi32>, memref<5xi32>, f32, memref<2xf32> listed memref<3xi32>, memref<32xi32>
  // CHECK: dyn.read_delayed %{{.*}} at %{{.*}} by %{{.*}} into %{{.*}} : memref<8x3xi8>, memref<3xi32>, memref<3xi8>
  dyn.read_delayed %ring at %slot by %d into %s : memref<8x3xi8>, memref<3xi32>, memref<3xi8>
  return
}

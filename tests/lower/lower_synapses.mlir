// SPDX-License-Identifier: Apache-2.0
// Flags are looked at 64 at a time; the row of an event waits while its synapses come into the cache.
// RUN: overtime-opt %s --lower-synapses | FileCheck %s

// CHECK-LABEL: func.func @flags(
// CHECK-SAME: %[[S:.*]]: memref<100xi8>, %[[O:.*]]: memref<101xi32>, %[[T:.*]]: memref<800xi32>, %[[W:.*]]: f32, %[[G:.*]]: memref<50xf32>
// CHECK: %[[QUEUE:.*]]:4 = scf.for %[[B:.*]] = %{{.*}} to %{{.*}} step %{{.*}} iter_args
// CHECK: %[[FIRST:.*]] = arith.minui %[[B]], %{{.*}} : index
// CHECK: vector.load %[[S]][%[[FIRST]]] : memref<100xi8>, vector<64xi8>
// CHECK: vector.bitcast %{{.*}} : vector<64xi1> to vector<1xi64>
// CHECK: arith.shrui
// CHECK: scf.while
// CHECK: math.cttz
// CHECK: memref.load %[[O]]
// CHECK: memref.prefetch %[[T]][%{{.*}}], read
// CHECK: scf.for
// CHECK: memref.load %[[T]]
// CHECK: memref.load %[[G]]
// CHECK: arith.addf %{{.*}}, %[[W]]
// CHECK: memref.store %{{.*}}, %[[G]]
// The rows that still wait.
// CHECK: scf.for {{.*}} iter_args({{.*}} = %[[QUEUE]]#0
func.func @flags(%s: memref<100xi8>, %o: memref<101xi32>, %t: memref<800xi32>, %w: f32, %g: memref<50xf32>) {
  dyn.propagate %s through (%o, %t) weight %w into %g : memref<100xi8>, memref<101xi32>, memref<800xi32>, f32, memref<50xf32>
  return
}

// Places of 16 bits are read without a sign.
// CHECK-LABEL: func.func @narrow(
// CHECK-SAME: %[[T:[a-z0-9]*]]: memref<800xi16>
// CHECK: %[[PLACE:.*]] = memref.load %[[T]][%{{.*}}] : memref<800xi16>
// CHECK: arith.index_castui %[[PLACE]] : i16 to index
func.func @narrow(%s: memref<100xi8>, %o: memref<101xi32>, %t: memref<800xi16>, %w: f32, %g: memref<50xf32>) {
  dyn.propagate %s through (%o, %t) weight %w into %g : memref<100xi8>, memref<101xi32>, memref<800xi16>, f32, memref<50xf32>
  return
}

// CHECK-LABEL: func.func @numbers(
// CHECK: vector.load %{{.*}} : memref<32xf64>, vector<8xf64>
// CHECK: arith.cmpf une
func.func @numbers(%s: memref<32xf64>, %o: memref<33xi32>, %t: memref<80xi32>, %w: memref<80xf64>, %g: memref<50xf64>) {
  dyn.propagate %s through (%o, %t) weight %w into %g : memref<32xf64>, memref<33xi32>, memref<80xi32>, memref<80xf64>, memref<50xf64>
  return
}

// CHECK-LABEL: func.func @toward(
// CHECK-SAME: %[[G:[a-z0-9]*]]: memref<50xf32>, %[[W:[a-z0-9]*]]: memref<800xf32>, %[[TO:[a-z0-9]*]]: f32
// CHECK: %[[VALUE:.*]] = memref.load %[[G]]
// CHECK: %[[BEFORE:.*]] = memref.load %[[W]]
// CHECK: %[[LEFT:.*]] = arith.subf %[[TO]], %[[BEFORE]]
// CHECK: %[[CHANGE:.*]] = arith.mulf %[[VALUE]], %[[LEFT]]
// CHECK: %[[AFTER:.*]] = arith.addf %[[BEFORE]], %[[CHANGE]]
// CHECK: memref.store %[[AFTER]], %[[W]]
func.func @toward(%s: memref<100xi8>, %o: memref<101xi32>, %t: memref<800xi32>, %g: memref<50xf32>, %w: memref<800xf32>, %to: f32) {
  dyn.correlate %s, %g through (%o, %t) toward %to into %w : memref<100xi8>, memref<50xf32>, memref<101xi32>, memref<800xi32> toward f32, memref<800xf32>
  return
}

// CHECK-LABEL: func.func @list(
// CHECK-SAME: %[[S:[a-z0-9]*]]: memref<100xi8>, %[[FROM:[a-z0-9]*]]: index, %[[LIST:[a-z0-9]*]]: memref<100xi32>, %[[COUNT:[a-z0-9]*]]: memref<1xi32>
// CHECK: %[[FOUND:.*]] = scf.for
// CHECK: scf.while
// CHECK: %[[PLACE:.*]] = arith.addi %{{.*}}, %[[FROM]]
// CHECK: %[[NUMBER:.*]] = arith.index_castui %[[PLACE]] : index to i32
// CHECK: memref.store %[[NUMBER]], %[[LIST]]
// CHECK: %[[N:.*]] = arith.index_castui %[[FOUND]] : index to i32
// CHECK: memref.store %[[N]], %[[COUNT]]
func.func @list(%s: memref<100xi8>, %from: index, %list: memref<100xi32>, %count: memref<1xi32>) {
  dyn.list_events %s from %from into %list, %count : memref<100xi8>, memref<100xi32>, memref<1xi32>
  return
}

// A part of the targets: each row is bisected twice. Events come from two lists; those that are not these sources' are
// left out.
// CHECK-LABEL: func.func @part(
// CHECK-SAME: %[[FROM:[a-z0-9]*]]: index, %[[LIST:[a-z0-9]*]]: memref<128xi32>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load %[[LIST]]
// CHECK: %[[KNOWN:.*]] = arith.cmpi ult, %[[SOURCE:.*]], %{{.*}} : index
// CHECK: scf.if %[[KNOWN]]
// CHECK: memref.prefetch
// CHECK: scf.while
// CHECK: scf.while
// CHECK: arith.subi %{{.*}}, %[[FROM]]
func.func @part(%s: memref<100xi8>, %o: memref<101xi32>, %t: memref<800xi32>, %w: f32, %g: memref<25xf32>, %from: index, %list: memref<128xi32>, %counts: memref<32xi32>) {
  dyn.propagate %s through (%o, %t) weight %w from %from into %g listed %list counts %counts {ascending, first_listed = 28 : i64, list_chunk = 64 : i64} : memref<100xi8>, memref<101xi32>, memref<800xi32>, f32, memref<25xf32> listed memref<128xi32>, memref<32xi32>
  return
}

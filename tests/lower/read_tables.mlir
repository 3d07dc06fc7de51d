// SPDX-License-Identifier: Apache-2.0
// A program of 65 buffers takes a table of them and one of strides; a smaller one keeps its arguments.
// RUN: overtime-opt %s --read-tables | FileCheck %s

// CHECK-LABEL: func.func @large(
// CHECK-SAME: %{{.*}}: index, %{{.*}}: i64, %{{.*}}: i64, %{{.*}}: f64, %{{.*}}: i64,
// CHECK-SAME: %[[BUFFERS:.*]]: !llvm.ptr, %[[STRIDES:.*]]: !llvm.ptr, %{{.*}}: index, %{{.*}}: index)
// CHECK: %[[AT:.*]] = llvm.getelementptr %[[BUFFERS]][64] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
// CHECK: %[[LAST:.*]] = llvm.load %[[AT]] : !llvm.ptr -> !llvm.ptr
// CHECK: %[[FILLED:.*]] = llvm.insertvalue %[[LAST]], %{{.*}}[1]
// CHECK: %[[FIRST:.*]] = llvm.getelementptr %[[STRIDES]][0] : (!llvm.ptr) -> !llvm.ptr, i64
// CHECK: %[[STRIDE:.*]] = llvm.load %[[FIRST]] : !llvm.ptr -> i64
// CHECK: call @use(%{{.*}}, %[[STRIDE]])
!described = !llvm.struct<(ptr, ptr, i64, array<1 x i64>, array<1 x i64>)>
func.func private @use(!described, i64)
func.func @large(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64,
                 %b0: memref<4xf32>, %b1: memref<4xf32>, %b2: memref<4xf32>, %b3: memref<4xf32>, %b4: memref<4xf32>,
                 %b5: memref<4xf32>, %b6: memref<4xf32>, %b7: memref<4xf32>, %b8: memref<4xf32>, %b9: memref<4xf32>,
                 %b10: memref<4xf32>, %b11: memref<4xf32>, %b12: memref<4xf32>, %b13: memref<4xf32>, %b14: memref<4xf32>,
                 %b15: memref<4xf32>, %b16: memref<4xf32>, %b17: memref<4xf32>, %b18: memref<4xf32>, %b19: memref<4xf32>,
                 %b20: memref<4xf32>, %b21: memref<4xf32>, %b22: memref<4xf32>, %b23: memref<4xf32>, %b24: memref<4xf32>,
                 %b25: memref<4xf32>, %b26: memref<4xf32>, %b27: memref<4xf32>, %b28: memref<4xf32>, %b29: memref<4xf32>,
                 %b30: memref<4xf32>, %b31: memref<4xf32>, %b32: memref<4xf32>, %b33: memref<4xf32>, %b34: memref<4xf32>,
                 %b35: memref<4xf32>, %b36: memref<4xf32>, %b37: memref<4xf32>, %b38: memref<4xf32>, %b39: memref<4xf32>,
                 %b40: memref<4xf32>, %b41: memref<4xf32>, %b42: memref<4xf32>, %b43: memref<4xf32>, %b44: memref<4xf32>,
                 %b45: memref<4xf32>, %b46: memref<4xf32>, %b47: memref<4xf32>, %b48: memref<4xf32>, %b49: memref<4xf32>,
                 %b50: memref<4xf32>, %b51: memref<4xf32>, %b52: memref<4xf32>, %b53: memref<4xf32>, %b54: memref<4xf32>,
                 %b55: memref<4xf32>, %b56: memref<4xf32>, %b57: memref<4xf32>, %b58: memref<4xf32>, %b59: memref<4xf32>,
                 %b60: memref<4xf32>, %b61: memref<4xf32>, %b62: memref<4xf32>, %b63: memref<4xf32>, %b64: memref<4xf32>,
                 %stride: i64, %first: index, %last: index) attributes {dyn.program} {
  %d = builtin.unrealized_conversion_cast %b64 : memref<4xf32> to !described
  call @use(%d, %stride) : (!described, i64) -> ()
  return
}

// CHECK-LABEL: func.func @small(
// CHECK-SAME: %{{.*}}: memref<4xf32>, %{{.*}}: index, %{{.*}}: index)
func.func @small(%steps: index, %i0: i64, %k0: i64, %t0: f64, %seed: i64, %b0: memref<4xf32>,
                 %first: index, %last: index) attributes {dyn.program} {
  return
}

// SPDX-License-Identifier: Apache-2.0
// RUN: overtime-opt %s -split-input-file -verify-diagnostics

func.func @yield_c1_in_function() {
  // expected-error @below {{expects parent op to be one of 'dyn.loop_over_time, dyn.integrate'}}
  dyn.yield
}

// -----

func.func @yield_c1_in_branch(%c: i1) {
  scf.if %c {
    // expected-error @below {{expects parent op to be one of 'dyn.loop_over_time, dyn.integrate'}}
    dyn.yield
  }
  return
}

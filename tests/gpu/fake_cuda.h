// SPDX-License-Identifier: Apache-2.0
// What the fake driver tells a test, beside the functions of the real one.
#pragma once

extern "C" {
/// Names of the calls so far, one a line, with what matters of their arguments: "cuMemAlloc 64". Then forgets them.
const char *fake_cuda_calls();
/// Faults so far, one a line; empty when there are none. Then forgets them.
const char *fake_cuda_faults();
/// Objects that were made and not given back: "1 allocation, 0 streams, 2 events, 0 modules".
const char *fake_cuda_alive();
/// The next call of this function fails with the number of an error of the driver; NULL: none.
void fake_cuda_fail_next(const char *function, int result);
/// Compute capability, for instance 90, and free bytes of the device.
void fake_cuda_set_device(int capability, unsigned long free_bytes);
}

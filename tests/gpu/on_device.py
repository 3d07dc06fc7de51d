#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test program with every loop that does not say where on the first GPU of this machine.

Usage: on_device.py PROGRAM ARGUMENTS... Ends with 77, which ctest counts as skipped, where there is none, and says what is
missing. The driver is libcuda.so.1, or the file that OVERTIME_LIBCUDA names.
"""
import ctypes
import os
import subprocess
import sys


def first_device():
    """(name, None) of the device, or (None, what is missing)."""
    path = os.environ.get("OVERTIME_LIBCUDA") or "libcuda.so.1"
    try:
        driver = ctypes.CDLL(path)
    except OSError as error:
        return None, f"there is no CUDA driver: {error}"
    count, name = ctypes.c_int(0), ctypes.create_string_buffer(128)
    if status := driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return None, f"the CUDA driver does not start: error {status}"
    if count.value == 0:
        return None, "the CUDA driver finds no device"
    driver.cuDeviceGetName(name, len(name), 0)
    return name.value.decode(), None


name, missing = first_device()
if missing:
    print(f"skipped, since there is no GPU to run on: {missing}")
    sys.exit(77)
print(f"on {name}", flush=True)
sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "OVERTIME_DEVICE": "cuda"}).returncode)

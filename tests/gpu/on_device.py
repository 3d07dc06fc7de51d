#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test program with every loop that does not say where on the first GPU of this machine.

Usage: on_device.py PROGRAM ARGUMENTS... Ends with 77, which ctest counts as skipped, where there is none, and says what is
missing. The driver is libcuda.so.1, or the file that OVERTIME_LIBCUDA names.
"""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "bench"))
import device

found, missing = device.first_device()
if missing:
    print(f"skipped, since there is no GPU to run on: {missing}")
    sys.exit(77)
print(f"on {found[0]}", flush=True)
sys.exit(subprocess.run(sys.argv[1:], env={**os.environ, "OVERTIME_DEVICE": "cuda"}).returncode)

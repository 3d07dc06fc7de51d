#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a test program with every loop that does not say where on an emulated GPU.

Usage: emulated.py FAKE_CUDA.so EMULATE PROGRAM ARGUMENTS...; EMULATE is the command of emulate.py with its first two
arguments, in one string.
"""
import os
import subprocess
import sys
import tempfile

library, emulate, *command = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    variables = {"OVERTIME_DEVICE": "cuda", "OVERTIME_LIBCUDA": library, "FAKE_CUDA_EMULATE": emulate,
                 "OVERTIME_DUMP_KERNELS": folder, "FAKE_CUDA_ENDS_WITH_FAULTS": "1"}
    sys.exit(subprocess.run(command, env={**os.environ, **variables}).returncode)

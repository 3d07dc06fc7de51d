#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`overtime run --device`: what it says without a driver, and the numbers of the processor from the fake one."""
import os
import struct
import subprocess
import tempfile
import unittest
import zipfile

TOOL = os.environ["OVERTIME_BIN"]


def potentials(path):
    """V of 40 neurons at 50 steps."""
    with zipfile.ZipFile(path) as archive:
        return struct.unpack("<2000f", archive.read("V.npy")[-8000:])


class Device(unittest.TestCase):
    def run_on(self, device, folder, **environment):
        out = os.path.join(folder, device + ".npz")
        command = [TOOL, "run", "LIF", "--size", "40", "--set", "I=25", "--steps", "50", "--monitor", "V", "--device",
                   device, "--out", out, "--no-cache"]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
        return done, out

    def test_without_a_driver(self):
        with tempfile.TemporaryDirectory() as folder:
            done, _ = self.run_on("cuda", folder, OVERTIME_LIBCUDA="/nowhere/libcuda.so.1")
            self.assertEqual(done.returncode, 2)
            for text in ("there is no CUDA driver here", "/nowhere/libcuda.so.1", "run on the cpu"):
                self.assertIn(text, done.stderr)

    def test_other_devices(self):
        with tempfile.TemporaryDirectory() as folder:
            done, _ = self.run_on("npu", folder)
            self.assertEqual(done.returncode, 2)
            self.assertIn("there is no device 'npu' here; the devices are: cpu, cuda", done.stderr)

    def test_numbers(self):
        with tempfile.TemporaryDirectory() as folder:
            host, host_file = self.run_on("cpu", folder)
            there, there_file = self.run_on("cuda", folder, OVERTIME_LIBCUDA=os.environ["OVERTIME_FAKE_CUDA"],
                                            OVERTIME_DUMP_KERNELS=folder)
            self.assertEqual((host.returncode, there.returncode), (0, 0), host.stderr + there.stderr)
            for one, other in zip(potentials(host_file), potentials(there_file), strict=True):
                self.assertLess(abs(one - other), 1e-4)  # [mV]


unittest.main()

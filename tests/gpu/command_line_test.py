#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`overtime run --device`: what it says without a driver, the numbers of the processor from the fake one, the cache on
disk, and `overtime info` of machine code."""
import glob
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
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


class TensorCores(unittest.TestCase):
    """They are used by who allows numbers of fewer bits, from compute capability 8.0 on."""

    def ptx(self, capability, *options):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([TOOL, "compile", "LSTMCell", "--size", "128", "--batch", "16", "--input-shape", "16,128",
                            "--target", "nvptx64", "--arch", capability, *options, "-o", folder], check=True,
                           capture_output=True)
            with open(os.path.join(folder, "lstmcell.ptx"), encoding="utf-8") as file:
                return file.read()

    def test_formats(self):
        self.assertNotIn("mma.sync", self.ptx("sm_90"))
        self.assertIn("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32",
                      self.ptx("sm_80", "--matmul-precision", "tf32"))
        self.assertIn("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32",
                      self.ptx("sm_90", "--matmul-precision", "bf16"))
        self.assertNotIn("mma.sync", self.ptx("sm_75", "--matmul-precision", "tf32"))


class RealDevice(unittest.TestCase):
    """The tests that run on a GPU where there is one: what they are run with, and what they say where there is none."""

    def on_device(self, library):
        command = [sys.executable, os.path.join(os.path.dirname(__file__), "on_device.py"), sys.executable, "-c",
                   "import os; print(os.environ['OVERTIME_DEVICE']); raise SystemExit(5)"]
        return subprocess.run(command, env={**os.environ, "OVERTIME_LIBCUDA": library}, capture_output=True, text=True)

    def test_with_a_driver(self):
        done = self.on_device(os.environ["OVERTIME_FAKE_CUDA"])
        self.assertEqual((done.returncode, done.stdout), (5, "on fake device\ncuda\n"), done.stderr)

    def test_without(self):
        done = self.on_device("/nowhere/libcuda.so.1")
        self.assertEqual(done.returncode, 77)
        self.assertIn("skipped, since there is no GPU to run on: there is no CUDA driver: /nowhere/", done.stdout)


class Cache(unittest.TestCase):
    """Code for a GPU is kept on disk: a second process reads it and compiles nothing."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def run_there(self, name, *options, **environment):
        out = os.path.join(self.folder, name + ".npz")
        command = [TOOL, "run", "LIF", "--size", "40", "--set", "I=25", "--steps", "50", "--monitor", "V", "--device",
                   "cuda", "--out", out, *options]
        done = subprocess.run(command, env={**os.environ, "OVERTIME_LIBCUDA": os.environ["OVERTIME_FAKE_CUDA"],
                                            "OVERTIME_CACHE_DIR": os.path.join(self.folder, "cache"), **environment},
                              capture_output=True, text=True, timeout=60)
        return done, potentials(out) if done.returncode == 0 else None

    def entries(self):
        """Files of the cache that hold code for a GPU, with when they were written."""
        found = {}
        for path in glob.glob(os.path.join(self.folder, "cache/*.object")):
            with open(path, "rb") as file:
                if b".entry program(" in file.read():
                    found[path] = os.stat(path).st_ino
        return found

    def test_a_second_process_compiles_nothing(self):
        done, expected = self.run_there("dumped", "--no-cache", OVERTIME_DUMP_KERNELS=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.entries(), {})
        kernels = os.path.join(self.folder, "kernels.so")
        [ir] = glob.glob(os.path.join(self.folder, "program-*.ll"))
        subprocess.run([*os.environ["FAKE_CUDA_EMULATE"].split(), kernels, ir], check=True)
        for name in ("first", "second"):
            done, got = self.run_there(name, FAKE_CUDA_KERNELS=kernels)
            self.assertEqual((done.returncode, got == expected), (0, True), done.stderr)
        before = self.entries()
        self.assertEqual(len(before), 1)
        # An entry that is no PTX is believed, since its digest is right: so the code came from there.
        [path] = before
        with open(path, "rb") as file:
            bytes_of = file.read()
        head, payload = bytearray(bytes_of[:88]), bytes_of[120:120 + 32] + b"this is no PTX" + bytes(1)
        head[80:88] = struct.pack("<Q", len(payload))
        with open(path, "wb") as file:
            file.write(bytes(head) + hashlib.sha256(bytes(head) + payload).digest() + payload)
        done, _ = self.run_there("third", FAKE_CUDA_KERNELS=kernels)
        self.assertEqual(done.returncode, 2)
        self.assertIn("looking for a kernel", done.stderr)
        # A damaged one goes, and the program is compiled again.
        with open(path, "r+b") as file:
            file.seek(130)
            file.write(b"?")
        done, got = self.run_there("fourth", FAKE_CUDA_KERNELS=kernels)
        self.assertEqual((done.returncode, got == expected), (0, True), done.stderr)
        self.assertEqual(list(self.entries()), [path])

    def test_other_capabilities_have_entries_of_their_own(self):
        ptxas = os.environ.get("OVERTIME_PTXAS") or shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas"
        for capabilities, count in (("sm_80", 1), ("sm_80,sm_90", 2), ("sm_90,sm_80", 2)):
            done = subprocess.run([TOOL, "compile", "LIF", "--size", "40", "--gpu", capabilities, "-o", self.folder,
                                   "--name", "program"], capture_output=True, text=True,
                                  env={**os.environ, "OVERTIME_CACHE_DIR": os.path.join(self.folder, "cache")})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(self.entries()), count)
            if os.access(ptxas, os.X_OK): # and one of machine code for each
                self.assertEqual(len(glob.glob(os.path.join(self.folder, "cache/*.object"))), 2 * count)


class MachineCode(unittest.TestCase):
    """`overtime info FILE.cubin` has from the file what ptxas said when it wrote it."""

    FACTS = re.compile(r"kernel (\w+): (\d+) registers, \d+ bytes spilled, (\d+) bytes of local and (\d+) of shared memory, "
                       r"\d+ blocks of (\d+) threads on (\w+)")

    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())

    def info(self, path, *options):
        return subprocess.run([TOOL, "info", path, *options], capture_output=True, text=True, timeout=60)

    def test_what_the_file_says(self):
        if not os.access(os.environ.get("OVERTIME_PTXAS") or shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas", os.X_OK):
            self.skipTest("there is no ptxas")
        for name, options in (("HH", ("--size", "1000")), ("GRUCell", ("--size", "200", "--n-in", "50"))): # shared memory
            for capability in ("sm_75", "sm_80", "sm_90", "sm_100", "sm_120"):
                done = subprocess.run([TOOL, "compile", name, *options, "--target", "nvptx64", "--arch", capability, "--emit",
                                       "ptx,cubin", "-o", self.folder], capture_output=True, text=True, check=True)
                kernel, registers, local, shared, threads, arch = self.FACTS.search(done.stdout).groups()
                path = os.path.join(self.folder, name.lower())
                from_code, from_ptx = (json.loads(self.info(path + kind, "--json").stdout) for kind in (".cubin", ".ptx"))
                self.assertEqual(from_code["kernel"], kernel)
                [facts] = from_code["kernels"]
                self.assertEqual((facts["capability"], facts["registers"], facts["local_bytes"], facts["shared_bytes"],
                                  facts["threads"]), (arch, int(registers), int(local), int(shared), int(threads)))
                self.assertNotIn("spill_bytes", facts)
                self.assertEqual(facts["multiprocessor"], from_ptx["kernels"][0]["multiprocessor"])
        self.assertRegex(self.info(path + ".cubin").stdout, rf"sm_120 +cubin +\? +{threads} +{registers} +\? +0 +{shared} +\d+ blocks")
        with open(path + ".cubin", "rb") as file:
            whole = file.read()
        for size in (0, 3, 40, 63, 64, 500, len(whole) // 2, len(whole) - 1): # cut off anywhere
            with open(path + ".cubin", "wb") as file:
                file.write(whole[:size])
            done = self.info(path + ".cubin")
            self.assertEqual((done.returncode, done.stdout), (2, ""), f"{size} bytes")
            self.assertIn("grucell.cubin: ", done.stderr)

    def test_what_is_none(self):
        path = os.path.join(self.folder, "no.cubin")
        shutil.copy(os.environ["OVERTIME_FAKE_CUDA"], path)
        self.assertIn("no.cubin: is no .cubin: its code is not for a GPU", self.info(path).stderr)
        with open(path, "w", encoding="utf-8") as file:
            file.write("no machine code\n")
        done = self.info(path)
        self.assertEqual(done.returncode, 2)
        for text in ("no.cubin: is no .cubin: it is no ELF", "as `overtime compile --emit cubin` writes it"):
            self.assertIn(text, done.stderr)


unittest.main()

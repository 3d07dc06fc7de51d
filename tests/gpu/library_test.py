#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Libraries with code for GPUs: a C program that knows the header alone runs on the processor or a GPU, which is the fake
one here. It gets the bits of `overtime run --device cuda`, and everything is given back."""
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
FAKE = os.environ["OVERTIME_FAKE_CUDA"]
CC = os.environ.get("CC") or shutil.which("cc") or "cc"
STEPS, NEURONS = 60, 40
MODEL = ["HH", "--size", str(NEURONS), "--set", "I=8", "--monitor", "V"]

# Prints V of all steps, then what the fake driver saw. What it is to do is in its arguments.
PROGRAM = r"""
#include "hh.h"
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static float V[60][40];

static const char *ask(void *fake, const char *name) {
  const char *(*function)(void) = (const char *(*)(void))dlsym(fake, name);
  return function ? function() : "there is no fake driver";
}

static hh_state *block(void) {
  hh_state *state = aligned_alloc(hh_ALIGNMENT, hh_state_bytes());
  if (!state || hh_abi_version() != hh_ABI_VERSION || hh_reset(state, 0) != 0)
    exit(10);
  return state;
}

static void check(hh_state *state, int status) {
  if (status != 0) {
    fprintf(stderr, "status %d: %s\n", status, hh_error(state));
    exit(20);
  }
}

int main(int count, char **words) {
  const char *device = words[1], *how = count > 2 ? words[2] : "";
  void *fake = dlopen(getenv("OVERTIME_LIBCUDA"), RTLD_NOW);
  hh_state *state = block();
  int status = hh_set_device(state, device);
  if (status != 0) {
    fprintf(stderr, "status %d: %s\n", status, hh_error(state));
    check(state, hh_run(state, 60, NULL, NULL, &V[0][0])); /* goes on with the processor */
  } else if (strcmp(how, "pieces") == 0) {
    check(state, hh_run(state, 20, NULL, NULL, &V[0][0]));
    check(state, hh_run(state, 1, NULL, NULL, &V[20][0]));
    check(state, hh_run(state, 39, NULL, NULL, &V[21][0]));
  } else if (strcmp(how, "edit") == 0) { /* numbers of the block count at every run */
    check(state, hh_run(state, 30, NULL, NULL, &V[0][0]));
    for (int n = 0; n < 40; ++n)
      ((float *)hh_get(state, "V"))[n] = -60;
    check(state, hh_run(state, 30, NULL, NULL, &V[30][0]));
  } else if (strcmp(how, "copy") == 0) { /* a copied block is one of its own */
    hh_state *copy = block();
    check(state, hh_run(state, 20, NULL, NULL, &V[0][0]));
    memcpy(copy, state, hh_state_bytes());
    check(state, hh_run(state, 10, NULL, NULL, NULL));
    check(copy, hh_run(copy, 40, NULL, NULL, &V[20][0]));
    check(copy, hh_set_device(copy, "cpu"));
    free(copy);
  } else if (strcmp(how, "reset") == 0) { /* gives the device back, and the block is the processor's */
    check(state, hh_run(state, 20, NULL, NULL, NULL));
    check(state, hh_reset(state, 0));
    fprintf(stderr, "after the reset: %s\n", ask(fake, "fake_cuda_alive"));
    check(state, hh_run(state, 60, NULL, NULL, &V[0][0]));
  } else if (strcmp(how, "memory") == 0) { /* the driver fails during a run */
    void (*fail)(const char *, int) = (void (*)(const char *, int))dlsym(fake, "fake_cuda_fail_next");
    fail("cuLaunchKernel", 2);
    status = hh_run(state, 60, NULL, NULL, &V[0][0]);
    fprintf(stderr, "status %d: %s\n", status, hh_error(state));
    check(state, hh_reset(state, 0));
    check(state, hh_run(state, 60, NULL, NULL, &V[0][0]));
  } else {
    check(state, hh_run(state, 60, NULL, NULL, &V[0][0]));
  }
  if (hh_set_device(state, "npu") == 0)
    return 30;
  fprintf(stderr, "%s\n", hh_error(state));
  check(state, hh_set_device(state, "cpu"));
  free(state);
  if (fake) {
    fprintf(stderr, "faults: %s.\n", ask(fake, "fake_cuda_faults"));
    fprintf(stderr, "alive: %s.\n", ask(fake, "fake_cuda_alive"));
    fprintf(stderr, "calls: %s.\n", ask(fake, "fake_cuda_calls"));
  }
  fwrite(V, sizeof V, 1, stdout);
  return 0;
}
"""


def ptxas():
    places = (os.environ.get("OVERTIME_PTXAS"), shutil.which("ptxas"),
              os.path.join(os.environ.get("CUDA_HOME", ""), "bin/ptxas"), "/usr/local/cuda/bin/ptxas")
    return next((p for p in places if p and os.access(p, os.X_OK)), None)


def command(*words, **environment):
    return subprocess.run([TOOL, *words], env={**os.environ, **environment}, capture_output=True, text=True, timeout=120)


class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        cls.addClassCleanup(cls.temporary.cleanup)
        # One library with PTX only, as on a machine without ptxas, one for a processor only, one as it comes here.
        none = {"OVERTIME_PTXAS": "/nowhere/ptxas"}
        cls.made = {"ptx": cls.compiled("ptx", "--gpu", "sm_80,sm_90", **none), "cpu": cls.compiled("cpu"),
                    "fat": cls.compiled("fat", "--gpu", "sm_80,sm_90")}
        # The kernels for the fake to run: the same program for a GPU alone.
        cls.kernels = os.path.join(cls.folder, "kernels")
        command("compile", *MODEL, "--name", "hh", "--target", "nvptx64", "--arch", "sm_90", "--emit", "ptx,llvm", "-o",
                cls.kernels)
        cls.emulated = os.path.join(cls.folder, "kernels.so")
        subprocess.run([*os.environ["FAKE_CUDA_EMULATE"].split(), cls.emulated, os.path.join(cls.kernels, "hh.ll")],
                       check=True)

    @classmethod
    def compiled(cls, name, *options, **environment):
        folder = os.path.join(cls.folder, name)
        done = command("compile", *MODEL, "--name", "hh", *options, "-o", folder, **environment)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        source, program = os.path.join(folder, "main.c"), os.path.join(folder, "main")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        subprocess.run([CC, "-std=c11", "-Wall", "-Wextra", "-Werror", source, "-o", program, "-I" + folder,
                        "-L" + folder, "-lhh", "-Wl,-rpath," + folder, "-ldl"], check=True)
        return done

    def run_c(self, library, *words, **environment):
        given = {**os.environ, "OVERTIME_LIBCUDA": FAKE, "FAKE_CUDA_KERNELS": self.emulated, **environment}
        if library == "ptx": # found by the text of the PTX, which so is that of the program for a GPU alone
            given.update(OVERTIME_DUMP_KERNELS=self.kernels)
            del given["FAKE_CUDA_KERNELS"]
        done = subprocess.run([os.path.join(self.folder, library, "main"), *words], env=given, capture_output=True,
                              timeout=60)
        said = done.stderr.decode()
        self.assertEqual(done.returncode, 0, said)
        return struct.unpack(f"<{STEPS * NEURONS}f", done.stdout), said

    def same(self, one, other):
        """Bits; without thousands of numbers in the message."""
        differ = [k for k, (a, b) in enumerate(zip(one, other, strict=True)) if struct.pack("f", a) != struct.pack("f", b)]
        self.assertEqual(differ[:3], [])

    def clean(self, said):
        self.assertIn("faults: .", said)
        self.assertIn("alive: 0 allocations, 0 streams, 0 events, 0 modules.", said)
        self.assertIn("there is no device of this name; the devices are: cpu, cuda, cuda:1, ...", said)

    def tool(self, device):
        out = os.path.join(self.folder, device + ".npz")
        done = command("run", *MODEL, "--steps", str(STEPS), "--device", device, "--out", out, "--no-cache",
                       OVERTIME_LIBCUDA=FAKE, OVERTIME_DUMP_KERNELS=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        with zipfile.ZipFile(out) as archive:
            return struct.unpack(f"<{STEPS * NEURONS}f", archive.read("V.npy")[-4 * STEPS * NEURONS:])

    def test_the_device_has_the_bits_of_the_tool_on_it(self):
        there, here = self.tool("cuda"), self.tool("cpu")
        self.assertFalse(there == here) # polynomials of another form
        for library in ("ptx", "fat"):
            for how in ("", "pieces", "copy"):
                with self.subTest(library=library, how=how):
                    got, said = self.run_c(library, "cuda", how)
                    self.same(got, there)
                    self.clean(said)
            self.same(self.run_c(library, "cpu")[0], here)

    def test_the_image_is_the_best_for_the_device(self):
        for library, kind in (("ptx", "ptx"), ("fat", "cubin" if ptxas() else "ptx")):
            self.assertIn("cuModuleLoadDataEx " + kind, self.run_c(library, "cuda:0")[1])

    def test_edits_count_at_the_next_run(self):
        got, said = self.run_c("fat", "cuda", "edit")
        self.clean(said)
        whole = self.run_c("fat", "cuda")[0]
        self.same(got[:30 * NEURONS], whole[:30 * NEURONS])
        here = self.run_c("fat", "cpu", "edit")[0]
        self.assertLess(max(abs(a - b) for a, b in zip(got, here, strict=True)), 1e-3) # [mV]
        self.assertGreater(max(abs(a - b) for a, b in zip(got, whole, strict=True)), 0.1)

    def test_a_reset_gives_the_device_back(self):
        got, said = self.run_c("fat", "cuda", "reset")
        self.assertIn("after the reset: 0 allocations, 0 streams, 0 events, 0 modules", said)
        self.same(got, self.tool("cpu"))
        self.clean(said)

    def test_a_failure_of_the_driver_is_its_text(self):
        got, said = self.run_c("fat", "cuda", "memory")
        self.assertIn("status 15: the CUDA driver failed while launching a kernel: out of memory", said)
        self.same(got, self.tool("cpu"))
        self.clean(said)

    def test_what_is_missing_is_said_and_the_processor_goes_on(self):
        here = self.tool("cpu")
        for library, device, environment, text in (
                ("cpu", "cuda", {}, "this library has no code for a GPU: compile it with some, for instance with "
                                    "`overtime compile --gpu sm_90`, or run on the cpu"),
                ("fat", "cuda", {"OVERTIME_LIBCUDA": "/nowhere/libcuda.so.1"}, "there is no CUDA driver here: /nowhere/"),
                ("fat", "cuda:7", {}, "there is no CUDA device 7: this machine has 1"),
                ("fat", "cuda:", {}, "there is no device of this name")):
            with self.subTest(library=library, device=device):
                got, said = self.run_c(library, device, **environment)
                self.assertIn(text, said)
                self.same(got, here)

    def test_what_the_tool_says(self):
        self.assertEqual(self.made["cpu"].stderr, "")
        for text in ("for sm_80 there is PTX and no machine code", "OVERTIME_PTXAS names '/nowhere/ptxas'"):
            self.assertIn(text, self.made["ptx"].stderr)
        if ptxas():
            for capability in ("sm_80", "sm_90"):
                self.assertRegex(self.made["fat"].stdout, r"kernel hh: \d+ registers, 0 bytes spilled, .* 2 blocks of "
                                                         r"\d+ threads on " + capability)
        with open(os.path.join(self.folder, "ptx/hh.h"), encoding="utf-8") as file:
            self.assertIn("Code for GPUs: sm_80 (PTX), sm_90 (PTX).", file.read())
        with open(os.path.join(self.folder, "ptx/hh.json"), encoding="utf-8") as file:
            self.assertEqual([k["capability"] for k in json.load(file)["kernels"]], ["sm_80", "sm_90"])

    def kernels_in(self, file, **environment):
        done = command("info", os.path.join(self.folder, file), "--json", **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["kernels"]

    def test_info_has_what_the_kernels_take(self):
        for kernel in self.kernels_in("ptx/libhh.so", OVERTIME_PTXAS="/nowhere/ptxas"):
            self.assertEqual((kernel["machine_code"], kernel["threads"], kernel["blocks"]), (False, 32, 2))
            self.assertIn("OVERTIME_PTXAS names '/nowhere/ptxas'", kernel["remark"])
            self.assertNotIn("registers", kernel)
        if not ptxas():
            return
        told = re.findall(r"kernel hh: (\d+) registers.* on (\w+)", self.made["fat"].stdout)
        known = self.kernels_in("fat/libhh.so")
        self.assertEqual([(str(k["registers"]), k["capability"]) for k in known], told)
        self.assertEqual(self.kernels_in("fat/hh.json"), known)
        for kernel, alone in zip(known, self.kernels_in("ptx/libhh.so"), strict=True): # PTX, assembled to look at it
            self.assertEqual({**alone, "machine_code": True}, kernel)
            of_warp = (kernel["registers"] * 32 + 255) // 256 * 256
            self.assertEqual(kernel["multiprocessor"]["blocks"], min(32, 16384 // of_warp * 4)) # one warp each
        [file] = self.kernels_in("kernels/hh.ptx")
        self.assertEqual((file["capability"], file["registers"]), ("sm_90", known[1]["registers"]))
        text = command("info", os.path.join(self.folder, "fat/libhh.so")).stdout
        self.assertRegex(text, r"sm_90 +cubin, PTX +2 +32 +\d+ +0 +0 +0 +\d+ blocks, \d+ of 64 warps, limited by")

    def test_only_libraries_with_code_for_gpus_know_the_driver(self):
        for library, known in (("cpu", False), ("fat", True)):
            with open(os.path.join(self.folder, library, "libhh.so"), "rb") as file:
                self.assertEqual(b"libcuda.so.1" in file.read(), known)

    def test_the_headers_example(self):
        folder = os.path.join(self.folder, "fat")
        with open(os.path.join(folder, "hh.h"), encoding="utf-8") as file:
            header = file.read()
        example = header[header.index("Example in C99"):header.index("*/")].splitlines()[1:]
        body = "\n".join(line.removeprefix(" *") for line in example)
        body = re.sub(r"hh_run\(state, 1000, .*?\)", "hh_run(state, 60, NULL, NULL, &V[0][0])", body)
        source, program = os.path.join(folder, "example.c"), os.path.join(folder, "example")
        with open(source, "w", encoding="utf-8") as file:
            file.write('#include "hh.h"\n#include <stdio.h>\n#include <stdlib.h>\nstatic float V[60][40];\nint main(void) {\n'
                       + body + "\n  return V[59][0] == 0 || !now;\n}\n")
        subprocess.run([CC, "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", source, "-o", program, "-I" + folder,
                        "-L" + folder, "-lhh", "-Wl,-rpath," + folder], check=True)
        for libcuda in (FAKE, "/nowhere"):
            done = subprocess.run([program], env={**os.environ, "OVERTIME_LIBCUDA": libcuda,
                                                  "FAKE_CUDA_KERNELS": self.emulated}, capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual("goes on with the processor" in done.stderr, libcuda != FAKE)

    def test_what_is_refused(self):
        for words, text in (
                (["--gpu", "sm_12"], "unknown compute capability 'sm_12'"),
                (["--gpu", "x86-64-v3"], "'x86-64-v3' is no GPU"),
                (["--gpu", "sm_90,sm_90"], "'sm_90' stands twice"),
                (["--gpu", "sm_90", "--target", "nvptx64"], "give one of them"),
                (["--gpu", "sm_90", "--emit", "asm"], "--emit writes so or obj")):
            done = command("compile", "LIF", "--size", "8", *words, "-o", os.path.join(self.folder, "no"))
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(text, done.stderr)

    def test_info_of_blocks_that_wait_for_each_other(self):
        folder = os.path.join(self.folder, "cell")
        done = command("compile", "RNNCell", "--size", "1200", "--n-in", "4", "--input-shape", "4", "--gpu", "sm_90",
                       "--name", "cell", "-o", folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        [kernel] = self.kernels_in("cell/libcell.so")
        self.assertEqual((kernel["cooperative"], kernel["blocks"] > 1), (True, True))
        self.assertEqual(kernel, self.kernels_in("cell/cell.json")[0] if ptxas() else kernel)
        self.assertIn(f"up to {kernel['blocks']}", command("info", os.path.join(folder, "libcell.so")).stdout)

    def test_info_of_what_is_no_ptx(self):
        path = os.path.join(self.folder, "no.ptx")
        with open(path, "w", encoding="utf-8") as file:
            file.write("no PTX\n")
        done = command("info", path)
        self.assertEqual(done.returncode, 2)
        self.assertIn("no.ptx: has no kernel", done.stderr)


if __name__ == "__main__":
    if not ptxas():
        print("machine code is not tested: there is no ptxas", file=sys.stderr)
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""An ahead-of-time library, used from C through its header alone, gives the bits of the JIT."""
import os
import shutil
import subprocess
import unittest

import numpy as np

from cli import TOOL, CliTest

CC = os.environ.get("CC") or shutil.which("cc") or "cc"

NEURON = r"""
#include "hh.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  enum { steps = 300, chunk = 100, n = 21 };
  float *I = calloc((size_t)steps * n, sizeof(float)), *V = malloc((size_t)steps * n * sizeof(float));
  hh_state *state = aligned_alloc(hh_ALIGNMENT, hh_state_bytes());
  if (hh_abi_version() != hh_ABI_VERSION || hh_reset(state, 0) != 0)
    return 1;
  for (int k = 0; k < steps * n; ++k)
    I[k] = (float)(k % 13);
  for (int k = 0; k < steps; k += chunk) /* in pieces: each goes on where the last ended */
    if (hh_run(state, chunk, I + (size_t)k * n, NULL, V + (size_t)k * n) != 0) {
      fprintf(stderr, "%s\n", hh_error(state));
      return 2;
    }
  if (hh_run(state, -1, NULL, NULL, NULL) == 0 || hh_error(state)[0] == '\0')
    return 3; /* a negative number of steps must be refused with a text */
  fwrite(V, sizeof(float), (size_t)steps * n, stdout);
  return 0;
}
"""

CELL = r"""
#include "cell.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  enum { steps = 20, batch = 3, in = 5, out = 4 };
  double x[steps * batch * in], y[steps * batch * out];
  cell_state *state = aligned_alloc(cell_ALIGNMENT, cell_state_bytes());
  for (int k = 0; k < steps * batch * in; ++k)
    x[k] = (k % 17) / 8.0 - 1.0;
  if (cell_reset(state, 0) != 0 || cell_run(state, steps, x, y) != 0)
    return 1;
  fwrite(y, sizeof(double), sizeof y / sizeof *y, stdout);
  return 0;
}
"""


class AotFromC(CliTest):
    def build_and_run(self, name, source, folder):
        path = self.path(name + "_main.c")
        with open(path, "w") as file:
            file.write(source)
        program = self.path(name + "_main")
        subprocess.run([CC, "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", path, "-o", program, "-I" + folder, "-L" + folder,
                        "-l" + name, "-Wl,-rpath," + folder], check=True)
        return subprocess.run([program], check=True, capture_output=True).stdout

    def test_neuron_with_data_in_chunks(self):
        folder = self.path("lib")
        self.succeed("compile", "HH", "--size", "21", "--monitor", "V", "--name", "hh", "-o", folder)
        data = (np.arange(300 * 21) % 13).astype(np.float32).reshape(300, 21)
        self.save(I=data)
        expected = self.run_model("HH", "--size", 21, "--input", "in.npz:I", "--monitor", "V")["V"]
        got = np.frombuffer(self.build_and_run("hh", NEURON, folder), np.float32).reshape(300, 21)
        self.assertTrue(np.isfinite(got).all())
        self.assertEqual(got.tobytes(), expected.tobytes())

    def test_the_headers_example_is_c99_and_cpp_and_links_an_object(self):
        folder = self.path("obj")
        self.succeed("compile", "HH", "--size", 8, "--monitor", "V", "--name", "hh", "--emit", "so,obj", "-o", folder)
        with open(os.path.join(folder, "hh.h"), encoding="utf-8") as file:
            header = file.read()
        example = header[header.index("Example in C99"):header.index("*/")].splitlines()[1:]
        body = "\n".join(line.removeprefix(" *") for line in example)
        source = f"""#include "hh.h"
#include <stdio.h>
#include <stdlib.h>
static float I[8000], V[8000];
static uint8_t spike[8000];
int main(void) {{
{body.replace(", I_,", ", I,")}
  printf("%d\\n", now != NULL && V[7999] != 0);
  return 0;
}}
"""
        archive = os.path.join(os.path.dirname(os.path.dirname(TOOL)), "lib", "libovertime_abi.a")
        for language in (["-xc", "-std=c99"], ["-xc++", "-std=c++11"]):
            for link in (["-L" + folder, "-lhh", "-Wl,-rpath," + folder], [os.path.join(folder, "hh.o"), archive]):
                path, program = self.path("example.c"), self.path("example")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(source)
                subprocess.run([CC, *language, "-Wall", "-Wextra", "-Werror", "-pedantic", path, "-xnone", *link, "-o",
                                program, "-I" + folder], check=True)
                self.assertEqual(subprocess.run([program], check=True, capture_output=True).stdout, b"1\n")

    def test_threads_change_no_bit(self):
        folder, alone = self.path("lib"), self.path("alone")
        common = ["compile", "HH", "--size", "3000", "--monitor", "V", "--name", "hh"]
        self.succeed(*common, "--threads", "3", "-o", folder)
        self.succeed(*common, "-o", alone)
        source = NEURON.replace("n = 21", "n = 3000").replace("for (int k = 0; k < steps * n", "hh_set_threads(state, THREADS);\n  for (int k = 0; k < steps * n")
        runs = {(lib, threads): self.build_and_run("hh", source.replace("THREADS", str(threads)), lib)
                for lib in (folder, alone) for threads in (0, 1, 2, 3, -1)}
        self.assertEqual(len(set(runs.values())), 1)
        needed = subprocess.run(["readelf", "-d", os.path.join(alone, "libhh.so")], capture_output=True, text=True).stdout
        self.assertNotIn("libomp", needed)

    def test_threads_of_a_coupled_layer_change_no_bit(self):
        folder, alone = self.path("lib"), self.path("alone")
        common = ["compile", "RNNCell", "--size", "300", "--n-in", "40", "--real", "f64", "--input-shape", "40", "--name", "cell"]
        self.succeed(*common, "--threads", "3", "-o", folder)
        self.succeed(*common, "-o", alone)
        source = CELL.replace("batch = 3, in = 5, out = 4", "batch = 1, in = 40, out = 300")
        source = source.replace("cell_reset(state, 0) != 0 ||", "cell_reset(state, 0) != 0 || cell_set_threads(state, THREADS) != 0 ||")
        runs = {(lib, threads): self.build_and_run("cell", source.replace("THREADS", str(threads)), lib)
                for lib in (folder, alone) for threads in (0, 1, 2, 3, 16)}
        self.assertEqual(len(set(runs.values())), 1)
        self.assertEqual(len(runs[folder, 1]), 20 * 300 * 8)

    def test_layer_with_a_batch_in_f64(self):
        folder = self.path("lib")
        common = ["LSTMCell", "--size", "4", "--n-in", "5", "--batch", "3", "--real", "f64"]
        self.succeed("compile", *common, "--input-shape", "3,5", "--name", "cell", "-o", folder)
        data = ((np.arange(20 * 3 * 5) % 17) / 8.0 - 1.0).reshape(20, 3, 5)
        self.save(x=data)
        expected = self.run_model(*common, "--input", "in.npz:x")["out"]
        got = np.frombuffer(self.build_and_run("cell", CELL, folder), np.float64).reshape(20, 3, 4)
        self.assertGreater(np.abs(got).max(), 0.0)
        self.assertEqual(got.tobytes(), expected.tobytes())


if __name__ == "__main__":
    unittest.main()

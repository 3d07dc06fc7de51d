# SPDX-License-Identifier: Apache-2.0
"""A project of a user: it finds the package, links overtime::overtime, and has a model compiled by its build."""
import os
import subprocess
import tempfile
import unittest

BUILD = os.environ["OVERTIME_BUILD"]  # the build folder that holds the package

FILES = {
    "CMakeLists.txt": """
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C CXX)
find_package(overtime CONFIG REQUIRED)

add_executable(now now.cpp)
target_link_libraries(now PRIVATE overtime::overtime)

overtime_add_model(leaky MODEL "LeakyNeuron(3)" HEADER leaky_neuron.h OPTIONS ".out_vars = model.V, .dt = 0.5" GPUS sm_80 sm_90)
add_executable(later later.c)
target_link_libraries(later PRIVATE leaky)
""",
    "leaky_neuron.h": """
#pragma once
#include "compiler/overtime.h"

struct LeakyNeuron : overtime::Neuron {
  explicit LeakyNeuron(std::int64_t n) : Neuron(n) {}
  overtime::Param tau = param("tau", 20 * overtime::ms);
  overtime::State V = state("V", 1 * overtime::mV);
  void equations() override { ddt(V) = -V / tau; }
  using Neuron::update;
  overtime::Value update() override {
    integrate();
    return V > 0;
  }
};
""",
    "now.cpp": """
#include "leaky_neuron.h"
#include <cstdio>

int main() {
  LeakyNeuron neuron(3);
  overtime::LoopOverTime over_time(neuron, {.out_vars = neuron.V, .dt = 0.5});
  overtime::Tensor V = over_time.steps(4).vars;
  for (std::int64_t k = 0; k < V.size(); ++k)
    std::printf("%.9g\\n", V[k]);
}
""",
    "later.c": """
#include "leaky.h"
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  float V[12];
  leaky_state *state = aligned_alloc(leaky_ALIGNMENT, leaky_state_bytes());
  if (leaky_reset(state, 0) != 0 || leaky_set_device(state, "cpu") != 0 || leaky_run(state, 4, NULL, NULL, V) != 0)
    return 1;
  for (int k = 0; k < 12; ++k)
    printf("%.9g\\n", V[k]);
  free(state);
  return 0;
}
""",
}


class CMakePackage(unittest.TestCase):
    def run_command(self, *command):
        done = subprocess.run(command, cwd=self.folder, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600, check=False)
        self.assertEqual(done.returncode, 0, f"{command}\n{done.stdout}")
        return done.stdout

    def test_program_and_compiled_model_agree(self):
        with tempfile.TemporaryDirectory(prefix="overtime-package-") as self.folder:
            for name, text in FILES.items():
                with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                    file.write(text)
            options = [f"-D{name}={os.environ[name]}" for name in ("CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER",
                                                                   "CMAKE_EXE_LINKER_FLAGS", "CMAKE_CXX_FLAGS")]
            self.run_command("cmake", "-S", ".", "-B", "build", "-G", "Ninja", f"-Dovertime_DIR={BUILD}", *options)
            self.run_command("cmake", "--build", "build")
            now = self.run_command("build/now")
            self.assertEqual(now, self.run_command("build/later"))
            self.assertEqual(len(now.split()), 12)
            self.assertAlmostEqual(float(now.split()[-1]), 2.718281828 ** (-4 * 0.5 / 20), places=6)


if __name__ == "__main__":
    unittest.main()

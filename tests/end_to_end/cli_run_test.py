#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""overtime run: results have the right names, types, shapes and numbers."""
import json
import os
import pty
import signal
import subprocess
import time
import unittest

import numpy as np

from cli import TOOL, CliTest


class Saved(CliTest):
    def test_a_run_that_is_saved_goes_on_with_the_same_bits(self):
        options = ["HH", "--size", 3, "--set", "I=8", "--monitor", "V,m"]
        whole = self.run_model(*options, "--steps", 90)
        for file in ["s.safetensors", "s.npz"]:
            self.succeed("run", *options, "--steps", 37, "--save", file, "--out", "a.npz", "--quiet")
            rest = self.run_model(*options, "--load", file, "--steps", 53)
            for name in ["V", "m", "spike", "t", "i"]:
                np.testing.assert_array_equal(rest[name], whole[name][37:])

    def test_values_of_a_file_are_those_of_the_model_unless_others_are_given(self):
        self.succeed("run", "LeakyIntegrator", "--size", 2, "--set", "tau=7", "--init", "V=-3,4", "--steps", 0, "--save",
                     "s.safetensors")
        common = ["LeakyIntegrator", "--size", 2, "--load", "s.safetensors", "--steps", 1, "--monitor", "V",
                  "--real", "f64"]
        np.testing.assert_allclose(self.run_model(*common)["V"], np.exp([[-0.1 / 7]]) * [[-3, 4]], rtol=1e-12)
        other = self.run_model(*common, "--set", "tau=5", "--init", "V=1")["V"]
        np.testing.assert_allclose(other, np.exp([[-0.1 / 5]]) * [[1, 1]], rtol=1e-12)
        arrays = json.loads(self.succeed("info", "s.safetensors", "--json"))["arrays"]
        self.assertIn({"kind": "array", "name": "V", "dtype": "f32", "shape": [2], "range": [-3, 4]}, arrays)
        self.assertIn({"kind": "array", "name": "@steps", "dtype": "i64", "shape": [], "value": 0}, arrays)
        self.succeed("compile", "LeakyIntegrator", "--size", 2, "--load", "s.safetensors", "-o", "lib")
        library = json.loads(self.succeed("info", "lib/libleakyintegrator.so", "--json"))["arrays"]
        self.assertEqual({a["name"]: a.get("range") for a in library if a["kind"] == "state"}["V"], [-3, 4])

    def test_arrays_of_safetensors_are_data(self):
        self.succeed("run", "HH", "--size", 2, "--steps", 20, "--monitor", "V", "--out", "o.safetensors", "--quiet")
        out = self.run_model("LeakyIntegrator", "--size", 2, "--input", "o.safetensors:V", "--monitor", "I")
        npz = self.run_model("HH", "--size", 2, "--steps", 20, "--monitor", "V")
        np.testing.assert_array_equal(out["I"], npz["V"])
        self.succeed("plot", "o.safetensors", "-o", "v.svg")


class Neurons(CliTest):
    def test_duration_gives_time_major_arrays(self):
        out = self.run_model("HH", "--size", 3, "--duration", 100, "--monitor", "V,spike")
        self.assertEqual(set(out), {"V", "spike", "t", "i"})
        self.assertEqual((out["V"].dtype, out["V"].shape), (np.float32, (1000, 3)))
        self.assertEqual((out["spike"].dtype, out["spike"].shape), (bool, (1000, 3)))
        np.testing.assert_array_equal(out["t"], np.arange(1000) * 0.1)
        np.testing.assert_array_equal(out["i"], np.arange(1000))
        self.assertTrue(np.isfinite(out["V"]).all())

    def test_output_has_the_models_name(self):
        out = self.run_model("LIF", "--size", 2, "--steps", 10)
        self.assertEqual(set(out), {"spike", "t", "i"})

    def test_leaky_integrator_follows_its_equation(self):
        # tau V' = -V + V_rest + R I from V(0): exponential Euler is exact for constant I.
        tau, V0, current = np.array([5.0, 10.0, 20.0]), np.array([1.0, 2.0, -3.0]), 4.0
        self.save(tau=tau, V0=V0)
        out = self.run_model("LeakyIntegrator", "--size", 3, "--set", "tau=@in.npz:tau", "--set", "I=4", "--init",
                             "V=@in.npz:V0", "--dt", 0.5, "--duration", 10, "--monitor", "V", "--real", "f64")
        t = (out["t"][:, None] + 0.5) / tau  # monitors hold the value after the step
        np.testing.assert_allclose(out["V"], current + (V0 - current) * np.exp(-t), rtol=1e-12)

    def test_data_is_added_to_the_input(self):
        current = np.random.default_rng(1).uniform(0, 10, (40, 4))
        self.save(I=current)
        out = self.run_model("LeakyIntegrator", "--size", 4, "--input", "in.npz:I", "--monitor", "V,I", "--real", "f64")
        V = np.zeros(4)
        for k in range(40):
            V = current[k] + (V - current[k]) * np.exp(-0.1 / 10)
            np.testing.assert_allclose(out["V"][k], V, rtol=1e-12)
        np.testing.assert_array_equal(out["I"], current)

    def test_initial_values_decide_what_follows_from_them(self):
        out = self.run_model("HH", "--init", "V=-50", "--steps", 1, "--dt", "1e-9", "--monitor", "m,h,V", "--real", "f64")
        a, b = 0.1 * -10 / (1 - np.exp(1)), 4 * np.exp(-15 / 18)
        np.testing.assert_allclose(out["m"], a / (a + b), rtol=1e-6)
        out = self.run_model("Izhikevich", "--init", "V=-60", "--init", "u=3", "--steps", 1, "--dt", "1e-9",
                             "--monitor", "u", "--real", "f64")
        np.testing.assert_allclose(out["u"], 3, rtol=1e-6)

    def test_periods_in_f32_do_not_depend_on_the_time(self):
        spikes = {}
        for t0 in (0, "1e7"):
            out = self.run_model("LIF", "--set", "I=40", "--set", "tau_ref=2", "--t0", t0, "--steps", 1000)
            spikes[t0] = np.flatnonzero(out["spike"])
        np.testing.assert_array_equal(spikes[0], spikes["1e7"])

    def test_a_symbolic_link_is_written_through(self):
        os.mkdir(self.path("elsewhere"))
        os.symlink("elsewhere/real.npz", self.path("link.npz"))
        for _ in range(2):  # the file that it names appears, then it is replaced
            self.run_model("HH", "--steps", 3, out="link.npz")
            self.assertTrue(os.path.islink(self.path("link.npz")))
            self.assertTrue(os.path.isfile(self.path("elsewhere/real.npz")))

    def test_npy_of_one_number_a_step_reaches_every_neuron(self):
        np.save(self.path("one.npy"), np.linspace(0, 5, 20, dtype=np.float32))
        out = self.run_model("HH", "--size", 4, "--input", "one.npy", "--monitor", "I")
        np.testing.assert_array_equal(out["I"], np.repeat(np.linspace(0, 5, 20, dtype=np.float32)[:, None], 4, axis=1))

    def test_lists_and_conversion_notes(self):
        self.save(V0=np.full(2, -65.0))
        result = self.call("run", "HH", "--size", 2, "--set", "gNa=100,120", "--init", "V=@in.npz:V0", "--steps", 1)
        self.assertEqual(result.stderr, "overtime: note: converted to f32: in.npz:V0 (f64); --real f64 runs in f64\n")
        quiet = self.call("run", "HH", "--size", 2, "--init", "V=@in.npz:V0", "--steps", 1, "--quiet")
        self.assertEqual((quiet.stdout, quiet.stderr), ("", ""))

    def test_batch_gives_an_axis(self):
        out = self.run_model("LIF", "--size", 3, "--batch", 5, "--steps", 7, "--monitor", "V")
        self.assertEqual(out["V"].shape, (7, 5, 3))
        self.assertEqual(out["spike"].shape, (7, 5, 3))

    def test_clock_options(self):
        out = self.run_model("HH", "--t0", "-5", "--i0", "100", "--dt", 0.25, "--steps", "1e1")
        np.testing.assert_array_equal(out["t"], -5 + np.arange(10) * 0.25)
        np.testing.assert_array_equal(out["i"], 100 + np.arange(10))
        out = self.run_model("HH", "--t0", "none", "--i0", "none", "--steps", 3)
        self.assertEqual(set(out), {"spike"})

    def test_no_output_records_monitors_only(self):
        out = self.run_model("HH", "--steps", 4, "--no-output", "--monitor", "V")
        self.assertEqual(set(out), {"V", "t", "i"})

    def test_no_steps_give_empty_arrays(self):
        out = self.run_model("HH", "--size", 2, "--duration", 0, "--monitor", "V")
        self.assertEqual((out["V"].shape, out["spike"].shape, out["t"].shape), ((0, 2), (0, 2), (0,)))

    def test_seed_decides_initial_values_and_method_the_numbers(self):
        first, again, other = (self.run_model("HH", "--steps", 2, "--seed", s, "--monitor", "V")["V"] for s in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        self.assertTrue((first != other).any())
        rk4 = self.run_model("HH", "--steps", 2, "--seed", 1, "--monitor", "V", "--method", "rk4")["V"]
        self.assertTrue((first != rk4).any())
        np.testing.assert_allclose(first, rk4, rtol=1e-3)

    def test_refractory_period_is_an_ordinary_parameter(self):
        free, held = (self.run_model("LIF", "--set", "I=30", "--set", f"tau_ref={ref}", "--duration", 200)["spike"].sum()
                      for ref in (0, 5))
        self.assertGreater(free, held)

    def test_summary_names_steps_and_file(self):
        out = self.succeed("run", "HH", "--size", 2, "--steps", 5, "--out", "s.npz")
        self.assertIn("HH of 2, f32: 5 steps in ", out)
        self.assertIn("wrote s.npz: i i64 [5], spike bool [5, 2], t f64 [5]", out)


class Layers(CliTest):
    def setUp(self):
        random = np.random.default_rng(3)
        self.arrays = {name: random.normal(size=shape).astype(np.float32)
                       for name, shape in {"x": (6, 5, 3), "Wi": (3, 4), "Wh": (4, 4), "b": (4,)}.items()}
        self.save(**self.arrays, x_batch_first=self.arrays["x"].swapaxes(0, 1))
        self.weights = [text for name in ("Wi", "Wh", "b") for text in ("--set", f"{name}=@in.npz:{name}")]

    def rnn(self):
        a = {name: array.astype(np.float64) for name, array in self.arrays.items()}
        h, outputs = np.zeros((5, 4)), []
        for x in a["x"]:
            h = np.maximum(x @ a["Wi"] + h @ a["Wh"] + a["b"], 0)
            outputs.append(h)
        return np.array(outputs)

    def test_rnn_cell_is_numpys(self):
        out = self.run_model("RNNCell", "--size", 4, "--batch", 5, *self.weights, "--input", "in.npz:x",
                             "--monitor", "state")
        self.assertEqual((out["out"].dtype, out["out"].shape), (np.float32, (6, 5, 4)))
        # Six steps of products of three and four numbers of size about 1: a few hundred roundings of f32.
        np.testing.assert_allclose(out["out"], self.rnn(), rtol=2e-5, atol=2e-5)
        np.testing.assert_array_equal(out["out"], out["state"])

    def test_batch_first_data_gives_the_same(self):
        first = self.run_model("RNNCell", "--size", 4, "--batch", 5, *self.weights, "--input", "in.npz:x")
        other = self.run_model("RNNCell", "--size", 4, "--batch", 5, *self.weights, "--input", "in.npz:x_batch_first",
                               "--data-first-axis", "B")
        np.testing.assert_array_equal(first["out"], other["out"])

    def test_no_state_keeps_the_order_of_axes(self):
        self.save("dense.npz", W=self.arrays["Wi"])
        arguments = ["Dense", "--size", 4, "--batch", 5, "--set", "W=@dense.npz:W", "--no-state", "--input"]
        out = self.run_model(*arguments, "in.npz:x_batch_first", "--data-first-axis", "B")["out"]
        self.assertEqual(out.shape, (5, 6, 4))
        np.testing.assert_allclose(out, self.arrays["x"].swapaxes(0, 1) @ self.arrays["Wi"], rtol=1e-5, atol=1e-6)

    def test_dropout_acts_while_fitting(self):
        arguments = ["Dropout", "--set", "keep_prob=0.5", "--input", "in.npz:x"]
        np.testing.assert_array_equal(self.run_model(*arguments)["out"], self.arrays["x"])
        fitted = self.run_model(*arguments, "--shared", "fit=true")["out"]
        kept = fitted != 0
        np.testing.assert_array_equal(fitted[kept], 2 * self.arrays["x"][kept])
        self.assertTrue(0.2 < kept.mean() < 0.8)


class Interrupt(CliTest):
    def test_ctrl_c_keeps_what_was_computed(self):
        primary, secondary = pty.openpty()  # a terminal, so that the bar is drawn
        arguments = ["run", "HH", "--size", "1000", "--steps", "20000000", "--no-output", "--monitor", "gNa",
                     "--out", "long.npz"]
        tool = subprocess.Popen([TOOL, *arguments], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=secondary,
                                env=dict(os.environ, OVERTIME_CACHE_DIR=self.path("cache")))
        os.close(secondary)
        shown = b""
        deadline = time.monotonic() + 60
        while b" steps, " not in shown and time.monotonic() < deadline:
            shown += os.read(primary, 4096)
        tool.send_signal(signal.SIGINT)
        self.assertEqual(tool.wait(timeout=60), 130)
        os.close(primary)
        self.assertIn(b"of 20,000,000 steps", shown)
        with np.load(self.path("long.npz")) as out:
            self.assertTrue(0 < len(out["t"]) < 20000000)
            self.assertEqual(out["gNa"].shape, out["t"].shape)


class InterruptWhileWriting(CliTest):
    def interrupt(self, times):
        """Sends so many Ctrl-C once the file is being written; the exit code and the files that are left."""
        for name in os.listdir(self.folder):
            if name.startswith("big.npz"):
                os.remove(self.path(name))
        arguments = ["run", "HH", "--size", "1000", "--steps", "20000", "--monitor", "V,m", "--out", "big.npz"]
        tool = subprocess.Popen([TOOL, *arguments], cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL,
                                env=dict(os.environ, OVERTIME_CACHE_DIR=self.path("cache")))
        left = lambda: sorted(name for name in os.listdir(self.folder) if name.startswith("big.npz"))
        while tool.poll() is None and not left():
            time.sleep(0.001)
        for _ in range(times):
            tool.send_signal(signal.SIGINT)
            time.sleep(0.01)
        return tool.wait(timeout=60), left()

    def test_the_first_lets_it_finish(self):
        code, left = self.interrupt(1)
        self.assertEqual((code, left), (130, ["big.npz"]))
        with np.load(self.path("big.npz")) as out:
            self.assertEqual(out["V"].shape, (20000, 1000))

    def test_the_second_ends_it_and_leaves_nothing_half_written(self):
        code, left = self.interrupt(2)
        self.assertIn((code, left), [(-signal.SIGINT, []), (130, ["big.npz"])])  # the latter when it was fast


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""overtime list, info, plot and compile: what they print and write."""
import json
import os
import re
import unittest
import xml.etree.ElementTree as xml

import numpy as np

from cli import CliTest


class Descriptions(CliTest):
    def test_list_shows_the_zoo(self):
        names = [line.split()[0] for line in self.succeed("list").splitlines()]
        for name in ["HH", "LIF", "Izhikevich", "RNNCell", "GRUCell", "LSTMCell", "Dense"]:
            self.assertIn(name, names)
        layers = json.loads(self.succeed("list", "--kind", "layer", "--json"))
        self.assertEqual({entry["kind"] for entry in layers}, {"layer"})
        self.assertIn("Dense", [entry["name"] for entry in layers])

    def test_every_model_has_a_description(self):
        for entry in json.loads(self.succeed("list", "--json")):
            facts = json.loads(self.succeed("info", entry["name"], "--json"))
            self.assertEqual(facts["model"], entry["name"])

    def test_info_of_a_neuron_shows_values_units_and_methods(self):
        text = self.succeed("info", "HH")
        self.assertRegex(text, r"gNa +real +\[\] +120 +mS cm\^-2")
        self.assertRegex(text, r"V +real +\[N\] +-\d.* mV")
        self.assertRegex(text, r"I +real +\[\] +0 +uA cm\^-2")
        self.assertIn("rk4", text)

    def test_info_of_a_layer_shows_shapes_in_terms_of_sizes(self):
        self.assertRegex(self.succeed("info", "GRUCell"), r"Wi +real +\[K, 3 N\]")
        arrays = json.loads(self.succeed("info", "GRUCell", "--size", 20, "--n-in", 100, "--json"))["arrays"]
        self.assertEqual({a["name"]: a["shape"] for a in arrays}["Wi"], [100, 60])

    def test_info_of_a_gradient_is_its_memory(self):
        def ask(remat, steps=1000, model=("LSTMCell", "--size", 8, "--n-in", 6, "--batch", 4)):
            return json.loads(self.succeed("info", *model, "--gradient", "--steps", steps, "--remat", remat, "--json"))

        none, root, every = ask("none"), ask("sqrt"), ask("every=10")
        tape, state = none["tape bytes a step"], none["state bytes"]
        self.assertEqual(none["peak bytes"], 1000 * tape)
        self.assertEqual(none["steps run again"], 0)
        self.assertEqual(root["peak bytes"], 32 * tape + 31 * (state + 8) + state)
        self.assertEqual(every["peak bytes"], 10 * tape + 99 * (state + 8) + state)
        budget = ask(f"budget={20 * tape}")
        self.assertLessEqual(budget["peak bytes"], 20 * tape)
        self.assertGreater(budget["steps run again"], 1000)
        self.assertLess(ask("sqrt", 100_000)["peak bytes"], 11 * root["peak bytes"])
        self.assertIn("gNa", ask("step", 50, ("HH", "--size", 3))["gradient by"])

    def test_info_of_npz(self):
        self.save(V=np.arange(6, dtype=np.float32).reshape(2, 3), empty=np.zeros((0, 2)))
        self.assertRegex(self.succeed("info", "in.npz"), r"V +f32 +\[2, 3\] +0 \.\. 5")
        arrays = json.loads(self.succeed("info", "in.npz", "--json"))["arrays"]
        self.assertEqual(arrays[0], {"kind": "array", "name": "V", "dtype": "f32", "shape": [2, 3], "range": [0, 5]})

    def test_arrays_that_cannot_be_read_do_not_hide_the_others(self):
        self.save(V=np.arange(6.0), note=np.array(["a", "b"]), z=np.zeros(3, complex))
        text = self.succeed("info", "in.npz")
        self.assertRegex(text, r"V +f64 +\[6\] +0 \.\. 5")
        self.assertRegex(text, r"note .*unreadable")
        self.succeed("plot", "in.npz", "-o", "v.svg")
        self.fail_with("plot", "in.npz", "--var", "note", "-o", "v.svg", says=["in.npz", "note"])

    def test_help_has_examples(self):
        for command in ["run", "list", "info", "plot", "compile"]:
            text = self.succeed(command, "--help")
            self.assertGreaterEqual(text[text.index("Examples:"):].count(f"overtime {command}"), 2)
        self.assertIn("Examples:", self.succeed("--help"))
        self.assertRegex(self.succeed("--version"), r"^overtime \d+\.\d+\.\d+")


class Plots(CliTest):
    SVG = "{http://www.w3.org/2000/svg}"

    def plot(self, *arguments):
        self.succeed("plot", *arguments, "-o", "p.svg")
        return xml.parse(self.path("p.svg")).getroot()

    def texts(self, svg):
        return [element.text for element in svg.iter(self.SVG + "text")]

    def lines(self, svg):
        paths = [p.get("d") for p in svg.iter(self.SVG + "path") if p.get("stroke-width") == "1.3"]
        return [np.array(re.findall(r"[ML]([-\d.]+) ([-\d.]+)", path), dtype=float) for path in paths]

    def test_lines_have_axes_and_legend(self):
        self.run_model("HH", "--size", 3, "--set", "I=10", "--duration", 50, "--monitor", "V,m")
        svg = self.plot("out.npz", "--neurons", "0,2")
        self.assertEqual(len(self.lines(svg)), 2)
        for text in ["t [ms]", "V", "V[0]", "V[2]", "40", "-60"]:
            self.assertIn(text, self.texts(svg))
        self.assertIn("m", self.texts(self.plot("out.npz", "--var", "m")))

    def test_several_arrays_over_one_that_is_named(self):
        self.save(loss=np.array([3.0, 2, 1]), validation=np.array([3.0, 2.5, 2]), epoch=np.array([10, 20, 40]),
                  t=np.arange(3.0))
        svg = self.plot("in.npz", "--var", "loss,validation", "--x", "epoch")
        loss, validation = self.lines(svg)
        for text in ["epoch", "loss, validation", "loss", "validation", "40"]:
            self.assertIn(text, self.texts(svg))
        self.assertNotIn("t [ms]", self.texts(svg))
        # 10 to 20 is half as far as 20 to 40; the loss falls twice as far as the validation does. To 0.1 of a pixel.
        self.assertAlmostEqual(loss[2, 0] - loss[1, 0], 2 * (loss[1, 0] - loss[0, 0]), delta=0.3)
        self.assertAlmostEqual(loss[2, 1] - loss[0, 1], 2 * (validation[2, 1] - validation[0, 1]), delta=0.3)

    def test_several_arrays_share_the_eight_colours(self):
        self.save(a=np.zeros((5, 9)), b=np.zeros((5, 9)), c=np.zeros((5, 9)))
        self.assertEqual(len(self.lines(self.plot("in.npz", "--var", "a,b"))), 8)
        self.assertEqual(len(self.lines(self.plot("in.npz", "--var", "a,b,c"))), 6)

    def test_thinning_keeps_a_lone_peak(self):
        V = np.zeros((1000000, 1), dtype=np.float32)
        V[123457] = 1
        self.save(V=V, t=np.arange(1000000) * 0.1)
        line, = self.lines(self.plot("in.npz"))
        self.assertLessEqual(len(line), 2000)
        self.assertLess(line[:, 1].min(), line[:, 1].max() - 200)  # pixels; y counts downwards

    def test_numbers_that_are_not_finite_leave_a_gap(self):
        self.save(V=np.array([1, 2, np.nan, 3, np.inf, 4.0]))
        line, = self.lines(self.plot("in.npz"))
        self.assertEqual(len(line), 4)

    def test_a_range_longer_than_the_largest_number(self):
        self.save(V=np.array([-1.7e308, 0, 1.7e308]))
        line, = self.lines(self.plot("in.npz"))
        self.assertEqual(len(line), 3)
        with open(self.path("p.svg"), encoding="utf-8") as file:
            self.assertNotIn("nan", file.read())

    def test_bool_becomes_a_raster(self):
        spike = np.zeros((100, 4), dtype=bool)
        spike[[10, 20, 30], [0, 1, 3]] = True
        self.save(spike=spike, t=np.arange(100.0))
        svg = self.plot("in.npz", "--var", "spike")
        marks = [p.get("d") for p in svg.iter(self.SVG + "path") if p.get("stroke") == "#000"]
        self.assertEqual(marks[0].count("M"), 3)
        self.assertIn("neuron", self.texts(svg))

    def test_names_of_arrays_are_no_markup(self):
        self.save(**{"<script>&": np.arange(5.0)})
        self.assertIn("<script>&", self.texts(self.plot("in.npz")))


class Compiled(CliTest):
    def test_library_header_and_description(self):
        self.succeed("compile", "HH", "--size", 8, "--set", "gNa=100", "--monitor", "V", "--dt", 0.05, "-o", "lib")
        self.assertEqual(sorted(os.listdir(self.path("lib"))), ["hh.h", "hh.json", "libhh.so"])
        text = self.succeed("info", "lib/libhh.so")
        self.assertRegex(text, r"gNa +f32 +\[\] +100 +mS cm\^-2")
        self.assertRegex(text, r"target +\S+")
        facts = json.loads(self.succeed("info", "lib/hh.json", "--json"))
        self.assertEqual((facts["name"], facts["dt"], facts["real"]), ("hh", 0.05, "f32"))
        self.assertEqual([a["name"] for a in facts["arrays"] if a["kind"] == "output"], ["spike", "V"])

    def test_other_files(self):
        out = self.succeed("compile", "LIF", "--size", 4, "--name", "cells", "--emit", "obj,llvm,asm,mlir", "--target",
                           "x86-64-v3", "-o", "parts")
        self.assertIn("wrote parts/cells.o", out)
        self.assertEqual(sorted(os.listdir(self.path("parts"))),
                         ["cells.h", "cells.json", "cells.ll", "cells.mlir", "cells.o", "cells.s"])
        with open(self.path("parts/cells.mlir"), encoding="utf-8") as file:
            self.assertIn("dyn.loop_over_time", file.read())

    def test_stages_are_printed(self):
        self.assertIn("dyn.integrate", self.succeed("compile", "HH", "--stop-after", "trace"))
        self.assertNotIn("dyn.integrate", self.succeed("compile", "HH", "--stop-after", "dynamics"))
        self.assertIn("llvm.func", self.succeed("compile", "HH", "--stop-after", "llvm"))

    def test_layer_with_batch(self):
        self.succeed("compile", "GRUCell", "--size", 4, "--batch", 2, "--input-shape", "2,3", "-o", "gru")
        arrays = json.loads(self.succeed("info", "gru/libgrucell.so", "--json"))["arrays"]
        shapes = {(a["kind"], a["name"]): a["shape"] for a in arrays}
        self.assertEqual((shapes["input", "x"], shapes["output", "out"]), ([2, 3], [2, 4]))

    def test_timing_names_stages(self):
        result = self.call("compile", "LIF", "-o", "timed", "--timing")
        self.assertRegex(result.stderr, r"dynamics +\d+\.\d+ ms")


if __name__ == "__main__":
    unittest.main()

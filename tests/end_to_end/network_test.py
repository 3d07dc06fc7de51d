#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""overtime run network.json, monitors of windows and events, and plots of what they leave."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

import numpy as np

from cli import TOOL, CliTest


def lif(size, **more):
    """Cells of the golden networks of 100."""
    return {"model": "LIF", "size": size,
            "set": {"V_rest": -60, "V_th": -50, "V_reset": -60, "tau": 20, "tau_ref": 5.05}, **more}


def two_cells():
    """A cell that fires, and one that hears of it 1.5 ms later."""
    return {"dt": 0.1, "real": "f64", "duration": 60,
            "populations": {"pre": lif(3, init={"V": [-60, -55, -50.5]}), "post": lif(2, init={"V": -60})},
            "projections": [{"from": "pre", "to": "post", "connect": "all_to_all", "weight": 0.02, "delay": 1.5,
                             "synapse": {"kind": "exponential", "tau": 5}, "output": {"kind": "coba", "E": 0}}],
            "inputs": [{"to": "pre.I", "value": 20}],
            "monitors": ["post.V", "pre.spike", {"variable": "pre_post.synapse.g", "name": "g"}]}


class NetworkFiles(CliTest):
    def write(self, network, name="net.json"):
        with open(self.path(name), "w", encoding="utf-8") as file:
            json.dump(network, file)
        return name

    def run_network(self, network, *arguments):
        self.succeed("run", self.write(network), "--out", "out.npz", *arguments)
        with np.load(self.path("out.npz")) as archive:
            return {name: archive[name] for name in archive.files}

    def test_two_populations_follow_their_equations(self):
        out = self.run_network(two_cells())
        self.assertEqual(set(out), {"post.V", "pre.spike", "g", "t"})
        self.assertEqual((out["post.V"].dtype, out["post.V"].shape), (np.float64, (600, 2)))
        # By hand: cells, exponential synapse, current g (0 - V), in the order of the network.
        V, last, g, post = np.array([-60, -55, -50.5]), np.full(3, -1e7), np.zeros(2), np.full(2, -60.0)
        fired = []
        for k in range(600):
            arrives = fired[k - 16].sum() if k >= 16 else 0  # of the step before, and 15 steps before that
            g = g * np.exp(-0.1 / 5) + 0.02 * arrives
            current = g * (0 - post)
            t, decay = k * 0.1, np.exp(-0.1 / 20)
            free = -60 + 20 + (V + 60 - 20) * decay
            V = np.where(t - last <= 5.05, V, free)
            spikes = V >= -50
            last = np.where(spikes, t, last)
            V = np.where(spikes, -60, V)
            fired.append(spikes)
            np.testing.assert_array_equal(out["pre.spike"][k], spikes)
            np.testing.assert_allclose(out["g"][k], g, rtol=1e-12)
            post = -60 + current + (post + 60 - current) * decay
            np.testing.assert_allclose(out["post.V"][k], post, rtol=1e-12)
        self.assertGreater(post.max(), -59.5)
        self.assertGreater(np.sum(fired), 5)

    def test_gap_junctions_carry_current_between_potentials(self):
        network = {"real": "f64", "duration": 20,
                   "populations": {"a": lif(3, init={"V": [-60, -57, -52]}), "b": lif(2, init={"V": [-60, -55]})},
                   "gap_junctions": [{"from": "a", "to": "b", "weight": [0.1, 0.2, 0.3],
                                      "connect": {"kind": "pairs", "pre": [0, 1, 2], "post": [0, 1, 1]}},
                                     {"name": "back", "from": "b", "to": "a", "weight": 0.05,
                                      "connect": "all_to_all"}],
                   "inputs": [{"to": "a.I", "value": 5}], "monitors": ["a.V", "b.V", "b.I"]}
        out = self.run_network(network)
        a, b, decay = np.array([-60, -57, -52]), np.array([-60, -55]), np.exp(-0.1 / 20)
        w = np.array([[0.1, 0], [0, 0.2], [0, 0.3]])
        for k in range(200):
            into_b = (w * (a[:, None] - b)).sum(axis=0)
            into_a = 5 + 0.05 * (b[:, None] - a).sum(axis=0)
            np.testing.assert_allclose(out["b.I"][k], into_b, rtol=1e-11, atol=1e-12)
            a, b = (-60 + I + (V + 60 - I) * decay for V, I in ((a, into_a), (b, into_b)))
            np.testing.assert_allclose(out["a.V"][k], a, rtol=1e-12)
            np.testing.assert_allclose(out["b.V"][k], b, rtol=1e-12)

    def test_poisson_inputs_have_their_rates(self):
        n, rate, weight = 2000, 500, 0.01
        network = {"real": "f64", "duration": 100,
                   "populations": {"cells": lif(2 * n, init={"V": -60})},
                   "poisson_inputs": [{"to": "cells", "rate": [0] * n + [rate] * n, "weight": weight, "output": "cuba",
                                       "synapse": {"kind": "exponential", "tau": 5}},
                                      {"name": "late", "to": "cells", "rate": 0, "weight": weight}],
                   "inputs": [{"to": "late.I", "value": 100}],
                   "monitors": ["cells.V", {"variable": "cells_poisson.synapse.g", "name": "g"}]}
        out = self.run_network(network)
        g, V = out["g"], out["cells.V"]
        np.testing.assert_array_equal(g[:, :n], 0)
        steady = weight * rate * 1e-4 / (1 - np.exp(-0.1 / 5))
        np.testing.assert_allclose(g[500:, n:].mean(), steady, rtol=0.01)
        # What `late` adds to V in a step are whole spikes, of 100 Hz; the rest is the equation of the cell.
        before, decay = np.vstack([np.full((1, 2 * n), -60), V[:-1]]), np.exp(-0.1 / 20)
        spikes = ((V + 60 - g) / decay + g - (before + 60)) / weight
        np.testing.assert_allclose(spikes, np.round(spikes), atol=1e-8)
        np.testing.assert_allclose(spikes.mean(), 100 * 1e-4, rtol=0.02)

    def test_bio_nmda_opens_in_two_steps(self):
        network = two_cells()
        network["projections"][0].update(
            weight=0.02, synapse={"kind": "bio_nmda", "alpha1": 1.5, "beta1": 0.02, "alpha2": 0.8, "beta2": 0.4,
                                  "T": 0.9, "T_dur": 0.75})
        network["monitors"].append({"variable": "pre_post.synapse.x", "name": "x"})
        out = self.run_network(network)
        x, g, arrival = np.zeros(3), np.zeros(3), np.full(3, -1e7)
        for k in range(600):
            if k >= 16:
                arrival = np.where(out["pre.spike"][k - 16], k * 0.1, arrival)
            T = np.where(k * 0.1 - arrival < 0.75, 0.9, 0)
            rate_x, rate_g = 0.8 * T + 0.4, 1.5 * x + 0.02
            end_x, end_g = 0.8 * T / rate_x, 1.5 * x / rate_g
            x, g = end_x + (x - end_x) * np.exp(-0.1 * rate_x), end_g + (g - end_g) * np.exp(-0.1 * rate_g)
            np.testing.assert_allclose(out["x"][k], x, rtol=1e-11, atol=1e-15)
            np.testing.assert_allclose(out["g"][k], g, rtol=1e-11, atol=1e-15)
        self.assertGreater(g.max(), 0.1)

    def test_connectivity_on_grids_and_from_lists(self):
        def degrees(size, connect):
            """How many sources each target has: the current of 1 mV through a gap junction of 1 each."""
            network = {"real": "f64", "duration": 0.1,
                       "populations": {"a": lif(size, init={"V": -59}), "b": lif(size, init={"V": -60})},
                       "gap_junctions": [{"from": "a", "to": "b", "connect": connect}], "monitors": ["b.I"]}
            return self.run_network(network)["b.I"][0]

        i, j = np.divmod(np.arange(20), 5)  # of a grid [4, 5]
        for periodic in (False, True):
            away = [np.abs(x[:, None] - x) for x in (i, j)]
            if periodic:
                away = [np.minimum(d, n - d) for d, n in zip(away, (4, 5))]
            distance = 0.5 * np.hypot(*away)
            grid = {"grid": [4, 5], "spacing": 0.5, "periodic": periodic}
            got = degrees(20, {"kind": "within_distance", "most": 0.75, "include_self": False, **grid})
            np.testing.assert_allclose(got, (distance <= 0.75).sum(axis=0) - 1)
        away = [np.abs(x[:, None] - x) for x in np.divmod(np.arange(900), 30)]
        chance = np.exp(-(away[0] ** 2 + away[1] ** 2) / (2 * 2.5 ** 2))
        got = degrees(900, {"kind": "gaussian_probability", "grid": [30, 30], "sigma": 2.5})
        self.assertLess(abs(got.sum() - chance.sum()), 4 * np.sqrt((chance * (1 - chance)).sum()))
        np.testing.assert_allclose(degrees(3, {"kind": "csr", "offsets": [0, 2, 2, 3], "targets": [0, 2, 2]}),
                                   [1, 0, 2])
        self.save("lists.npz", pre=np.array([0, 1, 2]), post=np.array([1, 1, 0]), half=np.array([0.5, 1, 2]))
        np.testing.assert_allclose(degrees(3, {"kind": "pairs", "pre": "lists.npz:pre", "post": "lists.npz:post"}),
                                   [1, 2, 0])
        pair = {"kind": "pairs", "pre": "lists.npz:pre", "post": "lists.npz:half"}
        network = two_cells()
        network["projections"][0]["connect"] = pair
        self.fail_with("run", self.write(network), "--out", "o.npz", says=["connect.post", "whole numbers, got 0.5"])

    def test_monitors_say_what_they_keep(self):
        network = two_cells()
        network["monitors"] = ["pre.spike", "post.V",
                               {"variable": "pre.spike", "name": "pairs", "events": True},
                               {"variable": "post.V", "name": "mean", "every": 10, "reduce": "mean", "neurons": [1]},
                               {"variable": "pre.spike", "name": "f", "events": True, "file": self.path("f.npz")}]
        out = self.run_network(network)
        steps, who = np.nonzero(out["pre.spike"])
        np.testing.assert_array_equal(out["pairs.i"], who)
        np.testing.assert_allclose(out["pairs.t"], steps * 0.1)
        np.testing.assert_allclose(out["mean"][:, 0], out["post.V"][:, 1].reshape(60, 10).mean(axis=1), rtol=1e-12)
        np.testing.assert_allclose(out["mean.t"], np.arange(60) + 0.9)
        with np.load(self.path("f.npz")) as file:
            np.testing.assert_array_equal(file["i"], who)
            np.testing.assert_array_equal(file["t"], out["pairs.t"])
        self.assertEqual(out["f.i"].size, 0)
        self.succeed("plot", "f.npz", "-o", "f.svg")

    def test_the_same_file_and_seed_give_the_same_bits(self):
        network = {"duration": 50, "populations": {
            "noise": {"model": "PoissonGroup", "size": 50, "set": {"rate": 300}},
            "E": lif(40, init={"V": {"uniform": [-60, -50]}})},
            "projections": [{"from": "noise", "to": "E", "connect": {"kind": "fixed_probability", "p": 0.3},
                             "weight": {"normal": [3, 0.5]}, "synapse": "exponential", "output": "cuba"}],
            "monitors": [{"variable": "E.spike", "name": "E", "events": True}]}
        first, again = self.run_network(network), self.run_network(network)
        other = self.run_network(network, "--seed", 7)
        np.testing.assert_array_equal(first["E.t"], again["E.t"])
        np.testing.assert_array_equal(first["E.i"], again["E.i"])
        self.assertGreater(first["E.i"].size, 20)
        self.assertFalse(np.array_equal(first["E.i"], other["E.i"]))

    def test_inputs_are_rows_waves_and_operations(self):
        rows = np.random.default_rng(3).uniform(0, 5, (100, 4)).astype(np.float32)
        self.save(I=rows)
        network = {"duration": 10, "populations": {"cells": {"model": "LeakyIntegrator", "size": 4}},
                   "inputs": [{"to": "cells.I", "rows": "in.npz:I"}, {"to": "cells.I", "value": 2, "operation": "*"},
                              {"to": "cells.I", "rows": {"kind": "sinusoid", "amplitude": 3, "frequency": 50},
                               "operation": "-"}],
                   "monitors": ["cells.I"]}
        out = self.run_network(network)
        wave = 3 * np.sin(2 * np.pi * 50 * np.arange(100) * 0.1 / 1000)
        np.testing.assert_allclose(out["cells.I"], 2 * rows - wave[:, None], atol=2e-6)

    def interrupt(self, network, when):
        """Sends Ctrl-C when `when` of what the tool has shown is true; the exit code."""
        primary, secondary = pty.openpty()  # a terminal, so that there is a progress bar
        tool = subprocess.Popen([TOOL, "run", self.write(network), "--out", "long.npz"], cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=secondary,
                                env=dict(os.environ, OVERTIME_CACHE_DIR=self.path("cache")))
        os.close(secondary)
        shown, deadline = b"", time.monotonic() + 60
        while not when(shown) and tool.poll() is None and time.monotonic() < deadline:
            if select.select([primary], [], [], 0.001)[0]:
                shown += os.read(primary, 4096)
        tool.send_signal(signal.SIGINT)
        code = tool.wait(timeout=60)
        os.close(primary)
        return code

    def test_ctrl_c_keeps_what_there_is(self):
        network = {"duration": 1e6, "populations": {"E": lif(1000, init={"V": {"uniform": [-60, -50]}})},
                   "inputs": [{"to": "E.I", "value": 20}],
                   "monitors": [{"variable": "E.V", "name": "V", "every": 100},
                                {"variable": "E.spike", "name": "E", "events": True, "file": self.path("E.npz")}]}
        self.assertEqual(self.interrupt(network, lambda shown: b" steps, " in shown), 130)
        with np.load(self.path("long.npz")) as out, np.load(self.path("E.npz")) as events:
            steps = out["t"].size
            self.assertTrue(0 < steps < 1e7)
            self.assertEqual(out["V"].shape, (steps // 100, 1000))
            self.assertTrue(0 < events["t"][-1] < 0.1 * steps)

    def test_ctrl_c_while_the_file_is_written_lets_it_finish(self):
        network = {"duration": 2000, "populations": {"E": lif(1000)}, "monitors": ["E.V"]}
        left = lambda: [name for name in os.listdir(self.folder) if name.startswith("long.npz")]
        for name in left():
            os.remove(self.path(name))
        self.assertEqual((self.interrupt(network, lambda shown: left()), left()), (130, ["long.npz"]))
        with np.load(self.path("long.npz")) as out:
            self.assertEqual(out["E.V"].shape, (20000, 1000))

    def test_what_is_wrong_is_named_by_its_path(self):
        def wrong(change, says, *arguments):
            network = two_cells()
            change(network)
            self.fail_with("run", self.write(network), "--out", "out.npz", *arguments, says=["net.json", *says])

        wrong(lambda n: n["projections"][0].update(connect="all_to_al"),
              ["projections[0].connect", "did you mean 'all_to_all'?"])
        wrong(lambda n: n["projections"][0].update(form="post"), ["projections[0]", "'form' is not known", "'from'"])
        wrong(lambda n: n["projections"][0].update(to="past"), ["projections[0].to", "no population 'past'", "'post'"])
        wrong(lambda n: n["projections"][0].update(weight="heavy"), ["projections[0].weight"])
        wrong(lambda n: n["projections"][0].update(connect={"kind": "fixed_probability"}),
              ["projections[0].connect", "'p' is missing"])
        wrong(lambda n: n["projections"][0].update(connect={"kind": "one_to_one"}), ["projections[0]"])
        wrong(lambda n: n["projections"][0]["synapse"].update(tua=5), ["projections[0].synapse", "'tua'", "'tau'"])
        wrong(lambda n: n["populations"]["pre"].update(model="LIFF"), ["populations.pre.model", "'LIF'"])
        wrong(lambda n: n["populations"]["pre"].update(model="Dense"), ["populations.pre.model", "layer"])
        wrong(lambda n: n["populations"]["pre"].update(size=0), ["populations.pre.size", "at least 1"])
        wrong(lambda n: n["populations"]["pre"]["set"].update(tua=1), ["populations.pre.set.tua", "did you mean 'tau'?"])
        wrong(lambda n: n["populations"]["pre"]["init"].update(V=[1, 2]), ["populations.pre.init.V", "[2]"])
        wrong(lambda n: n["inputs"][0].update(to="pre.J"), ["inputs[0].to", "'pre.J'", "'pre.I'"])
        wrong(lambda n: n["inputs"][0].update(operation="%"), ["inputs[0].operation"])
        wrong(lambda n: n["inputs"][0].update(rows=3), ["inputs[0]", "one of 'value'"])
        wrong(lambda n: n["monitors"].append("post.W"), ["monitors[3]", "'post.W'"])
        wrong(lambda n: n["monitors"].append({"variable": "post.V", "name": "x", "reduce": "mean"}),
              ["monitors[3].reduce", "'every'"])
        wrong(lambda n: n["monitors"].append({"variable": "post.V", "name": "t"}),
              ["monitors[3]", "'t' holds the times", "another 'name'"])
        wrong(lambda n: n["monitors"].extend({"variable": "post.V", "name": name, "file": self.path("v.npy")}
                                             for name in "xy"), ["'x' and 'y'", "a file of its own"])
        wrong(lambda n: n["monitors"].append({"variable": "post.V", "name": "V", "file": "no/v.npy"}),
              ["monitors[3].file", "there is no folder 'no'"])
        wrong(lambda n: n["monitors"].append({"variable": "pre.V", "name": "post.V"}), ["'post.V'", "another name"])

        def junction(**changes):
            return lambda n: n.update(gap_junctions=[{"from": "pre", "to": "post", "connect": "all_to_all", **changes}])

        def poisson(**changes):
            return lambda n: n.update(poisson_inputs=[{"to": "post", "rate": 10, **changes}])

        wrong(junction(delay=1), ["gap_junctions[0]", "'delay' is not known", "weight"])
        wrong(junction(to="past"), ["gap_junctions[0].to", "no population 'past'", "'post'"])
        wrong(junction(name="pre_post"), ["gap_junctions[0]", "'pre_post'"])
        wrong(junction(connect="one_to_one"), ["gap_junctions[0]", "one size, got 3 and 2"])
        wrong(junction(connect={"kind": "within_distance", "grid": [4, 4], "most": 1}),
              ["gap_junctions[0]", "is for 16 sources", "got 3 and 2"])
        wrong(junction(connect={"kind": "within_distance", "grid": [4], "most": 1, "spacing": 0}),
              ["gap_junctions[0].connect", "spacing"])
        wrong(junction(connect={"kind": "gaussian_probability", "grid": [4]}), ["connect", "'sigma' is missing"])
        wrong(junction(connect={"kind": "csr", "offsets": [0, 3, 1, 1], "targets": [0]}),
              ["gap_junctions[0]", "do not ascend"])
        wrong(lambda n: n.update(populations={**n["populations"], "noise": {"model": "PoissonGroup", "size": 3}},
                                 gap_junctions=[{"from": "noise", "to": "post", "connect": "all_to_all"}]),
              ["gap_junctions[0].from", "'noise' has no potential"])
        wrong(lambda n: n.update(poisson_inputs=[{"to": "post"}]), ["poisson_inputs[0]", "'rate' is missing"])
        wrong(poisson(rate=-1), ["poisson_inputs[0]", "0 or more, got -1"])
        wrong(poisson(synapse="nmda"), ["poisson_inputs[0]", "take a linear synapse"])
        wrong(poisson(tau=1), ["poisson_inputs[0]", "'tau' is not known"])
        wrong(lambda n: n["projections"][0].update(synapse={"kind": "bio_nmda", "alpha": 1}),
              ["projections[0].synapse", "'alpha'", "alpha1"])
        wrong(lambda n: n.pop("populations"), ["'populations' is missing"])
        wrong(lambda n: n["monitors"].append({"variable": "post.V", "name": "V", "file": "./out.npz"}),
              ["'V' is written to './out.npz'", "--out", "another file"])
        wrong(lambda n: n["monitors"].append({"variable": "post.V", "name": "V", "neurons": [0, 2]}),
              ["monitors[3].neurons[1]", "neurons 0 to 1"])
        wrong(lambda n: n["monitors"].append({"variable": "post.tau", "neurons": [0]}),
              ["monitors[3].neurons", "one number"])
        wrong(lambda n: n["inputs"].append({"to": "pre.I", "rows": [1, 2]}), ["'pre.I' has 2 rows", "give more rows"])
        wrong(poisson(rate=[1, 2, 3]), ["poisson_inputs[0]", "the rates have shape [3]", "or [2] for the targets"])
        wrong(lambda n: n.update(duration=-1), ["duration", "0 or more"])
        wrong(lambda n: n.update(duration=1e300), ["too many steps"])
        wrong(lambda n: n.pop("duration"), ["how long"])
        wrong(lambda n: n.update(dt="0.1"), ["dt", "expected a number"])
        wrong(lambda n: None, ["--size does not go with"], "--size", 3)
        with open(self.path("net.json"), "w", encoding="utf-8") as file:
            file.write('{"dt": 0.1,\n "populations" }')
        self.fail_with("run", "net.json", "--out", "o.npz", says=["net.json", "[2:"])
        self.fail_with("run", "gone.json", "--out", "o.npz", says=["gone.json", "cannot be read"])
        self.fail_with("run", self.write(two_cells()), says=["--out FILE.npz"])


class Monitors(CliTest):
    def test_every_row_is_a_window_of_steps(self):
        options = ["HH", "--size", 3, "--set", "I=8", "--monitor", "V", "--steps", 100, "--real", "f64"]
        V = self.run_model(*options)["V"]
        for how, by in [("mean", np.mean), ("max", np.max), ("min", np.min), ("sum", np.sum)]:
            out = self.run_model(*options, "--every", 20, "--reduce", how)
            np.testing.assert_allclose(out["V"], by(V.reshape(5, 20, 3), axis=1), rtol=1e-12)
            np.testing.assert_allclose(out["V.t"], np.arange(1, 6) * 2 - 0.1)
        np.testing.assert_array_equal(self.run_model(*options, "--every", 20)["V"], V[19::20])
        self.succeed("plot", "out.npz", "-o", "v.svg")
        self.fail_with("run", "HH", "--monitor", "V", "--every", 5, "--reduce", "median", "--steps", 1, "--out", "o.npz",
                       says="--reduce")

    def test_events_are_pairs_in_memory_and_in_a_file(self):
        options = ["LIF", "--size", 20, "--set", "I=30", "--init", "V=@in.npz:V0", "--duration", 100]
        self.save(V0=np.linspace(0, 19, 20, dtype=np.float32))
        raster = self.run_model(*options)["spike"]
        steps, who = np.nonzero(raster)
        self.assertGreater(who.size, 50)
        out = self.run_model(*options, "--events", "spike")
        self.assertEqual(set(out), {"spike.i", "spike.t", "t", "i"})
        np.testing.assert_array_equal(out["spike.i"], who)
        np.testing.assert_allclose(out["spike.t"], steps * 0.1)
        self.succeed("run", *options, "--events", "spike", "--events-file", "e.npz", "--quiet")
        with np.load(self.path("e.npz")) as file:
            np.testing.assert_array_equal(file["i"], who)
            np.testing.assert_array_equal(file["t"], out["spike.t"])
        self.succeed("run", *options, "--events", "spike", "--events-file", "e.npy", "--quiet")
        np.testing.assert_array_equal(np.load(self.path("e.npy")), np.stack([who, out["spike.t"]], axis=1))
        self.fail_with("run", *options, "--events", "spike", says="--out")
        self.fail_with("run", *options, "--events", "spike", "--monitor", "spike", "--out", "o.npz", says="--events")
        self.fail_with("run", *options, "--events", "spike,V", "--events-file", "e.npz", says="one variable")

    def test_the_memory_of_a_run_is_told(self):
        said = self.succeed("run", "HH", "--size", 1000, "--steps", 1000, "--monitor", "V", "--no-output", "--out", "o.npz")
        need = float(re.search(r"([\d.]+) MB of memory", said).group(1))
        self.assertTrue(4.0 < need < 4.5, said)  # 4 MB of V, the states, t and i

    def test_pairs_are_drawn_as_the_raster_is(self):
        self.save(V0=np.linspace(0, 19, 20, dtype=np.float32))
        options = ["LIF", "--size", 20, "--set", "I=30", "--init", "V=@in.npz:V0", "--duration", 100]
        self.run_model(*options)
        self.succeed("plot", "out.npz", "--var", "spike", "-o", "raster.svg")
        self.succeed("plot", "out.npz", "--var", "spike", "--rate", 10, "-o", "rate.svg")
        self.run_model(*options, "--events", "spike", out="pairs.npz")
        self.succeed("plot", "pairs.npz", "--size", 20, "-o", "pairs.svg")
        self.succeed("plot", "pairs.npz", "--rate", 10, "--size", 20, "-o", "pairs_rate.svg")

        def marks(name):
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read()
            return len(re.findall(r"M[\d.]+ [\d.]+v", text)), text
        self.assertEqual(marks("raster.svg")[0], marks("pairs.svg")[0])
        self.assertIn("rate [Hz]", marks("rate.svg")[1])
        self.assertIn("rate [Hz]", marks("pairs_rate.svg")[1])
        self.fail_with("plot", "out.npz", "--var", "t", "--rate", 10, "-o", "x.svg", says="array of numbers")
        self.fail_with("plot", "out.npz", "--var", "spike", "--rate", 0, "-o", "x.svg", says="above 0")


if __name__ == "__main__":
    unittest.main()

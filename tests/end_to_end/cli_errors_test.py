#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line tool refuses what is wrong, says what was given and expected, and never ends by a signal."""
import os
import subprocess
import unittest

import numpy as np

from cli import TOOL, CliTest


class Names(CliTest):
    def test_nearest_names(self):
        self.fail_with("run", "HHH", "--steps", 1, says=["no model 'HHH'", "did you mean 'HH'?"])
        self.fail_with("run", "HH", "--set", "gna=1", "--steps", 1,
                       says=["no parameter or input 'gna'", "did you mean 'gNa'?"])
        self.fail_with("run", "HH", "--init", "v=1", "--steps", 1, says=["no state 'v'", "did you mean 'V'?"])
        self.fail_with("run", "HH", "--monitor", "VV", "--steps", 1, "--out", "o.npz", says="did you mean 'V'?")
        self.fail_with("run", "HH", "--monitor", ",", "--steps", 1, "--out", "o.npz", says="--monitor")
        self.fail_with("run", "HH", "--monitor", "spikes", "--steps", 1, "--out", "o.npz", says="did you mean 'spike'?")
        self.fail_with("run", "HH", "--method", "rk5", "--steps", 1, says=["no integration method 'rk5'", "rk4"])
        self.fail_with("run", "HH", "--methd", "rk4", "--steps", 1, says="did you mean '--method'?")
        self.fail_with("rnu", says=["no command 'rnu'", "did you mean 'run'?"])
        self.fail_with("compile", "HH", "--stop-after", "dinamics", says="did you mean 'dynamics'?")
        self.fail_with("compile", "HH", "-o", "out", "--target", "znvr4", says="did you mean 'znver4'?")
        self.fail_with("info", "GRUcell", says="did you mean 'GRUCell'?")

    def test_states_and_parameters_are_told_apart(self):
        self.fail_with("run", "HH", "--set", "V=1", "--steps", 1, says="--init V=1")
        self.fail_with("run", "HH", "--init", "gNa=1", "--steps", 1, says="--set gNa=1")


class Targets(CliTest):
    def test_files_of_a_gpu_and_of_a_processor(self):
        gpu = ("compile", "HH", "-o", "out", "--target", "nvptx64")
        self.fail_with(*gpu, "--emit", "so", says=["--emit so writes nothing for a GPU", "ptx, cubin"])
        self.fail_with(*gpu, "--arch", "sm_86:0", says=["multiprocessors from 1 to 1024 behind the colon, as in sm_86:28"])
        self.fail_with(*gpu, "--arch", "sm_1", says=["unknown compute capability 'sm_1'", "sm_80"])
        self.fail_with(*gpu, "--arch", "turing", says=["--arch takes a compute capability", "turing"])
        self.fail_with(*gpu, "--stop-after", "cpu", "--emit", "mlir", says="did you mean 'gpu'?")
        self.fail_with("compile", "HH", "-o", "out", "--arch", "sm_90", says="--target nvptx64")
        self.fail_with("compile", "HH", "-o", "out", "--emit", "ptx", says=["processor 'native'", "--arch sm_90"])


class Numbers(CliTest):
    def test_durations_and_counts(self):
        self.fail_with("run", "HH", "--duration", -1, says=["negative", "-1"])
        self.fail_with("run", "HH", "--duration", "inf", says="finite")
        self.fail_with("run", "HH", "--duration", "nan", says="finite")
        self.fail_with("run", "HH", "--duration", "long", says="long")
        self.fail_with("run", "HH", "--duration", "1e300", says="too many steps")
        self.fail_with("run", "HH", "--steps", -1, says="negative")
        self.fail_with("run", "HH", "--steps", 1.5, says="whole number")
        self.fail_with("run", "HH", "--dt", 0, "--steps", 1, says="dt must be positive")
        self.fail_with("run", "HH", "--t0", "inf", "--steps", 1, says="--t0")
        self.fail_with("run", "HH", "--size", 0, "--steps", 1, says="at least 1")
        self.fail_with("run", "HH", "--batch", 0, "--steps", 1, says="at least 1")
        self.fail_with("run", "HH", "--real", "f16", "--steps", 1, says="f32")

    def test_values(self):
        for value in ["I=nan", "I=1,x", "I=inf", "I=@", "I=1,"]:
            self.fail_with("run", "HH", "--set", value, "--steps", 1, says="")
        for value in ["I", "I=", "=1"]:
            self.fail_with("run", "HH", "--set", value, "--steps", 1, says="NAME=VALUE")
        self.save(I=np.array([1e300]))
        self.fail_with("run", "HH", "--set", "I=@in.npz:I", "--steps", 1, says=["too large for f32", "--real f64"])

    def test_memory_is_refused_before_the_run(self):
        self.fail_with("run", "HH", "--size", 1000000, "--steps", 10**10, "--out", "o.npz",
                       says=["spike bool [10000000000, 1000000]", "bytes", "available", "--no-output"])
        self.fail_with("run", "HH", "--size", 10**12, "--steps", 1,
                       says=["states and parameters of HH", "bytes", "available"])

    def test_ranges(self):
        for number in ["1e300", "-1e300"]:
            for option in ["--set=gNa", "--init=V"]:
                self.fail_with("run", "HH", f"{option}={number}", "--steps", 1, says=["f32 cannot hold", "f64"])
        self.fail_with("run", "HH", "--dt", "1e-60", "--steps", 1, says=["dt", "f32 cannot hold"])
        self.fail_with("run", "LIF", "--init", "spike=2", "--steps", 1, says=["'spike' is bool", "got 2"])
        self.fail_with("run", "HH", "--i0", 2**63 - 5, "--steps", 10, says=["index", "10 steps"])
        for seed in ["-1", 2**64, "x", "1.5"]:
            self.fail_with("run", "HH", "--seed", seed, "--steps", 1, says="--seed")
        for size in ["-1", 2**64, "1.5"]:
            self.fail_with("run", "HH", "--size", size, "--steps", 1, says="--size")

    def test_shared_arguments(self):
        run = ["run", "Dropout", "--set", "keep_prob=0.5", "--input", self.save(x=np.ones((3, 2), np.float32)) + ":x"]
        self.fail_with(*run, "--shared", "fitt=true", says=["'fitt'", "did you mean 'fit'?"])
        self.fail_with(*run, "--shared", "fit=1", says=["'fit'", "integer", "bool"])


class Shapes(CliTest):
    def setUp(self):
        self.save(I=np.zeros((50, 4), np.float32), x=np.zeros((7, 5, 3), np.float32), one=np.float32(3))

    def test_both_shapes_are_named(self):
        self.fail_with("run", "HH", "--size", 3, "--input", "in.npz:I", says=["[50, 4]", "[T, 3]"])
        self.fail_with("run", "HH", "--size", 4, "--set", "gNa=1,2,3", "--steps", 1, says=["[4]", "[3]"])
        self.fail_with("run", "HH", "--size", 4, "--init", "V=@in.npz:I", "--steps", 1, says=["[4]", "[50, 4]"])
        self.fail_with("run", "HH", "--size", 4, "--set", "I=@in.npz:I", "--steps", 1, says=["[50, 4]", "--input"])
        self.fail_with("run", "HH", "--input", "in.npz:one", says=["shape []", "[T, ...]"])
        self.save("row.npz", x=np.zeros(20, np.float32))
        self.fail_with("run", "GRUCell", "--size", 4, "--input", "row.npz:x", says=["[20]", "[T, K]"])
        self.fail_with("run", "RNNCell", "--size", 4, "--n-in", 9, "--batch", 5, "--input", "in.npz:x",
                       says=["width 9", "got 3"])

    def test_batches(self):
        self.fail_with("run", "RNNCell", "--size", 4, "--input", "in.npz:x", says=["[7, 5, 3]", "--batch 5"])
        self.fail_with("run", "RNNCell", "--size", 4, "--batch", 6, "--input", "in.npz:x", says=["[7, 5, 3]", "6"])


class Combinations(CliTest):
    def test_one_way_to_say_how_long(self):
        self.fail_with("run", "HH", says=["--duration", "--steps", "--input"])
        self.fail_with("run", "HH", "--duration", 1, "--steps", 1, says="exclude each other")
        self.fail_with("run", "RNNCell", "--duration", 1, says="needs data")
        self.fail_with("run", "HH", "--no-state", "--steps", 1, says="no_state")

    def test_time_that_is_not_there(self):
        self.fail_with("run", "LIF", "--t0", "none", "--steps", 1, says=["reads t", "t0 = none"])

    def test_state_under_no_state(self):
        self.save(I=np.zeros((5, 1), np.float32))
        self.fail_with("run", "HH", "--no-state", "--input", "in.npz:I", says=["'V' is updated", "no_state"])

    def test_commands_need_their_arguments(self):
        self.fail_with(says="subcommand")
        self.fail_with("run", says="MODEL")
        self.fail_with("plot", "x.npz", says="--out")
        self.fail_with("compile", "HH", says="-o FOLDER")
        self.fail_with("compile", "GRUCell", "-o", "g", says="--input-shape")
        self.fail_with("compile", "HH", "--emit", "sp", "-o", "g", says="so, obj, llvm, asm, mlir")
        self.fail_with("compile", "HH", "--name", "a-b", "-o", "g", says="--name")
        self.fail_with("compile", "HH", "--emit", "so", "--stop-after", "cpu", "-o", "g", says=["--stop-after", "mlir"])
        self.fail_with("compile", "HH", "--emit", ",", "-o", "g", says="--emit")
        self.fail_with("compile", "LIF", "--batch", 2, "--data-first-axis", "B", "-o", "g", says=["[T, B, ...]", "'B'"])
        self.fail_with("compile", "HH", "--size", 8, "--input-shape", 7, "-o", "g", says=["[8]", "[7]"])
        self.fail_with("run", "Dropout", "--steps", 1, says="keep_prob")
        self.fail_with("run", "HH", "stray", "--steps", 1, says="'stray'")


class Files(CliTest):
    def test_missing_and_damaged_files(self):
        with open(self.path("bad.npz"), "wb") as file:
            file.write(b"PK\x03\x04" + os.urandom(200))
        self.save(a=np.arange(4.0))
        with open(self.path("in.npz"), "rb") as whole, open(self.path("cut.npz"), "wb") as cut:
            cut.write(whole.read()[:-30])
        for name in ["bad.npz", "cut.npz", "none.npz"]:
            self.fail_with("run", "HH", "--input", f"{name}:a", says=name)
            self.fail_with("info", name, says=name)
            self.fail_with("plot", name, "-o", "p.svg", says=name)
        self.fail_with("run", "HH", "--input", "in.npz:b", says=["no array 'b'", "it holds a"])
        self.fail_with("run", "HH", "--input", "in.txt", says="FILE.npz:KEY")
        self.succeed("run", "HH", "--size", 2, "--steps", 1, "--save", "s.safetensors")
        self.fail_with("run", "LIF", "--load", "s.safetensors", "--steps", 1, says=["--load s.safetensors", "LIF has no"])
        self.fail_with("run", "HH", "--load", "s.safetensors", "--steps", 1, says=["'V'", "[1]", "[2]"])
        self.fail_with("run", "HH", "--load", "none.safetensors", "--steps", 1, says="none.safetensors")
        self.fail_with("run", "HH", "--load", "net.pt", "--steps", 1, says=["net.pt", "FILE.npz or FILE.safetensors"])
        with open(self.path("s.safetensors"), "r+b") as file:
            file.seek(-3, os.SEEK_END)
            byte = file.read(1)[0]
            file.seek(-3, os.SEEK_END)
            file.write(bytes([byte ^ 1]))
        for arguments in [["run", "HH", "--size", 2, "--load", "s.safetensors", "--steps", 1], ["info", "s.safetensors"]]:
            self.fail_with(*arguments, says=["s.safetensors: the file is damaged", "SHA-256"])

    def test_places_that_cannot_be_written(self):
        self.fail_with("run", "HH", "--steps", 1, "--out", "nowhere/o.npz", says="no folder 'nowhere'")
        self.fail_with("run", "HH", "--steps", 1, "--out", "o.txt", says="FILE.npz")
        self.fail_with("run", "HH", "--steps", 1, "--out", "", says="FILE.npz")
        self.fail_with("run", "HH", "--steps", 1, "--save", "s.pt", says=["--save", "FILE.npz or FILE.safetensors"])
        self.fail_with("run", "HH", "--steps", 10**12, "--out", "/proc/o.npz", says="cannot be written")
        self.save(V=np.arange(4.0))
        self.fail_with("plot", "in.npz", "-o", "nowhere/p.svg", says="no folder 'nowhere'")
        self.fail_with("plot", "in.npz", "-o", "p.png", says="FILE.svg")
        self.fail_with("demo", "-o", "nowhere/p.svg", says="no folder 'nowhere'")

    def test_output_that_cannot_be_printed(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            for arguments in [["compile", "HH", "--size", "9", "--stop-after", "llvm"], ["list"]]:
                done = subprocess.run([TOOL, *arguments], stdout=full, stderr=subprocess.DEVNULL, check=False)
                self.assertEqual(done.returncode, 1)

    def test_what_is_no_compiled_model(self):
        for name, text in {"a.json": "{", "b.json": "[]", "c.json": '{"arrays": [1]}', "libd.so": "no library"}.items():
            with open(self.path(name), "w", encoding="utf-8") as file:
                file.write(text)
            self.fail_with("info", name, says=name)
        self.fail_with("info", "LIF", "--gradient", "--remat", "half", says=["--remat", "every=STEPS", "'half'"])
        self.fail_with("info", "LIF", "--gradient", "--remat", "every=0", says="expected 1 or more, got '0'")
        self.fail_with("info", "LIF", "--gradient", "--steps", "-1", says="expected 1 or more, got '-1'")
        self.fail_with("info", "RNNCell", "--gradient", "--remat", "budget=9", says=["9 bytes", "at least"])
        self.fail_with("info", "LIF", "--remat", "sqrt", says="--remat are for --gradient")
        self.fail_with("info", "libnone.so", says="no such file")
        with open(self.path("deep.json"), "w", encoding="utf-8") as file:
            file.write("[" * 200000)
        self.fail_with("info", "deep.json", says=["deep.json", "nested"])

    def test_plots_of_what_is_not_there(self):
        self.save(V=np.zeros((5, 2)), none=np.zeros((0, 3)), one=np.float32(1))
        self.fail_with("plot", "in.npz", "--var", "W", "-o", "p.svg", says="it holds")
        self.fail_with("plot", "in.npz", "--var", "none", "-o", "p.svg", says="nothing to plot")
        self.fail_with("plot", "in.npz", "--var", "one", "-o", "p.svg", says="one number")
        self.fail_with("plot", "in.npz", "--neurons", "0,2", "-o", "p.svg", says=["[5, 2]", "0 to 1"])
        self.save(loss=np.zeros(5), spike=np.zeros((5, 2), dtype=bool), longer=np.zeros(6), epoch=np.arange(6))
        self.fail_with("plot", "in.npz", "--var", "loss,spike", "-o", "p.svg", says=["'spike' is a raster", "alone"])
        self.fail_with("plot", "in.npz", "--var", "loss,longer", "-o", "p.svg", says=["'longer' have 5 and 6 rows"])
        self.fail_with("plot", "in.npz", "--var", "loss,", "-o", "p.svg", says="a list such as a,b")
        self.fail_with("plot", "in.npz", "--var", "loss", "--x", "epoch", "-o", "p.svg", says=["[6]", "expected [5]"])
        self.fail_with("plot", "in.npz", "--var", "loss", "--x", "epohc", "-o", "p.svg", says="did you mean 'epoch'")


if __name__ == "__main__":
    unittest.main()

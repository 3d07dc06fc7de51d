# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command line tool share: a folder each, running the tool, arrays in and out."""
import os
import subprocess
import tempfile
import unittest

import numpy as np

TOOL = os.environ.get("OVERTIME_BIN", "overtime")


class CliTest(unittest.TestCase):
    """Runs the tool in a folder of its own, which also holds the cache of compiled code."""

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory(prefix="overtime-cli-")
        cls.folder = cls.holder.name

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *arguments):
        environment = dict(os.environ, OVERTIME_CACHE_DIR=self.path("cache"))
        return subprocess.run([TOOL, *map(str, arguments)], cwd=self.folder, env=environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)

    def succeed(self, *arguments):
        result = self.call(*arguments)
        self.assertEqual(result.returncode, 0, f"{arguments}\n{result.stdout}{result.stderr}")
        return result.stdout

    def fail_with(self, *arguments, says, code=2):
        """The tool must refuse, with this exit code, and say each of these texts on stderr."""
        result = self.call(*arguments)
        self.assertEqual(result.returncode, code, f"{arguments}\n{result.stdout}{result.stderr}")
        self.assertTrue(result.stderr.startswith("overtime: "), result.stderr)
        for text in [says] if isinstance(says, str) else says:
            self.assertIn(text, result.stderr)
        self.assertLessEqual(result.stderr.count("\n"), 12)

    def run_model(self, *arguments, out="out.npz"):
        """`overtime run` with --out; the arrays it wrote."""
        self.succeed("run", *arguments, "--out", out, "--quiet")
        with np.load(self.path(out)) as archive:
            return {name: archive[name] for name in archive.files}

    def save(self, name="in.npz", **arrays):
        np.savez(self.path(name), **arrays)
        return name

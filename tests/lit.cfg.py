# SPDX-License-Identifier: Apache-2.0
# What the .mlir tests are and which tools they find; build paths come from lit.site.cfg.py.
import os

import lit.formats

config.name = "overtime"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = config.overtime_tests_dir
# Our tools first, then FileCheck and the upstream tools of the LLVM we link with.
config.environment["PATH"] = os.pathsep.join(
    [config.overtime_tools_dir, config.llvm_tools_dir, config.environment.get("PATH", os.defpath)]
)
for variable in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if variable in os.environ:
        config.environment[variable] = os.environ[variable]

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The key of the cache covers every file that decides what code a program becomes: cache_digest_test.py SOURCE BUILD."""
import os
import sys

FOLDERS = ("dialect", "compiler/transforms", "compiler/lower", "compiler/driver")


def main():
    source, build = map(os.path.realpath, sys.argv[1:3])
    wanted = {os.path.join(source, "runtime", "abi.h")}
    for folder in FOLDERS:
        for path, _, names in os.walk(os.path.join(source, folder)):
            wanted |= {os.path.join(path, name) for name in names if name.endswith((".cpp", ".h", ".td"))}
    with open(os.path.join(build, "compiler", "driver", "pipeline_sources.txt"), encoding="utf-8") as file:
        hashed = {os.path.realpath(line) for line in file.read().split("\n") if line}
    for path in sorted(wanted - hashed):
        print(f"{os.path.relpath(path, source)} is not part of the cache's key: see compiler/driver/CMakeLists.txt")
    return 1 if wanted - hashed or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())

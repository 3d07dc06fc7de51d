#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the messages of wrong programs.

check.py run RUNNER FILE.cpp...    runs every case of the files: RUNNER NAME must exit with 1 and print the texts of the
                                   EXPECT comments above the case in at most 12 lines, and
                                   nothing that MLIR says of its own.
check.py compile FILE.cpp... -- COMPILER FLAGS...
                                   the compiler must refuse each file, naming the line with HERE, with the EXPECT texts.

`// EXPECT: text`; `@HERE` in it is file:line of the next line that ends in `// HERE`.
"""
import os
import re
import subprocess
import sys

EXPECT = re.compile(r"//\s*EXPECT:\s*(.*\S)\s*$")
CASE = re.compile(r'^\s*\{"(\w+)",')
HERE = re.compile(r"//\s*HERE\s*$")
MAX_LINES = 12
IR_DUMP = ("see current operation", "^bb0")


def cases(path):
    """(name, expected texts) of a file of cases."""
    lines = open(path, encoding="utf-8").read().splitlines()
    texts, found = [], []
    for number, line in enumerate(lines, 1):
        expect, case = EXPECT.search(line), CASE.match(line)
        if expect:
            texts.append((number, expect.group(1)))
        elif case:
            end = next((k for k, text in enumerate(lines[number:], number + 1) if CASE.match(text)), len(lines) + 1)
            here = next((k for k in range(number, end) if HERE.search(lines[k - 1])), None)
            place = f"{os.path.basename(path)}:{here}"
            if not texts:
                sys.exit(f"{path}:{number}: the case {case.group(1)} expects nothing")
            found.append((case.group(1), [text.replace("@HERE", place) for _, text in texts]))
            texts = []
    return found


def faults_of_run(runner, name, texts):
    try:
        done = subprocess.run([runner, name], capture_output=True, text=True, errors="replace", timeout=60)
    except subprocess.TimeoutExpired:
        return ["it did not end in 60 s"], ""
    output = done.stdout + done.stderr
    faults = [f"no '{text}'" for text in texts if text not in output]
    faults += [f"it dumps IR: '{text}'" for text in IR_DUMP if text in output]
    if done.returncode < 0:
        faults.append(f"it died of signal {-done.returncode}")
    elif done.returncode != 1:
        faults.append(f"it exited with {done.returncode}, expected 1")
    if len(output.splitlines()) > MAX_LINES:
        faults.append(f"{len(output.splitlines())} lines, at most {MAX_LINES} allowed")
    return faults, output


def faults_of_compile(command, path):
    lines = open(path, encoding="utf-8").read().splitlines()
    texts = [match.group(1) for match in map(EXPECT.search, lines) if match]
    texts += [f"{os.path.basename(path)}:{number}" for number, line in enumerate(lines, 1) if HERE.search(line)]
    done = subprocess.run(command + ["-fsyntax-only", path], capture_output=True, text=True, errors="replace")
    faults = [f"no '{text}'" for text in texts if text not in done.stderr]
    if done.returncode == 0:
        faults.append("it compiles")
    return faults, "\n".join(done.stderr.splitlines()[:MAX_LINES])


def main():
    mode, arguments = sys.argv[1], sys.argv[2:]
    failed = count = 0
    if mode == "run":
        checks = [(name, lambda n=name, t=texts: faults_of_run(arguments[0], n, t))
                  for path in arguments[1:] for name, texts in cases(path)]
    else:
        split = arguments.index("--")
        checks = [(os.path.basename(path), lambda p=path: faults_of_compile(arguments[split + 1:], p))
                  for path in arguments[:split]]
    for name, check in checks:
        faults, output = check()
        count += 1
        if faults:
            failed += 1
            print(f"FAILED {name}: " + "; ".join(faults))
            print("    " + output.rstrip().replace("\n", "\n    "))
    print(f"{count} wrong programs, {failed} failed")
    return 1 if failed or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

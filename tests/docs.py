#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares docs/reference with the pages that mlir-tblgen writes into the build folder.

Usage: docs.py BUILD says which page is out of date; docs.py --update BUILD writes the pages again.
"""
import difflib
import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
REFERENCE = os.path.join(ROOT, "docs", "reference")


def page_name(path):
    """dialect/DynOps.md -> dyn.md; compiler/transforms/Passes.md -> transforms-passes.md."""
    folder, name = os.path.split(path)
    if name == "Passes.md":
        return os.path.basename(folder) + "-passes.md"
    return re.sub(r"Ops\.md$", ".md", name).lower()


def generated_pages(build):
    pages = {}
    for part in ("dialect", "compiler"):
        for folder, _, names in os.walk(os.path.join(build, part)):
            for name in sorted(names):
                if name.endswith(".md"):
                    path = os.path.join(folder, name)
                    with open(path, encoding="utf-8") as file:
                        # One line at the end, none of the generator's blank lines at the ends of lines.
                        lines = [line.rstrip() for line in file.read().rstrip().split("\n")]
                    pages[page_name(path)] = "\n".join(lines) + "\n"
    return pages


def update(pages):
    os.makedirs(REFERENCE, exist_ok=True)
    for name, text in pages.items():
        with open(os.path.join(REFERENCE, name), "w", encoding="utf-8") as file:
            file.write(text)
        print(f"wrote docs/reference/{name}")


def differences(pages):
    kept = {name for name in os.listdir(REFERENCE)} if os.path.isdir(REFERENCE) else set()
    for name in sorted(kept - set(pages)):
        yield f"docs/reference/{name} is generated from nothing; delete it"
    for name, expected in pages.items():
        path = os.path.join(REFERENCE, name)
        if name not in kept:
            yield f"docs/reference/{name} is missing"
            continue
        with open(path, encoding="utf-8") as file:
            actual = file.read()
        diff = difflib.unified_diff(
            actual.splitlines(), expected.splitlines(), f"docs/reference/{name}", "generated", lineterm="", n=1
        )
        yield from list(diff)[:40]


def main(arguments):
    updating = "--update" in arguments
    builds = [a for a in arguments if a != "--update"]
    if len(builds) != 1:
        print(__doc__)
        return 2
    pages = generated_pages(builds[0])
    if "dyn.md" not in pages:
        print(f"{builds[0]}/dialect/DynOps.md is missing: build first")
        return 1
    if updating:
        update(pages)
        return 0
    found = list(differences(pages))
    if found:
        print("\n".join(found))
        print("docs/reference is out of date; run ./dev docs")
        return 1
    print(f"docs/reference is up to date ({len(pages)} pages)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

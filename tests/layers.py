#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the shape of the source tree: who includes whom, where MLIR may appear, first lines, file sizes.

Usage: layers.py [ROOT] checks a tree; layers.py --self-test plants one fault of each kind and must find it.
"""
import os
import re
import sys
import tempfile

ANY = None
COMPILER = {"compiler/trace", "compiler/driver", "compiler/reference", "compiler/transforms", "compiler/lower"}
# What files of a folder may include, besides their own folder. The longest matching folder counts.
ALLOWED = {
    "examples": {"models", "compiler/overtime.h", "compiler/trace"},
    "models": {"compiler/overtime.h", "compiler/trace"},
    "compiler/overtime.h": {"compiler/trace"},
    "compiler/trace": {"compiler/driver", "compiler/reference", "dialect", "runtime"},
    "compiler/driver": {"compiler/transforms", "compiler/lower", "dialect", "runtime"},
    # lower/ holds the ordered list of all stages, so it names the passes of transforms/.
    "compiler/lower": {"compiler/transforms", "dialect", "runtime/abi.h", "runtime/rows.h"},
    "compiler/transforms": {"dialect"},
    "compiler/reference": {"dialect", "runtime"},
    "compiler/tools": COMPILER | {"compiler/overtime.h", "models", "dialect", "runtime"},
    "dialect": set(),
    "runtime": set(),
    "cmake": set(),
    "tests": ANY,
    "bench": ANY,
}
TOP = sorted({folder.split("/")[0] for folder in ALLOWED})
MAX_LINES = 600
SPDX = "SPDX-License-Identifier: Apache-2.0"
SPDX_EXTENSIONS = (".h", ".c", ".cpp", ".td", ".cmake")
SOURCE_EXTENSIONS = SPDX_EXTENSIONS + (".mlir", ".py")
INCLUDE = re.compile(r'^\s*#?\s*include\s*["<]([^">]+)[">]', re.MULTILINE)


def source_files(root):
    for top in TOP:
        for folder, folders, names in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if f not in ("build", "__pycache__"))
            for name in sorted(names):
                if name.endswith(SOURCE_EXTENSIONS) or name == "CMakeLists.txt":
                    yield os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/")


def inside(path, folder):
    return path == folder or path.startswith(folder + "/")


def folder_of(path):
    """The entry of ALLOWED that a file belongs to; compiler/foo.h has none."""
    return max((f for f in ALLOWED if inside(path, f)), key=len, default=None)


def includes(root, path, text):
    """(line, target): target is a path of ours, or the text of an include of somebody else's file."""
    for match in INCLUDE.finditer(text):
        target = match.group(1)
        beside = os.path.normpath(os.path.join(os.path.dirname(path), target)).replace(os.sep, "/")
        if target.split("/")[0] not in TOP and os.path.exists(os.path.join(root, beside)):
            target = beside
        yield text.count("\n", 0, match.start()) + 1, target


def is_mlir(target):
    return target.startswith(("mlir/", "mlir-c/", "llvm/", "llvm-c/"))


def check_directions(root, files):
    for path, text in files.items():
        home = folder_of(path)
        if not path.endswith((".h", ".c", ".cpp", ".td")):
            continue
        if home is None:
            yield f"{path}:1: belongs to no folder of the layout; move it, or add its folder to tests/layers.py"
            continue
        if ALLOWED[home] is ANY:
            continue
        for line, target in includes(root, path, text):
            if target.split("/")[0] not in TOP or inside(target, home):
                continue
            if not any(inside(target, folder) for folder in ALLOWED[home]):
                may = ", ".join(sorted(ALLOWED[home])) or "nothing of ours"
                yield f"{path}:{line}: {home} must not include {target}; it may include {may}"


def check_public_headers(root, files):
    """No MLIR or LLVM behind compiler/overtime.h, nor behind anything in models/ and examples/."""
    roots = [p for p in files if p == "compiler/overtime.h" or inside(p, "models") or inside(p, "examples")]
    reached = {path: path for path in roots if path.endswith((".h", ".c", ".cpp"))}
    queue = list(reached)
    while queue:
        path = queue.pop()
        for line, target in includes(root, path, files[path]):
            if is_mlir(target):
                yield f"{path}:{line}: {target} is reached from {reached[path]}, which users compile without MLIR"
            elif target in files and target not in reached:
                reached[target] = reached[path]
                queue.append(target)


def check_files(files):
    for path, text in files.items():
        lines = text.split("\n")
        if path.endswith(SPDX_EXTENSIONS) and SPDX not in lines[0]:
            yield f"{path}:1: the first line must say {SPDX}"
        if len(lines) - 1 > MAX_LINES:
            yield f"{path}:{MAX_LINES}: {len(lines) - 1} lines; above {MAX_LINES} a file is two things, split it"
        if path.endswith(".h"):
            for number, line in enumerate(lines, 1):
                if re.match(r"\s*using\s+namespace\b", line):
                    yield f"{path}:{number}: no 'using namespace' in a header"


def check(root):
    files = {}
    for path in source_files(root):
        with open(os.path.join(root, path), encoding="utf-8") as file:
            files[path] = file.read()
    return [*check_directions(root, files), *check_public_headers(root, files), *check_files(files)]


HEAD = f"// {SPDX}\n"
CLEAN = {
    "compiler/overtime.h": HEAD + '#include "compiler/trace/value.h"\n',
    "compiler/trace/value.h": HEAD,
    "compiler/trace/builder.h": HEAD + '#include "mlir/IR/Builders.h"\n',
    "compiler/trace/value.cpp": HEAD + '#include "builder.h"\n#include "dialect/Dyn.h"\n#include "runtime/abi.h"\n',
    "compiler/lower/Pipelines.cpp": HEAD + '#include "compiler/transforms/Passes.h"\n#include "runtime/abi.h"\n',
    "compiler/transforms/Passes.h": HEAD + '#include "dialect/Dyn.h"\n',
    "compiler/tools/overtime.cpp": HEAD + '#include "models/neurons/hh.h"\n#include "runtime/files/archive.h"\n',
    "dialect/Dyn.h": HEAD + '#include "mlir/IR/Dialect.h"\n#include "dialect/DynOps.h.inc"\n',
    "models/neurons/hh.h": HEAD + '#include "compiler/overtime.h"\n',
    "runtime/abi.h": "/* " + SPDX + "\n */\n",
    "tests/runtime/any.cpp": HEAD + '#include "compiler/driver/Jit.h"\n',
}
# (what is planted, file, its text, what the message must say)
FAULTS = [
    ("dialect includes runtime", "dialect/A.cpp", HEAD + '#include "runtime/abi.h"\n', "must not include runtime/abi.h"),
    ("td includes upwards", "dialect/A.td", HEAD + 'include "compiler/A.td"\n', "must not include compiler/A.td"),
    ("runtime includes dialect", "runtime/a.c", HEAD + '#include "dialect/Dyn.h"\n', "may include nothing of ours"),
    ("transforms include lower", "compiler/transforms/A.cpp", HEAD + '#include "compiler/lower/P.h"\n', "must not include"),
    ("lower includes the runtime", "compiler/lower/A.cpp", HEAD + '#include "runtime/files/archive.h"\n', "must not include"),
    ("driver includes trace", "compiler/driver/A.cpp", HEAD + '#include "compiler/trace/value.h"\n', "must not include"),
    ("trace includes models", "compiler/trace/a.cpp", HEAD + '#include "models/neurons/hh.h"\n', "must not include"),
    ("trace includes transforms", "compiler/trace/a.h", HEAD + '#include "compiler/transforms/Passes.h"\n', "must not include"),
    ("reference includes driver", "compiler/reference/A.cpp", HEAD + '#include "compiler/driver/Jit.h"\n', "must not include"),
    ("models include the driver", "models/a.cpp", HEAD + '#include "compiler/driver/Jit.h"\n', "must not include"),
    ("example includes the runtime", "examples/1.cpp", HEAD + '#include <runtime/abi.h>\n', "must not include runtime/abi.h"),
    ("a relative path upwards", "models/a.h", HEAD + '#include "../runtime/abi.h"\n', "must not include runtime/abi.h"),
    ("a file outside the layout", "compiler/stray.cpp", HEAD, "belongs to no folder"),
    ("MLIR in a model", "models/a.cpp", HEAD + '#include "mlir/IR/Value.h"\n', "users compile without MLIR"),
    ("LLVM in an example", "examples/1.cpp", HEAD + '#include "llvm/ADT/APInt.h"\n', "users compile without MLIR"),
    ("MLIR behind the public header", "compiler/overtime.h", HEAD + '#include "compiler/trace/builder.h"\n',
     "mlir/IR/Builders.h is reached from compiler/overtime.h"),
    ("no licence line", "runtime/a.h", "// A header.\n", "the first line must say"),
    ("no licence line in CMake", "cmake/A.cmake", "# Helpers.\n", "the first line must say"),
    ("a long file", "compiler/driver/A.cpp", HEAD + "\n" * MAX_LINES, "lines; above"),
    ("using namespace in a header", "tests/runtime/a.h", HEAD + "  using namespace std;\n", "no 'using namespace'"),
]


def write_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


def self_test():
    missed = []
    with tempfile.TemporaryDirectory() as root:
        write_tree(root, CLEAN)
        missed += [f"a clean tree is refused: {message}" for message in check(root)]
    for what, path, text, expected in FAULTS:
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**CLEAN, path: text})
            found = check(root)
            if not any(expected in message for message in found):
                missed.append(f"{what}: not caught (found {found})")
    print("\n".join(missed) or f"layers.py catches all {len(FAULTS)} planted faults")
    return 1 if missed else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    messages = check(root)
    print("\n".join(messages) or "layers.py: the tree is in order")
    return 1 if messages else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

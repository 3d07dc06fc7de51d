#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the pages show works: commands run, snippets of C++ and C compile.

doc_commands.py C_COMPILER CXX_COMPILER [FLAG...], with the tool's path in OVERTIME_BIN; FLAG... are for C++.

Commands: those of a page run in its order, in one folder a page, which holds a file in.npz. They are
- every line of a fenced sh block; a block without one of our tools must be on the list NOT_RUN below,
- lines of an indented block that begin with one of our tools,
- code in a sentence that begins with one of our tools, has arguments, and has no PLACEHOLDER.
A command fails when its exit status is not 0, or when its trailing comment names a file that does not exist then.

A json block after "This is `NAME.json`:" is that file in the folder.

Snippets: a cpp block with a main compiles as it is. The others of all pages are one file: the functions PAGE_0, PAGE_1,
... in which each block opens a scope inside that of the block before it, so that it can use earlier names and take them
anew. Every header of models/ is included, `#include` lines of a block count as said. A c block of statements goes into
a function with the arrays `current`, `spikes` and `V`, after the headers that the commands of its page have written.
"""
import concurrent.futures
import os
import re
import struct
import subprocess
import sys
import tempfile
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = ("overtime", "build/bin/overtime", "overtime-opt", "build/bin/overtime-opt")
# First words of what is shown and cannot be run here, and why.
NOT_RUN = {
    "./dev": "installs packages, builds the tree that this test belongs to, or runs this test",
    "apt": "installs packages",
    "cmake --preset": "builds the tree that this test belongs to",
    "git clone": "needs a network",
}
PLACEHOLDER = re.compile(r"\b(COMMAND|FILE|FOLDER|KEY|MODEL|NAME|STAGE|VALUE|WHAT)\b|\[|\.\.\.")
# What in.npz holds for all pages: name, shape, the number that fills it.
IN_NPZ = [("I", (50, 100), 5.0), ("I0", (100,), 20.0), ("V0", (100,), -65.0), ("x", (30, 128, 100), 0.5)]
FILE_NAME = re.compile(r"\b[\w-]+\.(?:h|json|mlir|npz|o|safetensors|so|svg)\b")
SECONDS = 60


class Block:
    """Consecutive lines of code: `language` is None in an indented block, "inline" inside a sentence."""

    def __init__(self, language, line, text):
        self.language, self.line, self.text = language, line, text
        self.file = None  # that a json block is


def blocks_of(path):
    """The code of a page, in order."""
    found, prose, fence = [], [], None
    for number, line in enumerate(open(path, encoding="utf-8").read().splitlines(), 1):
        if line.startswith("```"):
            fence = None if fence else Block(line[3:].strip(), number + 1, "")
            found.append(fence)
            named = re.search(r"This is `([\w-]+\.json)`:\s*$", "\n".join(text for _, text in prose))
            if fence and fence.language == "json" and named:
                fence.file = named.group(1)
        elif fence:
            fence.text += line + "\n"
        elif line.startswith("    "):
            found.append(Block(None, number, line.strip()))
        else:
            prose.append((number, line))
            continue
        prose.append((number, ""))
    text = "".join(line + "\n" for _, line in prose)
    for match in re.finditer(r"(?<!`)`([^`\n]+(?:\n[^`\n]+)?)`(?!`)", text):
        at = prose[text.count("\n", 0, match.start())][0]
        found.append(Block("inline", at, match.group(1).replace("\n", " ")))
    return sorted((block for block in found if block), key=lambda block: block.line)


def begins(command, words):
    return any(command == word or command.startswith(word + " ") for word in words)


def commands_of(block):
    """(line, command) of a block; None when it is to be run and nobody knows how."""
    lines, number = [], block.line
    for line in block.text.replace("\\\n", "\\\0").splitlines():
        if line.strip() and not line.startswith("#"):
            lines.append((number, line.replace("\\\0", "\\\n")))
        number += 1 + line.count("\0")
    if block.language == "sh":
        if any(begins(command, TOOLS) for _, command in lines):
            return [(at, command) for at, command in lines if not begins(command, NOT_RUN)]
        return [] if all(begins(command, NOT_RUN) for _, command in lines) else None
    if block.language == "inline":
        lines = [(at, text) for at, text in lines if len(text.split()) > 2 and not PLACEHOLDER.search(text)]
    elif block.language is not None:
        return []
    return [(at, command) for at, command in lines if begins(command, TOOLS)]


def write_in_npz(path):
    with zipfile.ZipFile(path, "w") as archive:
        for name, shape, value in IN_NPZ:
            header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
            header += " " * (-(len(header) + 11) % 64) + "\n"
            count = 1
            for length in shape:
                count *= length
            archive.writestr(name + ".npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()
                             + struct.pack("<f", value) * count)


def run(command, **options):
    """(exit status, output) of a command that gets no input."""
    try:
        done = subprocess.run(command, text=True, errors="replace", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS, check=False, **options)
    except subprocess.TimeoutExpired as late:
        return None, f"{late.output or ''}\nit did not end in {SECONDS} s"
    return done.returncode, done.stdout


def files_under(folder):
    return {name for _, _, names in os.walk(folder) for name in names}


def indented(text, lines=30):
    return "".join("\n    " + line for line in text.rstrip().splitlines()[:lines])


def check_commands(page, blocks, folder, tools):
    """Runs the commands of a page; (how many, faults)."""
    os.makedirs(os.path.join(folder, "build"))
    os.symlink(tools, os.path.join(folder, "build", "bin"))
    write_in_npz(os.path.join(folder, "in.npz"))
    environment = dict(os.environ, PATH=tools + os.pathsep + os.environ.get("PATH", os.defpath),
                       OVERTIME_CACHE_DIR=os.path.join(folder, "cache"))
    count, faults = 0, []
    for block in blocks:
        if block.file:
            with open(os.path.join(folder, block.file), "w", encoding="utf-8") as file:
                file.write(block.text)
        commands = commands_of(block)
        if commands is None:
            faults.append(f"{page}:{block.line}: none of these commands is ours; say in NOT_RUN why they are not run"
                          + indented(block.text))
        for line, command in commands or []:
            count += 1
            status, output = run(["sh", "-c", command], cwd=folder, env=environment)
            missing = set(FILE_NAME.findall(command.partition(" #")[2])) - files_under(folder)
            if status != 0:
                faults.append(f"{page}:{line}: exit status {status}: {command}{indented(output)}")
            elif missing:
                faults.append(f"{page}:{line}: no {', '.join(sorted(missing))} after: {command}{indented(output)}")
    return count, faults


def at_line(page, block):
    return f'#line {block.line} "{page}"\n{block.text}'


def check_compile(command, text, path):
    """Faults of one file of C or C++; the compiler names page and line itself."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    status, output = run(command + ["-fsyntax-only", path])
    return [f"a snippet does not compile:{indented(output)}"] if status != 0 else []


def partial_snippets(pages):
    """The file of all C++ blocks without main."""
    headers, functions = ["compiler/overtime.h"], []
    for folder, _, names in os.walk(os.path.join(ROOT, "models")):
        headers += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if name.endswith(".h")]
    includes = "".join(f'#include "{name}"\n' for name in sorted(headers))
    for number, (page, blocks) in enumerate(pages):
        body = "".join("{\n" + at_line(page, block) for block in blocks)
        includes += "".join(line + "\n" for line in re.findall(r"^#include.*$", body, re.MULTILINE))
        body = re.sub(r"^#include.*$", "", body, flags=re.MULTILINE)
        functions.append(f"void PAGE_{number}() {{\nusing namespace overtime;\n{body}{'}' * len(blocks)}}}\n")
    return includes + "".join(functions)


def check_cpp(pages, compiler, folder):
    """Compiles all C++ blocks; (how many, faults)."""
    shown = [(page, [block for block in blocks if block.language == "cpp"]) for page, blocks in pages]
    has_main = re.compile(r"^int main\(", re.MULTILINE)
    texts = [partial_snippets([(page, [b for b in blocks if not has_main.search(b.text)]) for page, blocks in shown])]
    texts += [at_line(page, b) for page, blocks in shown for b in blocks if has_main.search(b.text)]
    faults = []
    for number, text in enumerate(texts):
        faults += check_compile(compiler, text, os.path.join(folder, f"snippet_{number}.cpp"))
    return sum(len(blocks) for _, blocks in shown), faults


def check_c(page, blocks, compiler, folder):
    """Compiles the C blocks of a page, after its commands have run; (how many, faults)."""
    shown = [block for block in blocks if block.language == "c"]
    headers = sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names
                     if name.endswith(".h"))
    text = "#include <stdio.h>\n#include <stdlib.h>\n" + "".join(f'#include "{header}"\n' for header in headers)
    for number, block in enumerate(shown):
        body = re.sub(r"^#include.*$", "", at_line(page, block), flags=re.MULTILINE)
        text += f"int block_{number}(float *current, unsigned char *spikes, float *V) {{\n{body}return 0;\n}}\n"
    faults = check_compile([compiler, "-std=c11", "-Werror=implicit"], text, os.path.join(folder, "snippets.c")) \
        if shown else []
    return len(shown), faults


def pages_shown():
    names = ["README.md"]
    for folder in ("docs", "docs/models"):
        names += sorted(f"{folder}/{name}" for name in os.listdir(os.path.join(ROOT, folder)) if name.endswith(".md"))
    return [(name, blocks_of(os.path.join(ROOT, name))) for name in names]


def main():
    c_compiler, cpp_compiler = sys.argv[1], [*sys.argv[2:], f"-I{ROOT}"]
    tools = os.path.dirname(os.path.abspath(os.environ["OVERTIME_BIN"]))
    pages = pages_shown()
    with tempfile.TemporaryDirectory(prefix="overtime-docs-") as holder:

        def check_page(number):
            page, blocks = pages[number]
            folder = os.path.join(holder, str(number))
            commands, faults = check_commands(page, blocks, folder, tools)
            snippets, more = check_c(page, blocks, c_compiler, folder)
            return commands, snippets, faults + more

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            cpp = pool.submit(check_cpp, pages, cpp_compiler, holder)
            results = list(pool.map(check_page, range(len(pages))))
            cpp_count, faults = cpp.result()
    commands, c_count = sum(result[0] for result in results), sum(result[1] for result in results)
    faults = [fault for result in results for fault in result[2]] + faults
    for fault in faults:
        print("FAILED " + fault)
    print(f"{len(pages)} pages, {commands} commands, {cpp_count} snippets of C++, {c_count} of C: {len(faults)} failed")
    return 1 if faults or not commands or not cpp_count else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a library for this processor of kernels in LLVM IR, which the fake driver runs thread by thread.

Usage: emulate.py LLVM_TOOLS CC OUT.so KERNEL.ll...

What a kernel asks a GPU for becomes memory and calls: its place in the grid is read from NAME__ids, a barrier calls
through NAME__wait, what a warp does together through NAME__warp, a product of a warp through NAME__multiply,
approximations are computed exactly. NAME__call takes a table of arguments, NAME__kinds tells what they are.
"""
import os
import re
import subprocess
import sys
import tempfile

MOST_SHARED = 256 << 10
IDS = {"tid.x": 0, "ctaid.x": 1, "ntid.x": 2, "nctaid.x": 3}
LETTERS = {"ptr": "p", "i64": "l", "double": "d", "i32": "i", "float": "f"}
KERNEL = re.compile(r"^define ptx_kernel void @(\w+)\((.*?)\)[^{]*\{", re.MULTILINE)
# What a warp does together: the number by which fake_grid.cpp knows it; its arguments, the mask first; own word, operand.
WARP = {
    "vote.ballot.sync": (1, "i1 %p", "%own", "0"),
    "shfl.sync.up.i32": (2, "i32 %own, i32 %operand, i32 %clamp", "%own", "%operand"),
    "shfl.sync.idx.i32": (3, "i32 %own, i32 %operand, i32 %clamp", "%own", "%operand"),
    "match.any.sync.i32": (4, "i32 %own", "%own", "0"),
    "bar.warp.sync": (5, None, "0", "0"),
}
APPROXIMATE = {
    "llvm.nvvm.ex2.approx.ftz.f32": "%y = call float @llvm.exp2.f32(float %x)",
    "llvm.nvvm.rcp.approx.ftz.f": "%y = fdiv float 1.0, %x",
    # No better than on a device, so that what refines it is tested.
    "llvm.nvvm.rcp.approx.ftz.d": "%r = fptrunc double %x to float\n  %q = fdiv float 1.0, %r\n"
                                  "  %y = fpext float %q to double",
}
# Products of a warp: a number that says the format, and a name.
MATRICES = {"m16n8k8.row.col.tf32": (0, "tf32"), "m16n8k16.row.col.bf16": (1, "bf16")}
# To the nearest; halves away from 0 for tf32, to even for bf16. No number is a NaN here.
ROUNDED = {
    "llvm.nvvm.f2tf32.rna": ("tf32", """define internal i32 @@tf32(float %x) {
  %b = bitcast float %x to i32
  %r = add i32 %b, 4096
  %y = and i32 %r, -8192
  ret i32 %y
}"""),
    "llvm.nvvm.ff2bf16x2.rn": ("bf16x2", """define internal i32 @@bf16(float %x) {
  %b = bitcast float %x to i32
  %s = lshr i32 %b, 16
  %odd = and i32 %s, 1
  %h = add i32 %odd, 32767
  %r = add i32 %b, %h
  %y = lshr i32 %r, 16
  ret i32 %y
}
define internal <2 x bfloat> @@bf16x2(float %high, float %low) {
  %h = call i32 @@bf16(float %high)
  %l = call i32 @@bf16(float %low)
  %u = shl i32 %h, 16
  %y = or i32 %u, %l
  %v = bitcast i32 %y to <2 x bfloat>
  ret <2 x bfloat> %v
}"""),
}


def product_of_warp(name, kind, form):
    """A function that hands the operands of a thread to the fake device, which has those of its warp."""
    words = [f"i32 %w{k}" for k in range(6)] + [f"float %c{k}" for k in range(4)]
    lines = [f"define internal {{ float, float, float, float }} @{name}__mma_{form}({', '.join(words)}) {{",
             "  %w = alloca [6 x i32]", "  %c = alloca [4 x float]"]
    for letter, count, kind_of in (("w", 6, "i32"), ("c", 4, "float")):
        for k in range(count):
            lines += [f"  %{letter}p{k} = getelementptr {kind_of}, ptr %{letter}, i32 {k}",
                      f"  store {kind_of} %{letter}{k}, ptr %{letter}p{k}"]
    lines += [f"  %f = load ptr, ptr @{name}__multiply", f"  call void %f(i32 {kind}, ptr %w, ptr %c)"]
    last = "undef"
    for k in range(4):
        lines += [f"  %d{k} = load float, ptr %cp{k}",
                  f"  %r{k} = insertvalue {{ float, float, float, float }} {last}, float %d{k}, {k}"]
        last = f"%r{k}"
    return "\n".join(lines + [f"  ret {{ float, float, float, float }} {last}", "}"])


def argument_types(text):
    """The first word of every argument, commas inside parentheses left alone."""
    return [part.split()[0] for part in re.sub(r"\([^()]*\)", "", text).split(",")]


def optimised(tools, text, folder):
    """As the compiler does before it writes PTX: what LLVM may move past a barrier, it has moved. The barrier of a grid
    stays a call, which is what the fake device knows."""
    barrier = re.compile(r"^define [^\n]*@overtime_grid_barrier\(.*?^\}\n", re.MULTILINE | re.DOTALL)
    if barrier.search(text):
        text = barrier.sub("", text) + "\ndeclare void @overtime_grid_barrier(i64) convergent nounwind\n"
    before, after = os.path.join(folder, "before.ll"), os.path.join(folder, "after.ll")
    with open(before, "w", encoding="utf-8") as file:
        file.write(text)
    subprocess.run([os.path.join(tools, "opt"), "-passes=default<O2>", "-S", before, "-o", after], check=True)
    with open(after, encoding="utf-8") as file:
        text = file.read()
    for what in (r" (local_)?unnamed_addr", r" captures\(none\)", r" initializes\(\(.*?\)\)", r" memory\([^)]*\)",
                 r"\b(tail|notail) (?=call)"):
        text = re.sub(what, "", text)
    return text


def emulated(text):
    text = re.sub(r'^(target (triple|datalayout)|source_filename).*\n', "", text, flags=re.MULTILINE)
    text = re.sub(r'"(target-cpu|target-features|nvvm\.[\w.]*)"(="[^"]*")?', "", text)
    text = re.sub(r"^(attributes #\d+ = \{)\s*\}", r"\1 nounwind }", text, flags=re.MULTILINE)
    name, arguments = KERNEL.search(text).groups()
    types = argument_types(arguments)
    text = text.replace("define ptx_kernel void", "define void")
    extra = [f"@{name}__ids = global [4 x i32] zeroinitializer",
             f'@{name}__kinds = constant [{len(types) + 1} x i8] c"{"".join(LETTERS[t] for t in types)}\\00"']
    for sreg, place in IDS.items():
        text = re.sub(rf"(?:tail )?call(?: noundef)?(?: range\([^)]*\))? i32 @llvm\.nvvm\.read\.ptx\.sreg\.{re.escape(sreg)}\(\)",
                      f"load volatile i32, ptr getelementptr (i32, ptr @{name}__ids, i32 {place})", text)
    if "@llvm.nvvm.barrier" in text or "@overtime_grid_barrier" in text:
        extra.append(f"@{name}__wait = global ptr null")
        text = re.sub(r"call void @llvm\.nvvm\.barrier\.cta\.sync\.aligned\.all\(i32 0\)",
                      f"call void @{name}__block_barrier()", text)
        text = re.sub(r"^define [^\n]*@overtime_grid_barrier\(.*?^\}\n", "", text, flags=re.MULTILINE | re.DOTALL)
        text = re.sub(r"^declare void @overtime_grid_barrier.*\n", "", text, flags=re.MULTILINE)
        text = re.sub(r"call void @overtime_grid_barrier\([^)]*\)", f"call void @{name}__grid_barrier()", text)
        for kind, flag in (("block", 0), ("grid", 1)):
            extra.append(f"define internal void @{name}__{kind}_barrier() {{\n  %f = load ptr, ptr @{name}__wait\n"
                         f"  call void %f(i32 {flag})\n  ret void\n}}")
    # Shared memory of a block: what the code has, or, for the launch to say, more than any launch asks for.
    def shared(match):
        size = int(match.group(3)) or MOST_SHARED
        extra.append(f"@{name}__shared = alias i8, ptr addrspacecast (ptr addrspace(3) {match.group(1)} to ptr)\n"
                     f"@{name}__shared_bytes = constant i64 {int(match.group(3))}")
        return f"{match.group(1)} = internal addrspace(3) global [{size} x i8] zeroinitializer"
    text = re.sub(r"^(@\w+) = (private|external) addrspace\(3\) global \[(\d+) x i8\](?: undef| poison)?", shared, text,
                  flags=re.MULTILINE)
    if any(f"@llvm.nvvm.{what}(" in text for what in WARP):
        extra.append(f"@{name}__warp = global ptr null")
    for what, (number, parameters, own, operand) in WARP.items():
        if f"@llvm.nvvm.{what}(" not in text:
            continue
        text = re.sub(rf"^declare .*@llvm\.nvvm\.{re.escape(what)}\(.*\n", "", text, flags=re.MULTILINE)
        text = text.replace(f"@llvm.nvvm.{what}(", f"@{name}__{what}(")
        result = "i32" if parameters else "void"
        widen = "  %own = zext i1 %p to i32\n" if "%p" in (parameters or "") else ""
        extra.append(f"define internal {result} @{name}__{what}(i32 %mask{', ' + parameters if parameters else ''}) {{\n{widen}"
                     f"  %f = load ptr, ptr @{name}__warp\n  %r = call i32 %f(i32 {number}, i32 {own}, i32 {operand})\n"
                     f"  ret {'i32 %r' if parameters else 'void'}\n}}")
    for shape, (kind, form) in MATRICES.items():
        if f"@llvm.nvvm.mma.{shape}(" in text:
            text = text.replace(f"@llvm.nvvm.mma.{shape}(", f"@{name}__mma_{form}(")
            text = re.sub(rf"^declare .*@{name}__mma_{form}\(.*\n", "", text, flags=re.MULTILINE)
            extra.append(product_of_warp(name, kind, form))
    if any("__mma_" in one for one in extra):
        extra.append(f"@{name}__multiply = global ptr null")
    for intrinsic, (declared, own) in ROUNDED.items():
        if f"@{intrinsic}(" in text:
            text = re.sub(rf"^declare .*@{re.escape(intrinsic)}\(.*\n", "", text, flags=re.MULTILINE)
            text = text.replace(f"@{intrinsic}(", f"@{name}__{declared}(")
            extra.append(own.replace("@@", f"@{name}__"))
    for intrinsic, body in APPROXIMATE.items():
        if f"@{intrinsic}(" in text:
            text = re.sub(rf"^declare .*@{re.escape(intrinsic)}\(.*\n", "", text, flags=re.MULTILINE)
            own = f"@{name}__{intrinsic.removeprefix('llvm.nvvm.')}"
            text = text.replace(f"@{intrinsic}(", f"{own}(")
            kind = "double" if intrinsic.endswith(".d") else "float"
            extra.append(f"define internal {kind} {own}({kind} %x) {{\n  {body}\n  ret {kind} %y\n}}")
            if "exp2" in body:
                extra.append("declare float @llvm.exp2.f32(float)")
    text = re.sub(r"^declare .*@llvm\.nvvm\..*\n", "", text, flags=re.MULTILINE)
    if unknown := set(re.findall(r"@llvm\.nvvm\.[\w.]*", text)):
        sys.exit(f"emulate.py: there is no rule for {', '.join(sorted(unknown))}")
    loads, passed = [], []
    for k, kind in enumerate(types):
        loads.append(f"  %p{k} = getelementptr ptr, ptr %arguments, i64 {k}\n  %q{k} = load ptr, ptr %p{k}\n"
                     f"  %a{k} = load {kind}, ptr %q{k}")
        passed.append(f"{kind} %a{k}")
    extra.append(f"define void @{name}__call(ptr %arguments) {{\n" + "\n".join(loads) +
                 f"\n  call void @{name}({', '.join(passed)})\n  ret void\n}}")
    return text + "\n" + "\n".join(extra) + "\n"


def main():
    tools, compiler, output, *kernels = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        objects = []
        for number, kernel in enumerate(kernels):
            source, made = (os.path.join(folder, f"{number}.{ending}") for ending in ("ll", "o"))
            with open(kernel, encoding="utf-8") as file, open(source, "w", encoding="utf-8") as out:
                out.write(emulated(optimised(tools, file.read(), folder)))
            subprocess.run([os.path.join(tools, "llc"), "-O1", "-mattr=+fma", "-relocation-model=pic", "-filetype=obj",
                            source, "-o", made], check=True)
            objects.append(made)
        subprocess.run([compiler, "-shared", *objects, "-lm", "-o", output], check=True)


main()

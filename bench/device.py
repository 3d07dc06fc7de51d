# SPDX-License-Identifier: Apache-2.0
"""What the first GPU can do at most, asked of its driver, and which peers see it."""
import ctypes
import importlib.util
import os
import subprocess
import sys

# Multiply-adds in f32 that a multiprocessor ends in a clock cycle, by compute capability, and 2^x, 1 / x and the like:
# CUDA C++ Programming Guide, "Throughput of Native Arithmetic Instructions", rows "32-bit floating-point add, multiply,
# multiply-add" and "32-bit floating-point reciprocal, ...", which has 16 in all of these columns.
LANES = {(7, 5): 64, (8, 0): 64, (8, 6): 128, (8, 7): 128, (8, 9): 128, (9, 0): 128, (10, 0): 128, (10, 3): 128,
         (11, 0): 128, (12, 0): 128, (12, 1): 128}
SPECIAL = 16
# Numbers of CUdevice_attribute; clocks are in kHz and the most that the device goes to, the bus in bits.
ATTRIBUTES = {"clock": 13, "processors": 16, "memory_clock": 36, "bus": 37, "cache_bytes": 38, "major": 75, "minor": 76}
# A line of Python that fails, with the reason last, where the peer has no GPU.
SEES = {"jax": "import jax; jax.devices('cuda')", "torch": "import torch; torch.zeros(1, device='cuda')"}


def limits(found):
    """Of the attributes: GFLOP/s of f32 multiply-adds, results of special functions and GB/s of memory, at the clocks
    that the driver names. None of a capability that the table does not have."""
    lanes = LANES.get((found["major"], found["minor"]))
    if lanes is None:
        return None
    cycles = found["processors"] * found["clock"] * 1e3
    # Memory moves data twice in a cycle of its clock.
    return {"gflops": 2 * lanes * cycles * 1e-9, "special_gops": SPECIAL * cycles * 1e-9,
            "gbs": 2 * found["memory_clock"] * 1e3 * found["bus"] / 8 * 1e-9, "cache_bytes": found["cache_bytes"]}


def first_device():
    """((name, attributes), None) of the first GPU, or (None, what is missing)."""
    path = os.environ.get("OVERTIME_LIBCUDA") or "libcuda.so.1"
    try:
        driver = ctypes.CDLL(path)
    except OSError as error:
        return None, f"there is no CUDA driver: {error}"
    count, name, value = ctypes.c_int(0), ctypes.create_string_buffer(128), ctypes.c_int(0)
    if status := driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return None, f"the CUDA driver does not start: error {status}"
    if count.value == 0:
        return None, "the CUDA driver finds no device"
    driver.cuDeviceGetName(name, len(name), 0)
    attributes = {}
    for what, number in ATTRIBUTES.items():
        if status := driver.cuDeviceGetAttribute(ctypes.byref(value), number, 0):
            return None, f"the CUDA driver does not say what its device is: error {status} for attribute {number}"
        attributes[what] = value.value
    return (name.value.decode(), attributes), None


def missing(peer):
    """Why a peer cannot take part; None where it can."""
    if not importlib.util.find_spec(peer):
        return f"it is not installed: {sys.executable} -m pip install {'jax[cuda13]' if peer == 'jax' else peer}"
    environment = {**os.environ, "JAX_PLATFORMS": ""}  # all there are: of those left out JAX does not say why
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", SEES[peer]], env=environment, capture_output=True,
                          text=True)
    lines = done.stderr.strip().splitlines() or [f"ended with {done.returncode}"]
    return f"it sees no GPU: {lines[-1]}" if done.returncode else None

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the .npy and .npz files beside it with NumPy 1.24 or newer, the .safetensors with the package safetensors 0.8.
npz_numpy.cpp and safetensors_python.cpp know what they hold."""
import pathlib
import zipfile

import numpy as np
import safetensors
import safetensors.numpy

here = pathlib.Path(__file__).parent
grid = np.arange(24).reshape(2, 3, 4)
arrays = {
    "f4": (grid * 0.5).astype("<f4"),
    "f8": grid / 3.0,
    "i8": grid - 7,
    "i4": (grid - 7).astype("<i4"),
    "i2": (grid - 7).astype("<i2"),
    "i1": (grid - 7).astype("i1"),
    "u4": grid.astype("<u4") + np.uint32(4294967200),
    "u2": grid.astype("<u2") + np.uint16(65500),
    "u1": grid.astype("u1") + np.uint8(200),
    "b1": grid % 3 == 0,
    "fortran": np.asfortranarray(grid / 3.0),
    "scalar": np.float64(2.5),
    "empty": np.zeros((0, 3), "<f4"),
    "net/l1.h": np.ones(3, "<f4"),
}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
np.save(here / "plain.npy", arrays["f8"])
np.save(here / "big_endian.npy", arrays["f8"].astype(">f8"))
np.save(here / "structured.npy", np.zeros(2, [("V", "<f4"), ("m", "<f4")]))
for version in (2, 3):
    with open(here / f"version{version}.npy", "wb") as file:
        np.lib.format.write_array(file, arrays["f4"], version=(version, 0))

# Every size and offset in zip64 fields, as in an archive beyond 4 GiB.
zipfile.ZIP64_LIMIT = 1
zipfile.ZIP_FILECOUNT_LIMIT = 0
np.savez(here / "zip64.npz", f4=arrays["f4"], f8=arrays["f8"])

# Every type that is read, and two that are not; halves that are zero, subnormal, normal, infinite and NaN.
halves = np.array([0x0000, 0x8001, 0x03FF, 0x3C00, 0xC4D2, 0x7BFF, 0x7C00, 0x7E01], "<u2")
upper = np.array([0x0000, 0x8001, 0x3F80, 0xC0A0, 0x7F7F, 0x7F80, 0xFFC1, 0x0080], "<u2")
tensors = {name: (array.dtype.name, array) for name, array in arrays.items() if name != "fortran"}
tensors["f2"] = ("float16", halves)
tensors["bf16"] = ("bfloat16", upper)
tensors["u8"] = ("uint64", grid.astype("<u8"))
tensors["f8_e4m3"] = ("float8_e4m3fn", np.zeros(4, "u1"))
tensors["\u03c4 \"m\"\n\U0001f600"] = ("float32", np.ones(1, "<f4"))
kept = {name: (dtype, array.shape, np.ascontiguousarray(array)) for name, (dtype, array) in tensors.items()}
safetensors.serialize_file(
    {name: safetensors.TensorSpec(dtype=dtype, shape=shape, data_ptr=array.ctypes.data, data_len=array.nbytes)
     for name, (dtype, shape, array) in kept.items()},
    here / "python.safetensors", metadata={"format": "np", "note": "\u03c4"})
safetensors.numpy.save_file({"Wi": arrays["f4"], "b": np.float32([1, 2])}, here / "small.safetensors")
np.save(here / "halves.npy", halves.view("<f2"))

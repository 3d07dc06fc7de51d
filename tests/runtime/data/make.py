#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the .npy and .npz files beside it with NumPy; npz_numpy.cpp knows what they hold."""
import pathlib
import zipfile

import numpy as np

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

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Libraries and arrays of other libraries: NumPy's on the host, and memory of the fake GPU, shared by DLPack without a
copy, through the C interface alone."""
import ctypes
import os
import subprocess
import tempfile
import unittest

import numpy as np

TOOL = os.environ["OVERTIME_BIN"]
FAKE = os.environ["OVERTIME_FAKE_CUDA"]
STEPS, NEURONS = 30, 20
HOST, CUDA = 1, 2


class Array(ctypes.Structure):
    """DLTensor of dlpack.h."""
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64)),
                ("byte_offset", ctypes.c_uint64)]


def array(data, shape, device=(HOST, 0), code=2, bits=32, strides=None):
    numbers = (ctypes.c_int64 * len(shape))(*shape)
    steps = (ctypes.c_int64 * len(strides))(*strides) if strides else None
    made = Array(data, *device, len(shape), code, bits, 1, numbers, steps, 0)
    made.kept = numbers, steps
    return made


def pointer_of(capsule):
    """The DLTensor at the beginning of what a capsule of __dlpack__ holds."""
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return get(capsule, b"dltensor")


class Shared:
    """What from_dlpack of a library takes: a DLManagedTensor in a capsule."""

    def __init__(self, managed):
        make = ctypes.pythonapi.PyCapsule_New
        make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        self.capsule = make(managed, b"dltensor", None)

    def __dlpack__(self, **_):
        return self.capsule

    def __dlpack_device__(self):
        return (HOST, 0)


class Neurons:
    """A state block of the library."""

    def __init__(self, library):
        self.library = library
        self.library.hh_error.restype = ctypes.c_char_p
        self.library.hh_get.restype = ctypes.c_void_p
        self.library.hh_state_bytes.restype = ctypes.c_uint64
        memory = ctypes.create_string_buffer(library.hh_state_bytes() + 64)
        self.memory = memory
        self.at = ctypes.c_void_p((ctypes.addressof(memory) + 63) // 64 * 64)
        assert library.hh_reset(self.at, ctypes.c_uint64(0)) == 0

    def call(self, name, *arguments):
        status = getattr(self.library, "hh_" + name)(self.at, *arguments)
        return "" if status == 0 else self.library.hh_error(self.at).decode()

    def run(self, current, spike, V, steps=STEPS):
        given = [None if a is None else ctypes.c_void_p(a) if isinstance(a, int) else ctypes.byref(a)
                 for a in (current, spike, V)]
        return self.call("run_dlpack", ctypes.c_int64(steps), *given)


class Dlpack(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        model = ["compile", "HH", "--size", str(NEURONS), "--monitor", "V", "--name", "hh"]
        for extra in (["--gpu", "sm_90", "-o", cls.folder.name],
                      ["--target", "nvptx64", "--arch", "sm_90", "--emit", "llvm", "-o", cls.folder.name]):
            subprocess.run([TOOL, *model, *extra], check=True, capture_output=True, timeout=120)
        kernels = os.path.join(cls.folder.name, "kernels.so")
        subprocess.run([*os.environ["FAKE_CUDA_EMULATE"].split(), kernels, os.path.join(cls.folder.name, "hh.ll")], check=True)
        os.environ.update(OVERTIME_LIBCUDA=FAKE, FAKE_CUDA_KERNELS=kernels)
        cls.library = ctypes.CDLL(os.path.join(cls.folder.name, "libhh.so"))
        cls.fake = ctypes.CDLL(FAKE)
        for name in ("fake_cuda_calls", "fake_cuda_faults", "fake_cuda_alive"):
            getattr(cls.fake, name).restype = ctypes.c_char_p
        cls.current = np.random.default_rng(1).uniform(0, 12, (STEPS, NEURONS)).astype(np.float32)

    def plain(self, device):
        """V of a run with plain pointers."""
        neurons, V = Neurons(self.library), np.empty((STEPS, NEURONS), np.float32)
        self.assertEqual(neurons.call("set_device", device), "")
        self.assertEqual(neurons.call("run", ctypes.c_int64(STEPS), self.current.ctypes.data_as(ctypes.c_void_p), None,
                                      V.ctypes.data_as(ctypes.c_void_p)), "")
        self.assertEqual(neurons.call("set_device", b"cpu"), "")
        return V

    def test_arrays_of_numpy(self):
        expected = self.plain(b"cpu")
        neurons, V = Neurons(self.library), np.empty((STEPS, NEURONS), np.float32)
        spike = np.ones((STEPS, NEURONS), np.bool_)
        capsules = [x.__dlpack__() for x in (self.current, spike, V)]
        self.assertEqual(neurons.run(*map(pointer_of, capsules)), "")
        self.assertEqual(V.tobytes(), expected.tobytes())
        self.assertFalse(spike.any()) # written; none fires within 3 ms

    def test_states_are_shared_with_numpy(self):
        neurons, managed = Neurons(self.library), ctypes.c_void_p()
        self.assertEqual(neurons.call("dlpack", b"V", ctypes.byref(managed)), "")
        V = np.from_dlpack(Shared(managed.value))
        self.assertEqual(V.ctypes.data, neurons.library.hh_get(neurons.at, b"V"))
        self.assertEqual((V.shape, V.dtype), ((NEURONS,), np.float32))
        before = V.copy()
        self.assertEqual(neurons.run(None, None, None), "")
        self.assertTrue((V != before).all()) # where the run writes
        self.assertIn("nothing has this name", neurons.call("dlpack", b"W", ctypes.byref(managed)))
        self.assertFalse(managed.value)
        self.assertIn("NULL", neurons.call("dlpack", b"V", None))

    def device_memory(self, bytes_of):
        at = ctypes.c_uint64()
        self.assertEqual(self.fake.cuMemAlloc_v2(ctypes.byref(at), ctypes.c_size_t(bytes_of)), 0)
        self.addCleanup(lambda: self.fake.cuMemFree_v2(at))
        return at.value

    def test_memory_of_a_gpu_is_read_and_written_in_place(self):
        expected = self.plain(b"cuda")
        neurons, bytes_of = Neurons(self.library), 4 * STEPS * NEURONS
        self.assertEqual(neurons.call("set_device", b"cuda"), "")
        there = [self.device_memory(bytes_of) for _ in range(2)]
        ctypes.memmove(there[0], self.current.ctypes.data, bytes_of) # memory of the fake is the host's
        arrays = [array(at, (STEPS, NEURONS), (CUDA, 0)) for at in there]
        self.fake.fake_cuda_calls()
        self.assertEqual(neurons.run(arrays[0], None, arrays[1]), "")
        calls = self.fake.fake_cuda_calls().decode()
        self.assertIn("cuStreamSynchronize default", calls)
        self.assertNotIn(f"HtoDAsync {bytes_of}", calls)
        self.assertNotIn(f"DtoHAsync {bytes_of}", calls)
        self.assertEqual(ctypes.string_at(there[1], bytes_of), expected.tobytes())
        # Arrays of both places in one call, which goes on from the one before.
        V = np.empty((STEPS, NEURONS), np.float32)
        capsule = V.__dlpack__()
        self.assertEqual(neurons.run(arrays[0], None, pointer_of(capsule)), "")
        self.assertTrue(np.isfinite(V).all() and V.tobytes() != expected.tobytes())
        self.assertEqual(neurons.call("set_device", b"cpu"), "")
        self.assertEqual(self.fake.fake_cuda_faults(), b"")
        self.assertEqual(self.fake.fake_cuda_alive(), b"2 allocations, 0 streams, 0 events, 0 modules")

    def test_what_is_wrong_is_said(self):
        neurons, numbers = Neurons(self.library), np.zeros((2 * STEPS, NEURONS), np.float64)
        at, good = numbers.ctypes.data, array(self.current.ctypes.data, (STEPS, NEURONS))
        for current, V, text in (
                (array(at, (STEPS, NEURONS - 1)), None,
                 "input 'I' has shape [30, 19], expected [30, 20]: steps, then the shape of one"),
                (array(at, (NEURONS,)), None, "input 'I' has shape [20], expected [30, 20]"),
                (good, array(at, (STEPS - 1, NEURONS)), "output 'V' has shape [29, 20], expected [30, 20]"),
                (array(at, (STEPS, NEURONS), bits=64), None,
                 "input 'I' has elements of DLPack's code 2 and 64 bits, expected code 2 and 32 bits"),
                (array(at, (STEPS, NEURONS), strides=(1, STEPS)), None, "input 'I' is not dense and row-major"),
                (array(at, (STEPS, NEURONS), (CUDA, 0)), None,
                 "input 'I' lies on device 0 of DLPack's type 2, and the block runs on cpu: move one of them"),
                (good, good, "arrays overlap")):
            with self.subTest(text=text):
                self.assertIn(text, neurons.run(current, None, V))
        self.assertEqual(neurons.call("set_device", b"cuda"), "")
        self.assertIn("device 1 of DLPack's type 2, and the block runs on cuda:0",
                      neurons.run(array(at, (STEPS, NEURONS), (CUDA, 1)), None, None))
        self.assertEqual(neurons.call("set_device", b"cpu"), "")
        self.assertEqual(neurons.run(good, None, None), "")


unittest.main()

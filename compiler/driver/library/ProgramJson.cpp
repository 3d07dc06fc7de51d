// SPDX-License-Identifier: Apache-2.0
// Generates NAME.json: the same facts as NAME.h, for programs.
#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/library/Descriptor.h"

#include "runtime/abi.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace llvm;

namespace overtime::driver {
namespace {

StringRef dtypeName(std::int32_t dtype) {
  switch (dtype) {
  case OVERTIME_F32:
    return "f32";
  case OVERTIME_F64:
    return "f64";
  case OVERTIME_I64:
    return "i64";
  case OVERTIME_I32:
    return "i32";
  case OVERTIME_U16:
    return "u16";
  default:
    return "bool";
  }
}

void writeArrays(json::OStream &out, StringRef kind, ArrayRef<ArrayInfo> arrays, ArrayRef<std::int64_t> offsets) {
  for (std::size_t k = 0; k < arrays.size(); ++k)
    out.object([&] {
      out.attribute("kind", kind);
      out.attribute("name", json::fixUTF8(arrays[k].name));
      out.attribute("unit", json::fixUTF8(arrays[k].unit));
      out.attribute("dtype", dtypeName(arrays[k].dtype));
      out.attributeArray("shape", [&] {
        for (std::int64_t d : arrays[k].shape)
          out.value(d);
      });
      out.attribute("offset", offsets[k]);
    });
}

/// What `overtime info` shows of code for GPUs: one object for each compute capability.
void writeKernels(json::OStream &out, ArrayRef<overtime_gpu_image> gpus) {
  for (const overtime_gpu_image &ptx : gpus) {
    if (!ptx.is_ptx)
      continue;
    const overtime_gpu_image *machine = find_if(
        gpus, [&](const overtime_gpu_image &other) { return !other.is_ptx && other.capability == ptx.capability; });
    out.object([&] {
      out.attribute("capability", "sm_" + std::to_string(ptx.capability));
      out.attribute("machine_code", machine != gpus.end());
      out.attribute("threads", ptx.threads);
      out.attribute("blocks", std::max(ptx.blocks, ptx.most_blocks));
      out.attribute("cooperative", ptx.cooperative != 0);
      out.attribute("fewer_blocks", ptx.blocks == 0);
      if (machine == gpus.end())
        return;
      out.attribute("registers", machine->registers);
      out.attribute("spill_bytes", machine->spill_bytes);
      out.attribute("local_bytes", machine->local_bytes);
      out.attribute("shared_bytes", machine->shared_bytes + std::int64_t(machine->launch_shared_bytes));
    });
  }
}

} // namespace

std::string programJson(const ProgramInfo &info, const TargetSpec &target, ArrayRef<overtime_gpu_image> gpus) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, /*IndentSize=*/2);
  Layout layout = layoutOf(info);
  out.object([&] {
    out.attribute("name", json::fixUTF8(info.name));
    out.attribute("model", json::fixUTF8(info.model));
    out.attribute("abi_version", OVERTIME_ABI_VERSION);
    out.attribute("target", target.describe());
    out.attribute("real", info.real);
    out.attribute("numerics", info.numerics);
    out.attribute("matmul_precision", info.matmulPrecision);
    out.attribute("dt", info.dt);
    out.attribute("t0", info.t0);
    out.attribute("i0", info.i0);
    out.attribute("state_bytes", layout.stateBytes);
    out.attributeArray("arrays", [&] {
      writeArrays(out, "state", info.states, layout.states);
      writeArrays(out, "param", info.params, layout.params);
      writeArrays(out, "input", info.inputs, layout.inputs);
      writeArrays(out, "output", info.outputs, layout.outputs);
    });
    if (!gpus.empty())
      out.attributeArray("kernels", [&] { writeKernels(out, gpus); });
  });
  text += '\n';
  return text;
}

} // namespace overtime::driver

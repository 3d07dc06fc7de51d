// SPDX-License-Identifier: Apache-2.0
// A description as JSON, and one read from the .json that `overtime compile` writes.
#include "compiler/tools/description.h"

#include "compiler/overtime.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>
#include <cmath>

using namespace llvm;

namespace overtime::tools {
namespace {

std::string utf8(const std::string &text) { return json::fixUTF8(text); }

/// JSON has no infinity and no NaN.
json::Value numberOrNull(double value) { return std::isfinite(value) ? json::Value(value) : json::Value(nullptr); }

json::Value dimension(const std::string &text) {
  std::int64_t number = 0;
  return StringRef(text).getAsInteger(10, number) ? json::Value(utf8(text)) : json::Value(number);
}

void writeArray(json::OStream &out, const ArrayDescription &array) {
  out.object([&] {
    out.attribute("kind", array.kind);
    out.attribute("name", utf8(array.name));
    if (!array.unit.empty())
      out.attribute("unit", utf8(array.unit));
    if (!array.dtype.empty())
      out.attribute("dtype", array.dtype);
    out.attributeArray("shape", [&] {
      for (const std::string &d : array.shape)
        out.value(dimension(d));
    });
    if (!array.remark.empty())
      out.attribute("remark", array.remark);
    else if (array.range && array.range->first == array.range->second)
      out.attribute("value", numberOrNull(array.range->first));
    else if (array.range)
      out.attribute("range", json::Array{numberOrNull(array.range->first), numberOrNull(array.range->second)});
  });
}

void writeKernel(json::OStream &out, const KernelDescription &kernel) {
  out.object([&] {
    out.attribute("capability", kernel.capability);
    out.attribute("machine_code", kernel.machine_code);
    out.attribute("threads", kernel.threads);
    if (kernel.blocks > 0)
      out.attribute("blocks", kernel.blocks);
    out.attribute("cooperative", kernel.cooperative);
    out.attribute("fewer_blocks", kernel.fewer_blocks);
    if (kernel.used) {
      out.attribute("registers", kernel.used->registers);
      if (kernel.used->spill_bytes)
        out.attribute("spill_bytes", *kernel.used->spill_bytes);
      out.attribute("local_bytes", kernel.used->local_bytes);
      out.attribute("shared_bytes", kernel.used->shared_bytes);
    }
    if (kernel.resident)
      out.attributeObject("multiprocessor", [&] {
        out.attribute("blocks", kernel.resident->blocks);
        out.attribute("warps", kernel.resident->warps);
        out.attribute("most_warps", kernel.resident->most_warps);
        out.attribute("limit", kernel.resident->limit);
      });
    if (!kernel.remark.empty())
      out.attribute("remark", utf8(kernel.remark));
  });
}

void writeFacts(json::OStream &out, const Description &description) {
  for (const auto &[name, fact] : description.facts) {
    if (const auto *value = std::get_if<std::string>(&fact))
      out.attribute(name, utf8(*value));
    else if (const auto *integer = std::get_if<std::int64_t>(&fact))
      out.attribute(name, *integer);
    else
      out.attribute(name, numberOrNull(std::get<double>(fact)));
  }
}

[[noreturn]] void failReading(const std::string &path, const std::string &what) {
  throw Error(ErrorKind::File, path + ": " + what);
}

/// The parser calls itself for every level, so a file must not decide how often.
constexpr int deepest = 64;

int nesting(StringRef text) {
  int depth = 0, most = 0;
  bool quoted = false;
  for (std::size_t k = 0; k < text.size(); ++k) {
    char c = text[k];
    if (quoted && c == '\\')
      ++k;
    else if (c == '"')
      quoted = !quoted;
    else if (!quoted && (c == '[' || c == '{'))
      most = std::max(most, ++depth);
    else if (!quoted && (c == ']' || c == '}'))
      --depth;
  }
  return most;
}

ArrayDescription readArray(const std::string &path, const json::Value &value) {
  const json::Object *object = value.getAsObject();
  auto text = [&](StringRef key) {
    auto found = object->getString(key);
    if (!found)
      failReading(path, "an array has no \"" + key.str() + "\"; is this a file that `overtime compile` wrote?");
    return found->str();
  };
  if (!object || !object->getArray("shape"))
    failReading(path, "an array has no \"shape\"; is this a file that `overtime compile` wrote?");
  ArrayDescription array{text("kind"), text("name"), text("unit"), text("dtype"), {}, {}, {}};
  for (const json::Value &d : *object->getArray("shape"))
    if (auto number = d.getAsInteger())
      array.shape.push_back(std::to_string(*number));
    else
      failReading(path, "the shape of '" + array.name + "' holds something else than integers");
  return array;
}

KernelDescription readKernel(const std::string &path, const json::Value &value) {
  const json::Object *object = value.getAsObject();
  if (!object || !object->getString("capability"))
    failReading(path, "a kernel has no \"capability\"; is this a file that `overtime compile` wrote?");
  KernelDescription kernel;
  auto number = [&](StringRef key) { return object->getInteger(key).value_or(0); };
  kernel.capability = object->getString("capability")->str();
  kernel.machine_code = object->getBoolean("machine_code").value_or(false);
  kernel.threads = number("threads");
  kernel.blocks = number("blocks");
  kernel.cooperative = object->getBoolean("cooperative").value_or(false);
  kernel.fewer_blocks = object->getBoolean("fewer_blocks").value_or(false);
  if (kernel.machine_code)
    kernel.used = {number("registers"), number("spill_bytes"), number("local_bytes"), number("shared_bytes")};
  add_occupancy(kernel);
  return kernel;
}

} // namespace

std::string json_of(const Description &description) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, /*IndentSize=*/2);
  out.object([&] {
    writeFacts(out, description);
    out.attributeArray("arrays", [&] {
      for (const ArrayDescription &array : description.arrays)
        writeArray(out, array);
    });
    if (!description.kernels.empty())
      out.attributeArray("kernels", [&] {
        for (const KernelDescription &kernel : description.kernels)
          writeKernel(out, kernel);
      });
    if (!description.methods.empty())
      out.attributeArray("methods", [&] {
        for (const std::string &method : description.methods)
          out.value(method);
      });
  });
  return text + "\n";
}

std::string json_list_of(const std::vector<Description> &descriptions) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, /*IndentSize=*/2);
  out.array([&] {
    for (const Description &description : descriptions)
      out.object([&] { writeFacts(out, description); });
  });
  return text + "\n";
}

Description describe_json(const std::string &path) {
  auto buffer = MemoryBuffer::getFile(path);
  if (!buffer)
    failReading(path, "cannot be read: " + buffer.getError().message());
  if (nesting((*buffer)->getBuffer()) > deepest)
    failReading(path, "is nested more than " + std::to_string(deepest) +
                          " deep; is this a file that `overtime compile` "
                          "wrote?");
  Expected<json::Value> parsed = json::parse((*buffer)->getBuffer());
  if (!parsed)
    failReading(path, "is no JSON: " + toString(parsed.takeError()));
  const json::Object *root = parsed->getAsObject();
  const json::Array *arrays = root ? root->getArray("arrays") : nullptr;
  if (!arrays)
    failReading(path, "has no \"arrays\"; is this a file that `overtime compile` wrote?");
  Description description;
  for (StringRef key : {"name", "model", "abi_version", "target", "real", "numerics", "matmul_precision", "dt", "t0",
                        "i0", "state_bytes"}) {
    const json::Value *value = root->get(key);
    if (!value)
      continue;
    if (auto text = value->getAsString())
      description.facts.emplace_back(key.str(), text->str());
    else if (auto integer = value->getAsInteger(); integer && key != "dt" && key != "t0")
      description.facts.emplace_back(key.str(), *integer);
    else if (auto number = value->getAsNumber())
      description.facts.emplace_back(key.str(), *number);
  }
  for (const json::Value &array : *arrays)
    description.arrays.push_back(readArray(path, array));
  if (const json::Array *kernels = root->getArray("kernels"))
    for (const json::Value &kernel : *kernels)
      description.kernels.push_back(readKernel(path, kernel));
  return description;
}

} // namespace overtime::tools

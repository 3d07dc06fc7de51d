// SPDX-License-Identifier: Apache-2.0
// Describes a model of the zoo by building one and looking at its variables.
#include "compiler/tools/description.h"

#include "compiler/tools/values.h"
#include "dialect/RungeKutta.h"
#include "models/zoo.h"

#include <algorithm>

namespace overtime::tools {
namespace {

// Sizes of the model that is built when none is given; a dimension that is a multiple of them shows where it is from.
constexpr std::int64_t sample_n = 7, sample_k = 11;

std::string dimension(std::int64_t d, bool symbolic) {
  if (symbolic && d % sample_n == 0)
    return d == sample_n ? "N" : std::to_string(d / sample_n) + " N";
  if (symbolic && d % sample_k == 0)
    return d == sample_k ? "K" : std::to_string(d / sample_k) + " K";
  return std::to_string(d);
}

ArrayDescription describe(const char *kind, const Monitor &variable, const std::string &name, bool symbolic) {
  Tensor numbers = variable.value();
  ArrayDescription array{kind, name, "", numbers.dtype() == DType::Bool ? "bool" : "real", {}, {}, {}};
  array.unit = variable.unit().str();
  for (std::int64_t d : numbers.shape())
    array.shape.push_back(dimension(d, symbolic));
  if (numbers.size() > 0) {
    array.range = {numbers[0], numbers[0]};
    for (std::int64_t k = 1; k < numbers.size(); ++k)
      array.range = {std::min(array.range->first, numbers[k]), std::max(array.range->second, numbers[k])};
  }
  return array;
}

/// Dropout cannot be built without its probability.
std::unique_ptr<Model> build(const ZooEntry &entry, ZooArgs args, bool &required) {
  try {
    return entry.make(args);
  } catch (const Error &error) {
    if (error.kind() != ErrorKind::Usage)
      throw;
    required = true;
    args.scalars["keep_prob"] = 0.5;
    return entry.make(args);
  }
}

} // namespace

Description describe_model(const std::string &name, std::optional<std::int64_t> size,
                           std::optional<std::int64_t> n_in) {
  const ZooEntry &entry = find_model(name);
  bool layer = entry.kind == "layer", symbolic = !size && !n_in, required = false;
  if (n_in && !layer)
    throw Error(ErrorKind::Usage, "--n-in is for layers; " + entry.name + " is a " + entry.kind + " and takes --size");
  ZooArgs args;
  args.size = size.value_or(symbolic ? sample_n : 1);
  if (layer)
    args.n_in = n_in.value_or(symbolic ? sample_k : args.size);
  std::unique_ptr<Model> model = build(entry, args, required);
  Description description;
  description.facts = {{"model", entry.name}, {"kind", entry.kind}, {"summary", entry.summary}};
  std::string data = model->input_name() + " [" + dimension(layer ? *args.n_in : args.size, symbolic) + "]";
  description.facts.emplace_back("data", data + " a step, from --input");
  description.facts.emplace_back("output", model->output_name());
  if (symbolic)
    description.facts.emplace_back("sizes", layer ? "N: --size, K: --n-in" : "N: --size");
  for (const auto &[path, variable] : model->states())
    description.arrays.push_back(describe("state", variable, path, symbolic));
  for (const auto &[path, variable] : model->params()) {
    description.arrays.push_back(describe("param", variable, path, symbolic));
    if (required)
      description.arrays.back().remark = "to be given";
  }
  for (const auto &[path, variable] : model->inputs())
    description.arrays.push_back(describe("input", variable, path, symbolic));
  if (!layer)
    for (llvm::StringRef method : ir::integrationMethods())
      description.methods.push_back(method.str());
  return description;
}

} // namespace overtime::tools

// SPDX-License-Identifier: Apache-2.0
// overtime list and overtime info: what the zoo has, and what a model, a compiled program or a file of arrays is.
#include "compiler/tools/command.h"

#include "compiler/overtime.h"
#include "compiler/tools/description.h"
#include "models/zoo.h"

#include <cstdio>
#include <filesystem>

namespace overtime::tools {
namespace {

struct ListOptions {
  std::string kind;
  bool json = false;
};

int list_models(const ListOptions &options) {
  std::vector<std::vector<std::string>> rows;
  std::vector<Description> descriptions;
  for (const ZooEntry &entry : zoo_entries()) {
    if (!options.kind.empty() && entry.kind != options.kind)
      continue;
    rows.push_back({entry.name, entry.kind, entry.summary});
    descriptions.push_back({{{"name", entry.name}, {"kind", entry.kind}, {"summary", entry.summary}}, {}, {}});
  }
  std::fputs((options.json ? json_list_of(descriptions) : table(rows)).c_str(), stdout);
  return exit_done;
}

struct InfoOptions {
  std::string what;
  GradientQuestion sizes;
  bool gradient = false, gradient_options = false, json = false;
};

int show_info(const InfoOptions &options) {
  const std::string &what = options.what;
  Description description;
  bool file = true;
  if (is_tensor_file(what))
    description = describe_tensors(what);
  else if (what.ends_with(".so"))
    description = describe_library(what);
  else if (what.ends_with(".json"))
    description = describe_json(what);
  else if (what.ends_with(".ptx"))
    description = describe_ptx(what);
  else if (what.ends_with(".cubin"))
    description = describe_cubin(what);
  else
    file = false;
  std::error_code failed;
  if (!file && std::filesystem::exists(what, failed))
    throw Error(ErrorKind::File,
                "info reads FILE.so, FILE.json, FILE.ptx, FILE.cubin, FILE.npz or FILE.safetensors, got '" + what +
                    "'");
  const GradientQuestion &sizes = options.sizes;
  if (file && (sizes.size || sizes.n_in || options.gradient))
    throw Error(ErrorKind::Usage, "--size, --n-in and --gradient are for models; '" + what + "' is a file");
  if (options.gradient_options && !options.gradient)
    throw Error(ErrorKind::Usage, "--steps, --batch and --remat are for --gradient");
  if (!file)
    description = options.gradient ? describe_gradient(what, sizes) : describe_model(what, sizes.size, sizes.n_in);
  std::fputs((options.json ? json_of(description) : text_of(description)).c_str(), stdout);
  return exit_done;
}

} // namespace

Command add_list(CLI::App &app) {
  CLI::App *parser = app.add_subcommand("list", "List the models of the zoo");
  auto options = std::make_shared<ListOptions>();
  parser->add_option("--kind", options->kind, "Only these")
      ->check(CLI::IsMember({"neuron", "rate", "input", "layer"}))
      ->type_name("neuron|layer");
  parser->add_flag("--json", options->json, "As JSON");
  parser->footer("Examples:\n"
                 "  overtime list\n"
                 "  overtime list --kind neuron --json");
  return {parser, [options] { return list_models(*options); }};
}

Command add_info(CLI::App &app) {
  CLI::App *parser = app.add_subcommand("info", "Describe a model, a compiled library or a file of arrays");
  auto options = std::make_shared<InfoOptions>();
  parser
      ->add_option("WHAT", options->what,
                   "A model of the zoo, or FILE.so, FILE.json, FILE.ptx, FILE.cubin, FILE.npz, FILE.safetensors")
      ->required();
  parser->add_option("--size", options->sizes.size, "Shapes of a model for this size")->type_name("N");
  parser->add_option("--n-in", options->sizes.n_in, "Shapes of a layer for this many inputs")->type_name("K");
  parser->add_flag("--gradient", options->gradient, "Memory of a gradient through the model instead");
  auto *steps = parser->add_option("--steps", options->sizes.steps, "Of the gradient; 1000 unless given");
  auto *batch = parser->add_option("--batch", options->sizes.batch, "Of the gradient; none unless given");
  auto *remat = parser->add_option("--remat", options->sizes.remat, "What the gradient keeps; none unless given");
  steps->type_name("T");
  batch->type_name("B");
  remat->type_name("none|step|sqrt|every=STEPS|budget=BYTES");
  parser->add_flag("--json", options->json, "As JSON");
  parser->footer(
      "Of a .so it says which processor it was built for, its arrays with units and shapes, and the initial\n"
      "values it holds, and what its kernels take of a GPU. The library is loaded to read them: do so with libraries\n"
      "you trust.\n\n"
      "Examples:\n"
      "  overtime info HH\n"
      "  overtime info GRUCell --size 20 --n-in 100\n"
      "  overtime info LSTMCell --size 512 --n-in 128 --gradient --batch 64 --steps 1000 --remat sqrt\n"
      "  overtime info build/hh/libhh.so --json");
  return {parser, [options, steps, batch, remat] {
            options->gradient_options = steps->count() + batch->count() + remat->count() > 0;
            return show_info(*options);
          }};
}

} // namespace overtime::tools

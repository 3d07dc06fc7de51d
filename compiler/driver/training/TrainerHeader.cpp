// SPDX-License-Identifier: Apache-2.0
// Generates NAME.h and NAME.json of a compiled training.
#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/library/CText.h"
#include "compiler/driver/training/TrainingInfo.h"

#include "runtime/trainer.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace overtime::driver {
namespace {

/// The caller's data and the target, as a program's inputs.
ProgramInfo dataOf(const TrainingInfo &info) {
  ProgramInfo data;
  data.inputs.assign(info.forward.inputs.begin(), info.forward.inputs.begin() + info.data + 1);
  return data;
}

std::vector<ArrayInfo> arraysOf(const TrainingInfo &info) {
  std::vector<ArrayInfo> arrays;
  for (const auto &[array, place] : savedArrays(info, layoutOf(info)))
    arrays.push_back(array);
  return arrays;
}

void writePreamble(raw_ostream &out, const TrainingInfo &info, const TargetSpec &target, ArrayRef<std::string> names) {
  out << "/* " << info.name << ".h: a training of the model '" << inComment(info.model)
      << "' compiled by Overtime. Generated; do not edit. C99 and C++.\n *\n"
      << " * Built for " << target.triple << ", " << target.cpu << ", " << info.forward.real << ", "
      << info.forward.numerics << " numerics.\n"
      << (info.continues ? " * A call goes on from the states that the one before left.\n"
                         : " * Every call begins from the initial states.\n")
      << " *\n"
      << formatv(" *   {0,-7} {1,-24} {2,-10} {3,-8} {4}\n", "kind", "name", "unit", "type", "shape");
  writeTable(out, "array", arraysOf(info));
  out << " *\n"
      << " * Link with -l" << info.name << ". Example in C99:\n"
      << formatv(" *   {0}_state *state = aligned_alloc({0}_ALIGNMENT, {0}_state_bytes());\n", info.name)
      << formatv(" *   void *work = aligned_alloc({0}_ALIGNMENT, {0}_work_bytes(steps));\n", info.name)
      << formatv(" *   double loss;\n *   {0}_reset(state, 0);\n", info.name)
      << formatv(" *   if ({0}_train_step(state, steps", info.name);
  for (const std::string &name : names)
    out << ", " << name;
  out << ", work, &loss) != 0)\n"
      << formatv(" *     fprintf(stderr, \"%s\\n\", {0}_error(state));\n", info.name)
      << formatv(" *   {0}_save(state, \"trained.safetensors\");\n */\n", info.name);
}

std::string parameters(const TrainingInfo &info, ArrayRef<std::string> names) {
  std::string text = info.name + "_state *state, int64_t steps";
  for (std::size_t k = 0; k < names.size(); ++k)
    text += formatv(", const {0} *{1}", cType(info.forward.inputs[k].dtype), names[k]).str();
  return text;
}

void writeFunctions(raw_ostream &out, const TrainingInfo &info, ArrayRef<std::string> names) {
  StringRef name = info.name;
  bool each = info.over == OVERTIME_LOSS_EACH_STEP;
  out << formatv("#define {0}_ABI_VERSION {1}u\n", name, OVERTIME_ABI_VERSION)
      << formatv("#define {0}_ALIGNMENT {1}u\n\n", name, OVERTIME_ALIGNMENT)
      << "/* States, parameters and what the optimizer keeps, in memory of the caller. */\n"
      << formatv("typedef struct {0}_state {0}_state;\n\n", name)
      << formatv("/* What the library was built with; compare with {0}_ABI_VERSION. */\n", name)
      << formatv("uint32_t {0}_abi_version(void);\n\n", name)
      << formatv("/* Bytes of a state block; allocate them on a boundary of {0}_ALIGNMENT bytes. */\n", name)
      << formatv("uint64_t {0}_state_bytes(void);\n\n", name)
      << "/* Initial states, parameters and moments; no updates yet. Returns 0 or a status, as all that follow. */\n"
      << formatv("int {0}_reset({0}_state *state, uint64_t seed);\n\n", name)
      << "/* Bytes that a step of training over so many steps of time needs beside the block, on the same boundary; "
         "-1\n"
         " * when `steps` is below 1 or the budget of memory that the library was built with cannot be kept. */\n"
      << formatv("int64_t {0}_work_bytes(int64_t steps);\n\n", name)
      << "/* One update of the parameters; `loss` becomes the loss before it.\n";
  for (std::size_t k = 0; k < names.size(); ++k) {
    const ArrayInfo &array = info.forward.inputs[k];
    bool rows = k < info.data || each;
    out << formatv(" *   {0}: {1}, {2}\n", names[k], k < info.data ? "data" : "target",
                   shapeText(array, rows ? "steps" : ""));
  }
  out << " */\n"
      << formatv("int {0}_train_step({1}, void *work, double *loss);\n\n", name, parameters(info, names))
      << "/* The loss without an update. States and time stay what they are. */\n"
      << formatv("int {0}_loss({1}, double *loss);\n\n", name, parameters(info, names))
      << "/* Updates so far; -1 for a block that was not reset. */\n"
      << formatv("int64_t {0}_updates(const {0}_state *state);\n\n", name)
      << "/* Threads of later calls on this block; 0, as after a reset: as many as pay. Numbers do not depend on it. "
         "*/\n"
      << formatv("int {0}_set_threads({0}_state *state, int32_t threads);\n\n", name)
      << "/* What the last call on this state block reported; never NULL. */\n"
      << formatv("const char *{0}_error(const {0}_state *state);\n\n", name)
      << "/* The elements of an array of the table above, to read or to change; NULL for an unknown name. */\n"
      << formatv("void *{0}_get({0}_state *state, const char *array);\n\n", name)
      << "/* Everything that training goes on from, as a safetensors file that appears whole or not at all. */\n"
      << formatv("int {0}_save({0}_state *state, const char *path);\n", name)
      << formatv("int {0}_load({0}_state *state, const char *path);\n", name);
}

} // namespace

std::string trainerHeader(const TrainingInfo &info, const TargetSpec &target) {
  std::string text;
  raw_string_ostream out(text);
  std::vector<std::string> names = cParameterNames(dataOf(info));
  std::string guard = "OVERTIME_GENERATED_" + info.name + "_H";
  writePreamble(out, info, target, names);
  out << "#ifndef " << guard << "\n#define " << guard << "\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
      << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeFunctions(out, info, names);
  out << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}

std::string trainerJson(const TrainingInfo &info, const TargetSpec &target) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream out(stream, /*IndentSize=*/2);
  TrainingLayout layout = layoutOf(info);
  out.object([&] {
    out.attribute("name", json::fixUTF8(info.name));
    out.attribute("model", json::fixUTF8(info.model));
    out.attribute("kind", "training");
    out.attribute("abi_version", OVERTIME_ABI_VERSION);
    out.attribute("target", target.describe());
    out.attribute("real", info.forward.real);
    out.attribute("state_bytes", layout.blockBytes);
    out.attributeArray("arrays", [&] {
      for (const auto &[array, place] : savedArrays(info, layout))
        out.object([&, &array = array, &place = place] {
          out.attribute("name", json::fixUTF8(array.name));
          out.attributeArray("shape", [&] {
            for (std::int64_t d : array.shape)
              out.value(d);
          });
          out.attribute("offset", place);
        });
    });
  });
  text += '\n';
  return text;
}

} // namespace overtime::driver

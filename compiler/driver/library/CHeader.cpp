// SPDX-License-Identifier: Apache-2.0
// Generates NAME.h: one function a line, each array with its shape, unit and type.
#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/library/CText.h"
#include "compiler/driver/library/Descriptor.h"

#include "runtime/abi.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace overtime::driver {
namespace {

/// Words a parameter may not be called: keywords of C and C++, and macros of common headers or of GNU C on Linux.
bool isReserved(StringRef name) {
  static const StringSet<> words = {"alignas",
                                    "alignof",
                                    "and",
                                    "and_eq",
                                    "asm",
                                    "auto",
                                    "bitand",
                                    "bitor",
                                    "bool",
                                    "break",
                                    "case",
                                    "catch",
                                    "char",
                                    "char16_t",
                                    "char32_t",
                                    "char8_t",
                                    "class",
                                    "co_await",
                                    "co_return",
                                    "co_yield",
                                    "compl",
                                    "complex",
                                    "concept",
                                    "const",
                                    "const_cast",
                                    "consteval",
                                    "constexpr",
                                    "constinit",
                                    "continue",
                                    "decltype",
                                    "default",
                                    "delete",
                                    "do",
                                    "double",
                                    "dynamic_cast",
                                    "else",
                                    "enum",
                                    "explicit",
                                    "export",
                                    "extern",
                                    "false",
                                    "float",
                                    "for",
                                    "friend",
                                    "goto",
                                    "if",
                                    "imaginary",
                                    "inline",
                                    "int",
                                    "long",
                                    "mutable",
                                    "namespace",
                                    "new",
                                    "noexcept",
                                    "not",
                                    "not_eq",
                                    "nullptr",
                                    "operator",
                                    "or",
                                    "or_eq",
                                    "private",
                                    "protected",
                                    "public",
                                    "register",
                                    "reinterpret_cast",
                                    "requires",
                                    "restrict",
                                    "return",
                                    "short",
                                    "signed",
                                    "sizeof",
                                    "static",
                                    "static_assert",
                                    "static_cast",
                                    "struct",
                                    "switch",
                                    "template",
                                    "this",
                                    "thread_local",
                                    "throw",
                                    "true",
                                    "try",
                                    "typedef",
                                    "typeid",
                                    "typename",
                                    "typeof",
                                    "typeof_unqual",
                                    "union",
                                    "unsigned",
                                    "using",
                                    "virtual",
                                    "void",
                                    "volatile",
                                    "wchar_t",
                                    "while",
                                    "xor",
                                    "xor_eq",
                                    "assert",
                                    "errno",
                                    "EOF",
                                    "I",
                                    "NULL",
                                    "NAN",
                                    "INFINITY",
                                    "linux",
                                    "offsetof",
                                    "stderr",
                                    "stdin",
                                    "stdout",
                                    "unix"};
  return words.contains(name);
}

void writeExample(raw_ostream &out, const ProgramInfo &info) {
  StringRef name = info.name;
  bool alone = info.threads == 1;
  out << " * Link with -l" << name << ", or an object " << name << ".o with "
      << (info.gpu ? "libovertime_cuda.a, " : "")
      << (alone ? "libovertime_abi.a" : "libovertime_abi_openmp.a and -lomp")
      << "; archives are in Overtime's folder lib.\n"
      << " * Example in C99 (NULL in place of an array leaves it out):\n"
      << formatv(" *   void *memory = malloc({0}_state_bytes() + {0}_ALIGNMENT);\n", name)
      << formatv(" *   uintptr_t place = ((uintptr_t)memory + {0}_ALIGNMENT - 1) / {0}_ALIGNMENT * {0}_ALIGNMENT;\n",
                 name)
      << formatv(" *   {0}_state *state = ({0}_state *)place;\n", name)
      << formatv(" *   if ({0}_abi_version() != {0}_ABI_VERSION || {0}_reset(state, 0) != 0)\n", name)
      << " *     return 1;\n";
  if (info.gpu)
    out << formatv(" *   if ({0}_set_device(state, \"cuda\") != 0)\n", name)
        << formatv(" *     fprintf(stderr, \"%s; goes on with the processor\\n\", {0}_error(state));\n", name);
  out << formatv(" *   if ({0}_run(state, 1000", name);
  for (const std::string &parameter : cParameterNames(info))
    out << ", " << parameter;
  out << ") != 0)\n" << formatv(" *     fprintf(stderr, \"%s\\n\", {0}_error(state));\n", name);
  const ArrayInfo *array = !info.states.empty()   ? &info.states.front()
                           : !info.params.empty() ? &info.params.front()
                                                  : nullptr;
  if (array)
    out << formatv(" *   {0} *now = ({0} *){1}_get(state, \"{2}\");\n", cType(array->dtype), name,
                   inComment(array->name));
  if (info.gpu)
    out << formatv(" *   {0}_set_device(state, \"cpu\");\n", name);
  out << " *   free(memory);\n";
}

/// "sm_80 (machine code and PTX), sm_90 (PTX)".
std::string gpuText(ArrayRef<overtime_gpu_image> gpus) {
  std::string text;
  for (const overtime_gpu_image &ptx : gpus)
    if (ptx.is_ptx) {
      bool assembled = any_of(
          gpus, [&](const overtime_gpu_image &other) { return !other.is_ptx && other.capability == ptx.capability; });
      text += (text.empty() ? "sm_" : ", sm_") + std::to_string(ptx.capability) +
              (assembled ? " (machine code and PTX)" : " (PTX)");
    }
  return text.empty() ? "none" : text;
}

void writePreamble(raw_ostream &out, const ProgramInfo &info, const TargetSpec &target,
                   ArrayRef<overtime_gpu_image> gpus) {
  out << "/* " << info.name << ".h: the model '" << inComment(info.model.empty() ? info.name : info.model)
      << "' compiled by Overtime. Generated; do not edit. C99 and C++.\n *\n"
      << " * Built for " << target.triple << ", " << target.cpu << ", " << info.real << ", " << info.numerics
      << " numerics.\n"
      << " * Code for GPUs: " << gpuText(gpus) << ".\n"
      << " * Step k since the reset has index " << info.i0 << " + k and time "
      << format("%.15g + k * %.15g ms.\n *\n", info.t0, info.dt)
      << formatv(" *   {0,-7} {1,-16} {2,-10} {3,-8} {4}\n", "kind", "name", "unit", "type", "shape of one step");
  writeTable(out, "state", info.states);
  writeTable(out, "param", info.params);
  writeTable(out, "input", info.inputs);
  writeTable(out, "output", info.outputs);
  out << " *\n";
  writeExample(out, info);
  out << " */\n";
}

void writeRun(raw_ostream &out, const ProgramInfo &info) {
  std::vector<std::string> names = cParameterNames(info);
  std::string parameters = formatv("{0}_state *state, int64_t steps", info.name);
  out << "/* Runs `steps` steps. Returns 0 or a status; " << info.name << "_error has the text. Arrays are row-major\n"
      << " * and need no more than the alignment of their elements. An output must share no memory with another array "
         "or\n"
      << " * the state block, nor an input with the state block.\n";
  for (std::size_t k = 0; k < names.size(); ++k) {
    bool input = k < info.inputs.size();
    const ArrayInfo &array = input ? info.inputs[k] : info.outputs[k - info.inputs.size()];
    out << formatv(" *   {0}: {1} '{2}', {3}, unit {4}; NULL: {5}\n", names[k], input ? "input" : "output",
                   inComment(array.name), shapeText(array, "steps"), unitText(array),
                   input ? "zeros at every step" : "not wanted");
    parameters += formatv(", {0}{1} *{2}", input ? "const " : "", cType(array.dtype), names[k]).str();
  }
  out << " * Runs follow on from each other: two of 50 steps are one of 100. */\n"
      << "int " << info.name << "_run(" << parameters << ");\n\n";
}

void writeDlpack(raw_ostream &out, const ProgramInfo &info) {
  std::string parameters = formatv("{0}_state *state, int64_t steps", info.name);
  std::size_t number = 0;
  for (const std::string &name : cParameterNames(info))
    parameters += formatv(", {0}struct DLTensor *{1}", number++ < info.inputs.size() ? "const " : "", name).str();
  out << "struct DLTensor;        /* of dlpack.h: arrays of NumPy, PyTorch, JAX and others */\n"
      << "struct DLManagedTensor; /* likewise */\n\n"
      << formatv(
             "/* {0}_run with arrays of other libraries, which stay theirs: of the types and shapes above, dense and\n",
             info.name)
      << " * row-major, on the host";
  if (info.gpu)
    out << " or on the GPU where the block runs. There they are read and written in place,\n"
        << " * after what its default stream has to do; results are complete on return";
  out << ". Returns 0 or a status; " << info.name << "_error\n * says which array is wrong, and how. */\n"
      << "int " << info.name << "_run_dlpack(" << parameters << ");\n\n"
      << "/* A state or parameter of the block, in place, for another library, which calls the deleter of `*shared`. "
         "The\n"
      << " * numbers must not be used after the block is gone. Returns 0 or a status. */\n"
      << formatv("int {0}_dlpack({0}_state *state, const char *array, struct DLManagedTensor **shared);\n\n",
                 info.name);
}

void writeSetDevice(raw_ostream &out, const ProgramInfo &info) {
  out << "/* Where later runs on this block are done: \"cpu\", as after a reset";
  if (info.gpu)
    out << ", \"cuda\", which is the first GPU, or \"cuda:1\". A GPU\n"
        << " * keeps memory for the block until \"cpu\" or a reset: set \"cpu\" before the block's memory goes. A run "
           "takes "
           "the\n"
        << " * numbers of the block and leaves its own there, the last bits of which are the device's; of a run that "
           "fails on a\n"
        << " * GPU they are undefined. Returns 0, or a status where the device stays the one before; "
        << formatv("{0}_error has\n * the driver's text", info.name);
  else
    out << "; for others this library has no code: compile it with some,\n"
        << " * for instance with `overtime compile --gpu sm_90`. Returns 0 or a status";
  out << ". */\n" << formatv("int {0}_set_device({0}_state *state, const char *device);\n\n", info.name);
}

void writeFunctions(raw_ostream &out, const ProgramInfo &info) {
  StringRef name = info.name;
  out << formatv("#define {0}_ABI_VERSION {1}u\n", name, OVERTIME_ABI_VERSION)
      << formatv("#define {0}_ALIGNMENT {1}u\n\n", name, OVERTIME_ALIGNMENT)
      << "/* States, parameters and the clock, in memory of the caller. Blocks are independent: one thread each. */\n"
      << formatv("typedef struct {0}_state {0}_state;\n\n", name)
      << formatv("/* What the library was built with; compare with {0}_ABI_VERSION. */\n", name)
      << formatv("uint32_t {0}_abi_version(void);\n\n", name)
      << formatv("/* Bytes of a state block; allocate them on a boundary of {0}_ALIGNMENT bytes. */\n", name)
      << formatv("uint64_t {0}_state_bytes(void);\n\n", name)
      << "/* Writes initial states and parameters and sets the clock back. Returns 0 or a status. */\n"
      << formatv("int {0}_reset({0}_state *state, uint64_t seed);\n\n", name);
  writeRun(out, info);
  writeDlpack(out, info);
  out << "/* Threads of later runs on this block; 0, as after a reset: as many as pay. Numbers do not depend on it.\n"
      << (info.threads > 1 ? " * Threads are those of libomp.so.5.\n" : " * Built for one: runs are the caller's.\n")
      << " * Returns 0 or a status. */\n"
      << formatv("int {0}_set_threads({0}_state *state, int32_t threads);\n\n", name);
  writeSetDevice(out, info);
  out << "/* What the last call on this state block reported; never NULL. */\n"
      << formatv("const char *{0}_error(const {0}_state *state);\n\n", name)
      << "/* The elements of a state or parameter inside the block, to read or to change; NULL for an unknown name. "
         "*/\n"
      << formatv("void *{0}_get({0}_state *state, const char *array);\n", name);
}

} // namespace

std::string cIdentifier(StringRef name) {
  std::string out;
  for (char c : name)
    out += isAlnum(c) || c == '_' ? c : '_';
  if (out.empty() || isDigit(out.front()))
    out.insert(out.begin(), '_');
  if (isReserved(out))
    out += '_';
  return out;
}

std::vector<std::string> cParameterNames(const ProgramInfo &info) {
  StringSet<> taken = {"state", "steps"};
  std::vector<std::string> names;
  auto add = [&](const ArrayInfo &array) {
    std::string plain = cIdentifier(array.name), name = plain;
    for (int k = 2; !taken.insert(name).second; ++k)
      name = plain + "_" + std::to_string(k);
    names.push_back(std::move(name));
  };
  for (const ArrayInfo &array : info.inputs)
    add(array);
  for (const ArrayInfo &array : info.outputs)
    add(array);
  return names;
}

std::string cHeader(const ProgramInfo &info, const TargetSpec &target, ArrayRef<overtime_gpu_image> gpus) {
  std::string text;
  raw_string_ostream out(text);
  std::string guard = "OVERTIME_GENERATED_" + info.name + "_H";
  writePreamble(out, info, target, gpus);
  out << "#ifndef " << guard << "\n#define " << guard << "\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
      << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n";
  writeFunctions(out, info);
  out << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}

} // namespace overtime::driver

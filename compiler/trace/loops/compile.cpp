// SPDX-License-Identifier: Apache-2.0
// compile(): a time loop as a shared library with a C header, or any stage on the way there.
#include "compiler/trace/loops/compile.h"

#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/library/Descriptor.h"
#include "compiler/trace/loops/artifact_data.h"
#include "compiler/trace/loops/loop_data.h"

#include "runtime/abi.h"

#include "llvm/ADT/STLExtras.h"

#include <cstring>
#include <set>

namespace overtime {

using detail::InputSpec;
using detail::LoopData;
using detail::TracedProgram;

/// Data of one step, as the caller or the kind of the target says; a neuron takes its current.
static Tree<InputSpec> input_specs(LoopData &loop, const CompileOptions &options, SourceLocation at) {
  Model &model = loop.model();
  std::vector<Shape> shapes;
  if (options.inputs) {
    shapes = *options.inputs;
  } else if (auto *neuron = dynamic_cast<Neuron *>(&model)) {
    Shape shape{neuron->count()};
    if (model.batch())
      shape.insert(shape.begin(), *model.batch());
    shapes.push_back(shape);
  } else if (dynamic_cast<Layer *>(&model)) {
    throw Error(ErrorKind::Usage,
                "compile() must know the shape of one step's data for '" + model.name() +
                    "'; give .inputs, for instance {{128, 100}}",
                at);
  }
  if (shapes.empty())
    return {};
  if (shapes.size() == 1)
    return InputSpec{model.input_name(), shapes[0]};
  std::vector<Tree<InputSpec>> list;
  for (std::size_t k = 0; k < shapes.size(); ++k)
    list.push_back(InputSpec{model.input_name() + std::to_string(k), shapes[k]});
  return Tree<InputSpec>::list(std::move(list));
}

void detail::check_gpus(const CompileOptions &options, SourceLocation at) {
  std::set<std::string> capabilities;
  for (const std::string &name : options.gpus) {
    auto known = driver::TargetSpec::get(name);
    if (!known)
      throw Error(ErrorKind::Name, llvm::toString(known.takeError()), at);
    if (!known->gpu)
      throw Error(ErrorKind::Usage, "'" + name + "' is no GPU; .gpus takes compute capabilities such as sm_90", at);
    if (!capabilities.insert(known->cpu).second)
      throw Error(ErrorKind::Usage, "'" + known->cpu + "' stands twice in .gpus", at);
  }
  if (!options.gpus.empty() && llvm::cantFail(driver::TargetSpec::get(options.target)).gpu)
    throw Error(ErrorKind::Usage,
                "'" + options.target +
                    "' as .target makes PTX alone; with .gpus, which go into a library, .target is "
                    "its processor",
                at);
}

static TracedProgram trace(LoopOverTime &loop, const CompileOptions &options, SourceLocation at) {
  if (auto target = driver::TargetSpec::get(options.target); !target)
    throw Error(ErrorKind::Name, llvm::toString(target.takeError()), at);
  detail::check_gpus(options, at);
  LoopData &data = loop.data();
  if (data.options.data_first_axis == 'B' && data.model().batch())
    throw Error(ErrorKind::Usage,
                "a compiled library takes data as [T, B, ...]: its steps follow each other in memory; "
                "data_first_axis = 'B' is for LoopOverTime",
                at);
  data.options.out_vars.each([&](const std::string &path, const Monitor &m) {
    if (!m.recording().direct())
      throw Error(ErrorKind::Usage,
                  "a compiled library writes a row for every step; the monitor '" + (m.slot() ? m.path() : path) +
                      "' wants others, which LoopOverTime records",
                  at);
  });
  detail::prepare_run(*data.target, data.start());
  std::string name = driver::cIdentifier(options.name.empty() ? data.model().name() : options.name);
  detail::ProgramSpec spec = data.spec(input_specs(data, options, at), name);
  spec.settings.call = at;
  TracedProgram program = detail::trace_program(data.model(), spec);
  if (data.options.threads == 0)
    program.info.threads = 1; // a library depends on OpenMP only where that is asked for
  // A number that decided while tracing is part of the code: changing it in a compiled library would do nothing.
  for (std::size_t k = 0; k < program.params.size(); ++k)
    for (const auto &read : program.trace->host_reads)
      if (read.first == program.params[k]) {
        program.info.params[k].name += " (fixed)";
        break;
      }
  return program;
}

/// The content of states and parameters as reset writes them: the model's numbers now.
static std::vector<char> initial_image(const TracedProgram &program, const LoopData &loop,
                                       const driver::ProgramInfo &info) {
  driver::Layout layout = driver::layoutOf(info);
  std::vector<char> image(layout.initialBytes, 0);
  auto put = [&](const std::vector<std::shared_ptr<detail::Slot>> &slots, const std::vector<std::int64_t> &offsets) {
    for (std::size_t k = 0; k < slots.size(); ++k) {
      const Tensor &t = slots[k]->converted(slots[k]->dtype(loop.options.real));
      std::memcpy(image.data() + offsets[k] - sizeof(overtime_state_header), t.data(), t.bytes());
    }
  };
  for (const auto &slot : program.params)
    slot->check_divisor(loop.options.real);
  put(program.states, layout.states);
  put(program.params, layout.params);
  return image;
}

static Artifact compile_for_gpu(const TracedProgram &program, const driver::TargetSpec &target, bool cache) {
  auto code = driver::compileForGpu(*program.trace->module, program.info, target);
  if (!code)
    detail::throw_compile_error(code.takeError());
  auto data = std::make_shared<detail::ArtifactData>();
  data->name = code->info.name;
  data->llvm_ir = code->llvmIr;
  data->times = code->times;
  data->gpu = std::move(*code);
  data->cache = cache;
  return Artifact{std::move(data)};
}

static std::vector<overtime_gpu_image> images_of(const std::vector<driver::GpuLibraryCode> &gpus) {
  std::vector<overtime_gpu_image> all;
  for (const driver::GpuLibraryCode &one : gpus)
    llvm::append_range(all, one.images());
  return all;
}

Artifact compile(LoopOverTime &loop, const CompileOptions &options, std::source_location at) {
  TracedProgram program = trace(loop, options, at);
  if (driver::TargetSpec target = llvm::cantFail(driver::TargetSpec::get(options.target)); target.gpu) // trace() checks
    return compile_for_gpu(program, target, loop.data().options.cache);
  auto gpus = driver::compileForGpus(*program.trace->module, program.info, options.gpus, loop.data().options.cache);
  if (!gpus)
    detail::throw_compile_error(gpus.takeError());
  auto library = driver::compileLibrary(
      *program.trace->module, program.info, {options.target, true, images_of(*gpus)},
      [&](const driver::ProgramInfo &info) { return initial_image(program, loop.data(), info); });
  if (!library)
    detail::throw_compile_error(library.takeError());
  detail::ArtifactData data{library->info.name,
                            driver::cHeader(library->info, library->target, images_of(*gpus)),
                            driver::programJson(library->info, library->target, images_of(*gpus)),
                            std::move(library->object),
                            std::move(library->llvmIr),
                            std::move(library->assembly),
                            {},
                            library->info.threads != 1};
  for (const driver::GpuLibraryCode &one : *gpus) {
    data.times.emplace_back(one.code.target.cpu, one.ms);
    data.kernels.push_back(detail::kernel_facts(one.code, one.cubin ? &one.cubin->resources : nullptr));
    data.kernels.back().no_machine_code = one.whyNoCubin;
  }
  data.times.insert(data.times.end(), library->times.begin(), library->times.end());
  return Artifact{std::make_shared<detail::ArtifactData>(std::move(data))};
}

std::string stage_ir(LoopOverTime &loop, const CompileOptions &options, std::source_location at) {
  TracedProgram program = trace(loop, options, at);
  auto text = driver::printStage(*program.trace->module, program.info,
                                 options.stop_after.empty() ? "llvm" : options.stop_after, options.target);
  if (!text)
    detail::throw_compile_error(text.takeError());
  return *text;
}

} // namespace overtime

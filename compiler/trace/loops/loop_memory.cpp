// SPDX-License-Identifier: Apache-2.0
// What a call of a loop takes of memory, told before it.
#include "compiler/trace/loops/loop_data.h"

namespace overtime::detail {
namespace {

/// What variables take: numbers in f64 on the host, and where the run is in f32 in that type as well. Flags and places
/// in other arrays are the same in both.
double bytes_of(const std::vector<driver::ArrayInfo> &arrays) {
  double sum = 0;
  for (const driver::ArrayInfo &array : arrays) {
    auto dtype = static_cast<DType>(array.dtype);
    sum += static_cast<double>(array.elements()) * static_cast<double>(size_of(dtype) + (dtype == f32 ? 8 : 0));
  }
  return sum;
}

void add_text(MemoryNeed &need, const std::string &text) {
  need.results_text += (need.results_text.empty() ? "" : ", ") + text;
}

/// Adds what a monitor or an output keeps.
void add_result(MemoryNeed &need, const std::string &name, const Shape &shape, DType dtype, bool copied) {
  double bytes = static_cast<double>(size_of(dtype));
  for (std::int64_t d : shape)
    bytes *= static_cast<double>(d);
  need.results += copied ? 2 * bytes : bytes; // computed as [T, B, ...], then put in order
  add_text(need, name + " " + name_of(dtype) + " " + to_string(shape));
}

} // namespace

MemoryNeed LoopData::memory_need(const Call &call) {
  if (!goes_on())
    prepare_run(*target, start());
  const LoadedProgram &program = program_for(call);
  const driver::ProgramInfo &info = program.info();
  MemoryNeed need;
  need.variables = bytes_of(info.states) + bytes_of(info.params);
  need.workspace = static_cast<double>(info.workspaceBytes);
  auto add = [&](const std::string &name, int number, const Recording &what) {
    const driver::ArrayInfo &array = info.outputs[static_cast<std::size_t>(number)];
    Shape shape = array.shape;
    if (!what.elements.empty())
      shape.back() = std::ssize(what.elements);
    shape.insert(shape.begin(), what.rows(done, call.steps));
    if (!what.file.empty())
      add_text(need, name + " to " + what.file);
    else if (what.events)
      add_text(need, name + " as events");
    else
      add_result(need, name, shape, what.dtype(static_cast<DType>(array.dtype), options.real), call.swap_outputs);
  };
  std::string lone = model().output_name();
  if (options.keep_outputs)
    program.outputs.each([&](const std::string &path, const int &number) {
      add(path.empty() ? lone : lone + "." + path, number, Recording());
    });
  std::vector<Monitor> monitors = options.out_vars.leaves();
  std::size_t next = 0;
  program.monitors.each([&](const std::string &path, const int &number) {
    const Monitor &monitor = monitors[next++];
    add(path.empty() ? info.outputs[static_cast<std::size_t>(number)].name : path, number, monitor.recording());
  });
  return need;
}

} // namespace overtime::detail

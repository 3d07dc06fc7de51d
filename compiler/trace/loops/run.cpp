// SPDX-License-Identifier: Apache-2.0
// Running a program: find or compile it, hand it the memory of states, parameters, data and outputs.
#include "compiler/trace/loops/loop_data.h"

#include "runtime/abi.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <limits>

namespace overtime::detail {

static bool same_bits(const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

bool TraceFacts::still_valid(double now, double dt, bool goes_on) const {
  return std::ranges::all_of(host_reads,
                             [](const auto &read) { return same_bits(read.first->ensure(), read.second); }) &&
         std::ranges::all_of(reached, [&](const auto &one) {
           return (goes_on && !one.second) || reaches(*one.first, now, dt) == one.second;
         });
}

bool LoopData::goes_on() const {
  return last && target->left_by == last && target->left_at == now() && target->all_edits() == last_edits;
}

/// "[0:x[100],0:{1:ax[2, 3],},]": kinds, keys and shapes of one step's data. A number a step, "x[]", differs from no
/// data, "[]".
static std::string structure(const Tree<Tensor> &data) {
  if (data.is_leaf())
    return "x" + to_string(Shape(data->shape().begin() + 1, data->shape().end()));
  bool map = data.kind() == Tree<Tensor>::Kind::Map;
  std::string text(1, map ? '{' : '[');
  for (const auto &[key, item] : data.items())
    text += std::to_string(key.size()) + ":" + key + structure(item) + ",";
  return text + (map ? '}' : ']');
}

std::string LoopData::key_of(const Tree<Tensor> &data) const {
  std::string key = device().name() + structure(data);
  target->each([&](ModelData &model) {
    key += "|" + model.method + "," + (model.batch ? std::to_string(*model.batch) : "-");
    for (const auto &slot : model.slots)
      if (!slot->is_state())
        key += to_string(slot->shape_of_numbers());
  });
  return key;
}

/// A loop that says nothing, of a model that says nothing, runs where the variable OVERTIME_DEVICE says: the tests run
/// on a GPU by it.
Device LoopData::device() const {
  if (initial) // once, in f64
    return {};
  Device chosen = options.device.value_or(target->device);
  const char *otherwise = std::getenv("OVERTIME_DEVICE");
  bool said = options.device || chosen.is_cuda() || body;
  return said || !otherwise ? chosen : Device(otherwise);
}

LoadedProgram *LoopData::known_program(const std::string &key) {
  auto [begin, end] = programs.equal_range(key);
  for (auto it = begin; it != end; ++it)
    if (it->second->still_valid(now(), dt, goes_on() && it->second.get() == last))
      return it->second.get();
  return nullptr;
}

TracedProgram LoopData::trace(const ProgramSpec &wanted) {
  auto start = std::chrono::steady_clock::now();
  TracedProgram traced = trace_program(model(), wanted);
  times = {{"trace", std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count()}};
  return traced;
}

LoadedProgram &LoopData::load(const std::string &key, TracedProgram traced, SourceLocation at) {
  auto program = std::make_unique<LoadedProgram>();
  auto function = traced.trace->module->lookupSymbol<mlir::func::FuncOp>(traced.info.name);
  for (std::size_t k = 0; k < traced.params.size(); ++k)
    program->reads.push_back(!function.getArgument(static_cast<unsigned>(5 + traced.states.size() + k)).use_empty());
  program->code = LoadedCode(*traced.trace->module, traced.info, device(), options.cache, at);
  times.insert(times.end(), program->code.times().begin(), program->code.times().end());
  program->states = std::move(traced.states);
  program->params = std::move(traced.params);
  program->outputs = std::move(traced.outputs);
  program->monitors = std::move(traced.monitors);
  program->host_reads = std::move(traced.trace->host_reads);
  program->reached = std::move(traced.trace->reached);
  ++compilations;
  return *programs.emplace(key, std::move(program))->second;
}

LoadedProgram &LoopData::program_for(const Call &call) {
  std::string key = key_of(call.data);
  if (LoadedProgram *known = known_program(key))
    return *known;
  return load(key, trace(spec(call, input_specs(call.data))), call.at);
}

ProgramSpec LoopData::spec(const Call &call, const Tree<InputSpec> &data) const {
  ProgramSpec wanted = spec(data, "program");
  wanted.settings.call = call.at;
  for (const Tensor &x : call.data.leaves())
    if (x.rank() >= 3)
      wanted.settings.leading.insert(x.shape()[1]);
  return wanted;
}

const Tensor &numbers_for(Slot &slot, const driver::ArrayInfo &array, DType real, bool writes) {
  DType dtype = slot.dtype(real);
  const Tensor &numbers = writes ? slot.as_run(dtype) : slot.converted(dtype);
  if (numbers.shape() != array.shape)
    throw Error(ErrorKind::Usage, "'" + slot.path() + "' changed its shape from " + to_string(array.shape) + " to " +
                                      to_string(numbers.shape()) + " during a run; reset and resize between runs");
  return numbers;
}

namespace {

/// The tables that the entry function reads.
class Arguments {
public:
  /// `recorders` are those of the program's outputs; outputs that have one go to a buffer of a few rows.
  Arguments(const LoopOptions &options, LoadedProgram &program, const Call &call,
            std::vector<Recorder *> recorders = {})
      : info(program.info()), program(program), recorders(std::move(recorders)), threads(options.threads) {
    this->recorders.resize(info.outputs.size());
    rows = rows_in_buffer();
    firstInput = program.states.size() + program.params.size();
    buffers.resize(firstInput);
    for (const auto &slot : program.params)
      slot->check_divisor(options.real);
    bindVariables(options.real);
    for (const Tensor &x : call.data.leaves())
      add(x, const_cast<void *>(x.data()), element_count(x.shape()) / std::max<std::int64_t>(1, x.shape()[0]));
    on_device = call.on_device;
    addOutputs(options, call);
  }

  /// Points at the numbers of states and parameters, which a callback may have replaced.
  void bindVariables(DType real) {
    auto buffer = buffers.begin();
    for (auto [slot, array] : llvm::zip(program.states, info.states))
      *buffer++ = const_cast<void *>(numbers_for(*slot, array, real, /*writes=*/true).data());
    for (auto [slot, array, reads] : llvm::zip(program.params, info.params, program.reads)) {
      // What training on a device holds is not brought to be looked at by nobody: a reset happens at every update.
      bool stays = slot->numbers.behind && !reads && !program.code.on_device();
      const Tensor &numbers = stays ? *slot->numbers.host : numbers_for(*slot, array, real, /*writes=*/false);
      *buffer++ = const_cast<void *>(numbers.data());
    }
  }

  /// `fresh`: states and parameters hold other numbers than this program left.
  void run(const StepRange &range, bool fresh = true) {
    program.code.run(range, threads, buffers, strides, fresh, on_device);
    for (std::size_t k = 0; k < strides.size(); ++k) // the next chunk goes on behind this one
      buffers[firstInput + k] = static_cast<char *>(buffers[firstInput + k]) + range.count * strides[k] * sizes[k];
  }
  /// Takes the rows of the `count` steps that have just run. Errors: a file that cannot be written.
  void record(std::int64_t count) {
    for (auto &[place, recorder, begin] : recorded) {
      buffers[place] = begin;
      recorder->take(begin, count);
    }
  }
  /// Steps after which the buffer of rows has to be emptied.
  std::int64_t most_steps() const { return rows; }

  std::vector<Tensor> outputs;

private:
  void add(const Tensor &t, void *data, std::int64_t stride) {
    buffers.push_back(data);
    strides.push_back(stride);
    sizes.push_back(static_cast<std::int64_t>(size_of(t.dtype())));
  }
  /// As many as stay in a core's cache, so that recording moves no more through memory than what it keeps; from a GPU
  /// as many as make a launch and a wait short beside the rest.
  std::int64_t rows_in_buffer() const {
    bool there = program.code.on_device();
    std::int64_t room = there ? 1 << 24 : 1 << 18, most = there ? 1 << 16 : 1 << 10, bytes = 0;
    for (const Recorder *recorder : recorders)
      bytes += recorder ? recorder->row_bytes() : 0;
    return bytes == 0 ? std::numeric_limits<std::int64_t>::max() : std::clamp<std::int64_t>(room / bytes, 1, most);
  }
  Tensor output(Shape shape, DType dtype) const {
    if (!on_device)
      return Tensor(std::move(shape), dtype);
    std::size_t bytes = static_cast<std::size_t>(element_count(shape)) * size_of(dtype);
    return Tensor::over(std::move(shape), dtype, program.code.on_device()->memory(bytes));
  }
  void addOutputs(const LoopOptions &options, const Call &call) {
    std::vector<bool> wanted(info.outputs.size(), false);
    auto want = [&](const std::string &, const int &number) { wanted[static_cast<std::size_t>(number)] = true; };
    if (options.keep_outputs)
      program.outputs.each(want);
    program.monitors.each(want);
    std::int64_t scratch = 0; // bytes
    for (std::size_t k = 0; k < info.outputs.size(); ++k) {
      const driver::ArrayInfo &array = info.outputs[k];
      auto dtype = static_cast<DType>(array.dtype);
      if (recorders[k]) {
        outputs.emplace_back(Shape{0}, dtype);
        char *begin = static_cast<char *>(
            at_least(static_cast<std::uint64_t>(rows * recorders[k]->row_bytes()), program.recorded[k]));
        recorded.push_back({buffers.size(), recorders[k], begin});
        add(outputs.back(), begin, array.elements());
      } else if (wanted[k]) {
        Shape shape = array.shape;
        shape.insert(shape.begin(), call.steps);
        outputs.push_back(output(std::move(shape), dtype));
        add(outputs.back(), outputs.back().data(), array.elements());
      } else {
        outputs.emplace_back(Shape{0}, dtype);
        unwanted.emplace_back(buffers.size(), scratch);
        add(outputs.back(), nullptr, 0);
        scratch += aligned(array.elements() * static_cast<std::int64_t>(size_of(dtype)));
      }
    }
    char *rows = static_cast<char *>(at_least(static_cast<std::uint64_t>(scratch), program.scratch));
    for (auto [place, offset] : unwanted)
      buffers[place] = rows + offset;
  }
  static std::int64_t aligned(std::int64_t bytes) {
    return (bytes + OVERTIME_ALIGNMENT - 1) / OVERTIME_ALIGNMENT * OVERTIME_ALIGNMENT;
  }

  struct Recorded {
    std::size_t place; // of buffers
    Recorder *recorder;
    char *begin;
  };
  const driver::ProgramInfo &info;
  LoadedProgram &program;
  std::vector<Recorder *> recorders;
  std::vector<Recorded> recorded;
  std::int64_t rows = 0; // in the buffer of each recorder
  std::int32_t threads;
  bool on_device = false; // data and outputs
  std::vector<void *> buffers;
  std::vector<std::int64_t> strides, sizes;
  std::vector<std::pair<std::size_t, std::int64_t>> unwanted; // places of buffers; rows of their own in the scratch
  std::size_t firstInput = 0;
};

/// Steps between two looks at the caller: all of them, one, or as many as take about 25 ms. The numbers do not depend
/// on it (semantics S11).
class Chunks {
public:
  Chunks(const LoopOptions &options, std::int64_t steps)
      : size(!options.jit       ? 1
             : options.progress ? 64
                                : steps),
        adapts(options.jit && options.progress) {}

  std::int64_t next() {
    auto now = std::chrono::steady_clock::now();
    if (adapts && started) {
      double took = std::chrono::duration<double>(now - *started).count();
      if (took < 0.0125)
        size *= 2;
      else if (took > 0.05)
        size = std::max<std::int64_t>(1, size / 2);
    }
    started = now;
    return size;
  }

private:
  std::int64_t size;
  bool adapts;
  std::optional<std::chrono::steady_clock::time_point> started;
};

} // namespace

void LoopData::check_index(const Call &call) const {
  std::int64_t i0 = options.i0.value_or(0);
  std::int64_t room = std::numeric_limits<std::int64_t>::max() - done - std::max<std::int64_t>(i0, 0);
  if (call.steps > room)
    throw Error(ErrorKind::Value,
                "the step index would exceed 2^63 - 1 after " + std::to_string(call.steps) +
                    " steps; reset the states or run at most " + std::to_string(room),
                call.at);
}

/// A model without initial() has nothing to compile.
void LoopData::run_initial(SourceLocation at) {
  if (no_initial)
    return;
  Call call{1, {}, false, at};
  std::string key = key_of(call.data);
  LoadedProgram *program = known_program(key);
  if (!program) {
    ProgramSpec wanted = spec({}, "initial");
    wanted.settings.call = at;
    TracedProgram traced = trace(wanted);
    no_initial = !traced.assigns;
    if (no_initial)
      return;
    program = &load(key, std::move(traced), at);
  }
  Arguments(options, *program, call).run({.count = 1});
}

std::vector<Recorder *> LoopData::recorders_of(const LoadedProgram &program) {
  std::vector<Monitor> monitors = options.out_vars.leaves();
  std::vector<int> numbers = program.monitors.leaves();
  const std::vector<driver::ArrayInfo> &outputs = program.info().outputs;
  std::vector<Recorder *> by_output(outputs.size());
  recorders.resize(monitors.size());
  for (std::size_t k = 0; k < monitors.size() && k < numbers.size(); ++k) {
    auto number = static_cast<std::size_t>(numbers[k]);
    if (monitors[k].recording().direct())
      continue;
    if (!recorders[k] || !recorders[k]->takes(outputs[number]))
      recorders[k] = std::make_shared<Recorder>(monitors[k], outputs[number], options.real);
    by_output[number] = recorders[k].get();
  }
  return by_output;
}

LoopResult LoopData::run(const Call &call) {
  std::int64_t i0 = options.i0.value_or(0), finished = 0;
  check_index(call);
  bool goes_on_from_before = goes_on();
  if (!goes_on_from_before)
    prepare_run(*target, start());
  const LoadedProgram *before = last;
  LoadedProgram &program = program_for(call);
  bool fresh = !goes_on_from_before || &program != before;
  std::vector<Recorder *> by_output = recorders_of(program);
  for (Recorder *recorder : by_output)
    if (recorder)
      recorder->begin(done, call.steps, options.t0.value_or(0.0), dt);
  Arguments arguments(options, program, call, by_output);
  Chunks chunks(options, call.steps);
  while (finished < call.steps) {
    std::int64_t end = finished + std::min(chunks.next(), call.steps - finished);
    std::uint64_t edits = target->all_edits();
    while (finished < end) {
      std::int64_t steps = std::min(arguments.most_steps(), end - finished);
      arguments.run(range(steps), fresh);
      fresh = false;
      finished += steps;
      done += steps; // before what may fail: the states are those of now
      arguments.record(steps);
    }
    if (!options.jit && options.on_step)
      options.on_step(i0 + done - 1);
    if (options.progress && !options.progress(finished, call.steps))
      break;
    if (options.on_step || options.progress)
      arguments.bindVariables(options.real);
    fresh = target->all_edits() != edits;
  }
  last = &program;
  last_edits = target->all_edits();
  target->left_by = last;
  target->left_at = now();
  if (finished < call.steps) // stopped: what was computed
    for (Tensor &t : arguments.outputs)
      if (t.shape()[0] == call.steps)
        t = t.rows(0, finished);
  return result(program, std::move(arguments.outputs), call);
}

} // namespace overtime::detail

// SPDX-License-Identifier: Apache-2.0
// compile() of a Trainer: a library that trains, with a C header.
#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/training/TrainingLibrary.h"
#include "compiler/trace/loops/artifact_data.h"
#include "compiler/trace/loops/compile.h"
#include "compiler/trace/training/trainer_data.h"

#include "runtime/trainer.h"

#include <cstring>

namespace overtime {

using detail::LoopData;
using detail::Slot;
using detail::TracedProgram;

namespace {

/// The optimizer's step, for gradients of the parameters' shapes.
TracedProgram trace_update(TrainerData &trainer, const std::string &name, SourceLocation at) {
  LoopData &loop = trainer.updates.data();
  detail::prepare_run(*loop.target, loop.start());
  std::vector<Tree<Tensor>> rows;
  for (const Monitor &p : trainer.params) {
    Shape shape = p.shape();
    shape.insert(shape.begin(), 1);
    rows.push_back(Tensor(shape, loop.options.real));
  }
  Tree<Tensor> gradients = Tree<Tensor>::list(std::move(rows));
  detail::ProgramSpec spec = loop.spec(loop.by_data(gradients, at), loop.input_specs(gradients));
  spec.name = name;
  return detail::trace_program(loop.model(), spec);
}

/// The content of a block behind its header: what the model and the optimizer hold now.
class Image {
public:
  Image(const driver::TrainingLayout &layout, DType real)
      : real(real), bytes(layout.initialEnd - sizeof(overtime_training_header), 0) {}

  void put(Slot &slot, std::uint64_t place) {
    const Tensor &t = slot.converted(slot.dtype(real));
    std::memcpy(bytes.data() + place - sizeof(overtime_training_header), t.data(), t.bytes());
  }
  std::vector<char> take() { return std::move(bytes); }

private:
  DType real;
  std::vector<char> bytes;
};

void set_remat(driver::TrainingInfo &info, const Remat &remat) {
  switch (remat.policy) {
  case Remat::Policy::None:
    info.remat = OVERTIME_REMAT_NONE;
    break;
  case Remat::Policy::Step:
    info.remat = OVERTIME_REMAT_EVERY;
    info.rematArgument = 1;
    break;
  case Remat::Policy::Sqrt:
    info.remat = OVERTIME_REMAT_SQRT;
    break;
  case Remat::Policy::Every:
    info.remat = OVERTIME_REMAT_EVERY;
    info.rematArgument = remat.steps;
    break;
  case Remat::Policy::Budget:
    info.remat = OVERTIME_REMAT_BUDGET;
    info.rematArgument = remat.bytes;
    break;
  }
}

} // namespace

Artifact compile(Trainer &trainer, const Tree<Tensor> &data, const Tensor &target, const CompileOptions &options,
                 std::source_location at) {
  if (auto known = driver::TargetSpec::get(options.target); !known)
    throw Error(ErrorKind::Name, llvm::toString(known.takeError()), at);
  else if (known->gpu)
    throw Error(ErrorKind::Usage, "a trainer has no program for a GPU yet; give .target of a processor", at);
  if (!options.gpus.empty())
    throw Error(ErrorKind::Usage, "a trainer has no program for a GPU yet; leave .gpus out", at);
  TrainerData &own = trainer.data();
  LoopData &loop = own.loop.data();
  if (loop.options.data_first_axis == 'B' && loop.model().batch())
    throw Error(ErrorKind::Usage,
                "a compiled library takes data as [T, B, ...]: its steps follow each other in memory; "
                "data_first_axis = 'B' is for LoopOverTime",
                at);
  Tensor wanted = real_target(target, loop.options.real, at);
  detail::Call call = loop.by_data(data, at);
  own.gradient.check_target(call, wanted);
  trainer.reset_state(loop.model().batch(), at);
  detail::prepare_run(*loop.target, loop.start());
  std::string name = driver::cIdentifier(options.name.empty() ? loop.model().name() : options.name);
  TracedLoss training = own.gradient.trace(call, wanted, name + "_forward", true);
  TracedLoss evaluation = own.gradient.trace(call, wanted, name + "_evaluate", false);
  TracedProgram update = trace_update(own, name + "_update", at);
  for (TracedProgram *program : {&training.program, &evaluation.program, &update})
    if (loop.options.threads == 0)
      program->info.threads = 1; // a library depends on OpenMP only where that is asked for

  driver::TrainingInfo info;
  info.name = name;
  info.model = loop.model().name();
  info.trained = training.by.params;
  info.data = static_cast<unsigned>(call.data.leaves().size());
  info.over = static_cast<std::int32_t>(own.gradient.loss.over);
  info.continues = own.options.continues;
  set_remat(info, loop.options.remat);
  auto image = [&](const driver::TrainingInfo &made, const driver::TrainingLayout &layout) {
    Image block(layout, loop.options.real);
    for (std::size_t k = 0; k < made.loss; ++k)
      block.put(*training.program.states[k], layout.forward[k]);
    for (std::size_t k = 0; k < training.program.params.size(); ++k) {
      training.program.params[k]->check_divisor(loop.options.real);
      block.put(*training.program.params[k], layout.forward[made.forward.states.size() + k]);
    }
    for (std::size_t k = 0; k < made.moments(); ++k)
      block.put(*update.states[k], layout.update[k]);
    for (std::size_t k = 0; k < update.params.size(); ++k)
      block.put(*update.params[k], layout.update[made.update.states.size() + k]);
    return block.take();
  };
  auto library = driver::compileTraining({{*training.program.trace->module, training.program.info},
                                          {*evaluation.program.trace->module, evaluation.program.info},
                                          {*update.trace->module, update.info},
                                          training.by,
                                          info},
                                         options.target, image);
  if (!library)
    detail::throw_compile_error(library.takeError());
  return Artifact{std::make_shared<detail::ArtifactData>(
      detail::ArtifactData{library->info.name, driver::trainerHeader(library->info, library->target),
                           driver::trainerJson(library->info, library->target), std::move(library->object), "", "",
                           std::move(library->times), library->info.forward.threads != 1, /*saves=*/true,
                           /*gpu=*/std::nullopt})};
}

} // namespace overtime

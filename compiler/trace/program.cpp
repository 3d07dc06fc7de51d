// SPDX-License-Identifier: Apache-2.0
// From a model to a program: the traced function and what its arguments stand for.
#include "compiler/trace/program.h"

#include "compiler/trace/host/nearest.h"
#include "compiler/trace/loops/recording.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

#include <algorithm>
#include <set>

namespace overtime::detail {
namespace {

driver::ArrayInfo array_info(const std::string &name, const Unit &unit, mlir::Type type) {
  driver::ArrayInfo info;
  info.name = name;
  info.unit = unit.str();
  info.dtype = static_cast<std::int32_t>(Trace::dtype_of(type));
  info.shape = Trace::shape_of(type);
  return info;
}

/// Writes the function and the loop around a traced step.
class ProgramBuilder {
public:
  ProgramBuilder(Model &target, const ProgramSpec &spec) : target(target), spec(spec), model(*target.data()) {
    program.trace = std::make_unique<Trace>(spec.settings);
    for (const auto &slot : model.all_slots())
      (slot->is_state() ? program.states : program.params).push_back(slot);
    for (const auto &slot : spec.extra_states)
      program.states.push_back(slot);
  }

  TracedProgram build() {
    createFunction();
    createStep();
    Tree<Value> data = boundData(), result = spec.body ? spec.body(data) : target.update(data);
    if (spec.finish)
      result = spec.finish(result, data, [&](const auto &slot) { addState(slot); });
    checkSharedArgs();
    if (!spec.settings.initial)
      update_delays(trace(), model);
    collectOutputs(result);
    createLoop();
    finish();
    return std::move(program);
  }

private:
  Trace &trace() { return *program.trace; }
  mlir::OpBuilder &b() { return trace().builder; }

  DType dtypeOf(const Slot &slot) { return slot.dtype(spec.settings.real); }

  void createFunction() {
    mlir::Builder &types = b();
    llvm::SmallVector<mlir::Type> arguments = {types.getIndexType(), types.getI64Type(), types.getI64Type(),
                                               types.getF64Type(), types.getI64Type()};
    llvm::SmallVector<mlir::DictionaryAttr> attributes(5, types.getDictionaryAttr({}));
    auto add = [&](mlir::Type type, const char *kind, const std::string &name) {
      arguments.push_back(type);
      attributes.push_back(attributesOf(kind, name));
    };
    for (const auto &slot : program.states)
      add(trace().type(slot->shape_now(), dtypeOf(*slot)), "state", slot->path());
    for (const auto &slot : program.params)
      add(trace().type(slot->shape_of_numbers(), dtypeOf(*slot)), "param", slot->path());
    spec.data.each([&](const std::string &, const InputSpec &input) {
      mlir::Type step = trace().type(input.shape, spec.settings.real);
      add(ir::stackedType(step), "input", input.name);
      program.info.inputs.push_back(array_info(input.name, inputUnit(), step));
    });
    b().setInsertionPointToEnd(trace().module->getBody());
    function = mlir::func::FuncOp::create(b(), b().getUnknownLoc(), spec.name, types.getFunctionType(arguments, {}));
    function.setAllArgAttrs(attributes);
    function->setAttr(ir::programAttr, types.getUnitAttr());
    if (spec.fast)
      function->setAttr(ir::numericsAttr, types.getStringAttr("fast"));
    if (spec.matmul_precision != "full")
      function->setAttr(ir::matmulPrecisionAttr, types.getStringAttr(spec.matmul_precision));
    entry = function.addEntryBlock();
    trace().seed = entry->getArgument(4);
  }
  mlir::DictionaryAttr attributesOf(const char *kind, const std::string &name) {
    return b().getDictionaryAttr({b().getNamedAttr(ir::kindAttr, b().getStringAttr(kind)),
                                  b().getNamedAttr(ir::nameAttr, b().getStringAttr(name))});
  }
  /// A lone input of a neuron counts in the unit of its current.
  Unit inputUnit() {
    for (const auto &slot : model.slots)
      if (slot->kind == Slot::Kind::Input && slot->name == target.input_name())
        return slot->unit;
    return {};
  }
  mlir::Value state(size_t k) { return entry->getArgument(5 + k); }
  mlir::Value param(size_t k) { return entry->getArgument(5 + program.states.size() + k); }
  mlir::Value input(size_t k) { return entry->getArgument(5 + program.states.size() + program.params.size() + k); }

  void createStep() {
    step = new mlir::Block;
    owned.reset(step);
    mlir::Location loc = b().getUnknownLoc();
    b().setInsertionPointToEnd(step);
    trace().index = trace().wrap(step->addArgument(b().getI64Type(), loc), {}, {});
    trace().time = trace().wrap(step->addArgument(trace().element(spec.settings.real), loc), ms.unit, {});
    trace().enter(model);
    for (auto [k, slot] : llvm::enumerate(program.states)) {
      mlir::Location at = mlir::NameLoc::get(b().getStringAttr(slot->path()), trace().location(slot->declared));
      trace().bind(slot, trace().wrap(step->addArgument(state(k).getType(), at), slot->unit, slot->declared));
    }
    for (auto [k, slot] : llvm::enumerate(program.params))
      trace().bind(slot, trace().wrap(param(k), slot->unit, slot->declared));
  }

  /// While the step is traced: arguments of the function and of the step behind those of the other states.
  void addState(const std::shared_ptr<Slot> &slot) {
    auto k = static_cast<unsigned>(program.states.size());
    program.states.push_back(slot);
    mlir::Type type = trace().type(slot->full_shape(), dtypeOf(*slot));
    mlir::Location at = mlir::NameLoc::get(b().getStringAttr(slot->path()), trace().location(slot->declared));
    (void)function.insertArgument(5 + k, type, attributesOf("state", slot->path()), at); // fails on memory alone
    trace().bind(slot, trace().wrap(step->insertArgument(2 + k, type, at), slot->unit, slot->declared));
  }

  Tree<Value> boundData() {
    return spec.data.map_leaves<Value>([&](const InputSpec &input) {
      mlir::Type type = trace().type(input.shape, spec.settings.real);
      mlir::Value slice = step->addArgument(type, b().getUnknownLoc());
      return trace().wrap(slice, {}, spec.settings.call);
    });
  }

  /// `fit` is every model's; any other argument is for those who ask for it.
  void checkSharedArgs() {
    std::set<std::string> known = trace().shared_reads;
    known.insert("fit");
    for (const auto &[name, value] : spec.settings.shared)
      if (!known.contains(name)) {
        std::vector<std::string> names(known.begin(), known.end());
        throw Error(ErrorKind::Name,
                    "nothing in '" + target.name() + "' reads the shared argument '" + name + "'" +
                        did_you_mean(name, names),
                    spec.settings.call);
      }
  }

  int addOutput(const std::string &name, const Value &value) {
    mlir::Value raw = Trace::unwrap(value);
    if (!raw)
      throw Error(ErrorKind::Usage, "the step of '" + target.name() + "' returned an empty Value as '" + name +
                                        "'; return what it computes, or {} for no output");
    outputs.push_back(raw);
    program.info.outputs.push_back(array_info(name, value.unit(), raw.getType()));
    return static_cast<int>(outputs.size()) - 1;
  }

  void collectOutputs(const Tree<Value> &result) {
    std::string lone = target.output_name();
    std::vector<std::string> names;
    result.each(
        [&](const std::string &path, const Value &) { names.push_back(path.empty() ? lone : lone + "." + path); });
    size_t next = 0;
    program.outputs = result.map_leaves<int>([&](const Value &v) { return addOutput(names[next++], v); });
    names.clear();
    spec.out_vars.each(
        [&](const std::string &path, const Monitor &) { names.push_back(path.empty() ? "monitor" : path); });
    next = 0;
    program.monitors = spec.out_vars.map_leaves<int>([&](const Monitor &m) {
      const Recording &what = m.recording();
      Value v = what.function ? what.function() : monitored(*m.slot());
      std::string name = names[next++];
      return addOutput(m.slot() ? m.slot()->path() : name, what.elements.empty() ? v : chosen(v, what));
    });
  }
  Value monitored(const Slot &slot) {
    if (slot.trace != &trace())
      throw Error(ErrorKind::Name,
                  "out_vars holds '" + slot.path() + "', which is not a variable of '" + target.name() + "'",
                  slot.declared);
    Value v = slot.current;
    if (slot.kind == Slot::Kind::Input) // shows its value before it is cleared, one number an element
      v = trace().wrap(trace().broadcast(Trace::unwrap(v), inputShape(slot, v), slot.declared), slot.unit,
                       slot.declared);
    return v;
  }
  /// The shortest piece of the last axis that has all elements; a recorder takes from it those that it wants.
  static Value chosen(const Value &v, const Recording &what) {
    Shape shape = v.shape();
    auto [low, high] = std::ranges::minmax(what.elements);
    if (shape.empty() || low < 0 || high >= shape.back())
      throw Error(ErrorKind::Value,
                  "a monitor of element " + std::to_string(low < 0 ? low : high) + ", but what it records has shape " +
                      to_string(shape),
                  what.at);
    return high - low + 1 == shape.back() ? v : slice(v, low, high + 1);
  }
  Shape inputShape(const Slot &slot, const Value &v) {
    auto owner = slot.owner.lock();
    Shape full = v.shape(), own = owner ? owner->size : Shape{};
    if (owner && owner->batch)
      own.insert(own.begin(), *owner->batch);
    // One number an element, where the data is one for all of them.
    bool spreads = full.size() <= own.size();
    for (size_t d = 0; spreads && d < full.size(); ++d) {
      auto n = own[own.size() - full.size() + d];
      spreads = full[d] == n || full[d] == 1;
    }
    return spreads ? own : full;
  }

  void createLoop() {
    mlir::Location loc = b().getUnknownLoc();
    // Only what the step assigns is carried; the rest is the same in every step.
    llvm::SmallVector<mlir::Value> inits, yielded, scanned;
    llvm::SmallVector<mlir::Type> types;
    llvm::BitVector unused(step->getNumArguments());
    for (auto [k, slot] : llvm::enumerate(program.states)) {
      program.assigns |= slot->assigned;
      if (slot->assigned) {
        carried.push_back(k);
        inits.push_back(state(k));
        types.push_back(state(k).getType());
      } else {
        step->getArgument(2 + k).replaceAllUsesWith(state(k));
        unused.set(2 + k);
      }
    }
    auto yieldIt = [&](mlir::Value v) {
      auto argument = llvm::dyn_cast<mlir::BlockArgument>(v);
      bool dropped = argument && argument.getOwner() == step && unused.test(argument.getArgNumber());
      yielded.push_back(dropped ? state(argument.getArgNumber() - 2) : v);
    };
    for (size_t k : carried)
      yieldIt(Trace::unwrap(program.states[k]->current));
    for (mlir::Value v : outputs) {
      yieldIt(v);
      types.push_back(ir::stackedType(v.getType()));
    }
    ir::YieldOp::create(b(), loc, yielded);
    step->eraseArguments(unused);
    for (size_t k = 0; k < program.info.inputs.size(); ++k)
      scanned.push_back(input(k));
    b().setInsertionPointToEnd(entry);
    auto loop = ir::LoopOverTimeOp::create(b(), loc, types, entry->getArgument(0), entry->getArgument(1),
                                           entry->getArgument(2), entry->getArgument(3), inits, scanned,
                                           b().getF64FloatAttr(spec.settings.dt), b().getStringAttr(spec.remat), {});
    loop.getBody().push_back(owned.release());
    returnResults(loop);
  }

  void returnResults(ir::LoopOverTimeOp loop) {
    llvm::SmallVector<mlir::Value> results;
    for (size_t k = 0; k < program.states.size(); ++k)
      results.push_back(state(k));
    for (auto [k, number] : llvm::enumerate(carried))
      results[number] = loop.getResult(k);
    for (size_t k = carried.size(); k < loop.getNumResults(); ++k)
      results.push_back(loop.getResult(k));
    mlir::func::ReturnOp::create(b(), b().getUnknownLoc(), results);
    function.setFunctionType(b().getFunctionType(entry->getArgumentTypes(), mlir::ValueRange(results).getTypes()));
  }

  void finish() {
    driver::ProgramInfo &info = program.info;
    info.name = spec.name;
    info.model = target.name();
    for (auto [k, slot] : llvm::enumerate(program.states))
      info.states.push_back(array_info(slot->path(), slot->unit, state(k).getType()));
    for (auto [k, slot] : llvm::enumerate(program.params))
      info.params.push_back(array_info(slot->path(), slot->unit, param(k).getType()));
    info.dt = spec.settings.dt;
    info.t0 = spec.t0;
    info.i0 = spec.i0;
    info.real = name_of(spec.settings.real);
    info.threads = spec.threads;
    info.threadsAsked = spec.threads_asked;
    info.numerics = spec.fast ? "fast" : "reproducible";
    info.matmulPrecision = spec.matmul_precision;
    makeNamesUnique(info.outputs);
  }
  /// An output that is monitored as well comes twice; files and headers need two names.
  static void makeNamesUnique(std::vector<driver::ArrayInfo> &arrays) {
    std::set<std::string> seen;
    for (driver::ArrayInfo &array : arrays) {
      std::string base = array.name;
      for (int k = 2; !seen.insert(array.name).second; ++k)
        array.name = base + "_" + std::to_string(k);
    }
  }

  Model &target;
  const ProgramSpec &spec;
  ModelData &model;
  TracedProgram program;
  mlir::func::FuncOp function;
  mlir::Block *entry = nullptr, *step = nullptr;
  std::unique_ptr<mlir::Block> owned;
  std::vector<mlir::Value> outputs;
  std::vector<size_t> carried;
};

} // namespace

TracedProgram trace_program(Model &target, const ProgramSpec &spec) { return ProgramBuilder(target, spec).build(); }

} // namespace overtime::detail

// SPDX-License-Identifier: Apache-2.0
// Initial states: each variable's own value, then initial() of every model, traced and interpreted.
#include "compiler/trace/program.h"

#include "compiler/trace/arrays.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace overtime::detail {

TracedInitial trace_initial(ModelData &root) {
  TracedInitial initial;
  TraceSettings settings;
  settings.real = f64;
  initial.trace = std::make_unique<Trace>(settings);
  Trace &trace = *initial.trace;
  mlir::OpBuilder &b = trace.builder;
  initial.arguments = root.all_slots();
  llvm::SmallVector<mlir::Type> types;
  for (const auto &slot : initial.arguments)
    types.push_back(trace.type(slot->ensure().shape(), slot->flag ? DType::Bool : f64));
  b.setInsertionPointToEnd(trace.module->getBody());
  auto function = mlir::func::FuncOp::create(b, b.getUnknownLoc(), "initial", b.getFunctionType(types, {}));
  mlir::Block *entry = function.addEntryBlock();
  b.setInsertionPointToEnd(entry);
  trace.enter(root);
  for (auto [k, slot] : llvm::enumerate(initial.arguments))
    trace.bind(slot, trace.wrap(entry->getArgument(k), slot->unit, slot->declared));
  root.each([](ModelData &model) { model.model().initial(); });
  llvm::SmallVector<mlir::Value> results;
  llvm::SmallVector<mlir::Type> resultTypes;
  for (const auto &slot : initial.arguments)
    if (slot->assigned) {
      initial.results.push_back(slot);
      results.push_back(Trace::unwrap(slot->current));
      resultTypes.push_back(results.back().getType());
    }
  mlir::func::ReturnOp::create(b, b.getUnknownLoc(), results);
  function.setFunctionType(b.getFunctionType(types, resultTypes));
  return initial;
}

void reset_tree(ModelData &root, std::optional<std::int64_t> batch, std::uint64_t seed) {
  root.each([&](ModelData &model) {
    model.batch = batch;
    model.initialised = true;
  });
  for (const auto &slot : root.all_slots())
    if (slot->is_state())
      slot->reset(seed);
    else
      slot->ensure(seed);
  TracedInitial initial = trace_initial(root);
  if (initial.results.empty())
    return;
  std::vector<reference::Array> arguments;
  for (const auto &slot : initial.arguments)
    arguments.push_back(to_array(*slot->value));
  std::string error;
  auto results = reference::interpret(*initial.trace->module, "initial", std::move(arguments), &error);
  if (!results)
    throw Error(ErrorKind::Compile, "initial() cannot be evaluated: " + error);
  for (auto [slot, result] : llvm::zip(initial.results, *results))
    slot->store(to_tensor(result, f64));
}

void ensure_initialised(ModelData &root) {
  if (!root.initialised)
    reset_tree(root, root.batch, 0);
}

} // namespace overtime::detail

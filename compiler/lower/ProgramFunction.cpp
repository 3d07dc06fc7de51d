// SPDX-License-Identifier: Apache-2.0
// The form of a program function: which argument is what.
#include "compiler/lower/ProgramFunction.h"

#include "mlir/Interfaces/ViewLikeInterface.h"

using namespace mlir;

namespace overtime::ir {

static StringRef kindOf(DictionaryAttr attributes) {
  auto kind = attributes ? attributes.getAs<StringAttr>(kindAttr) : StringAttr();
  return kind ? kind.getValue() : StringRef();
}

FailureOr<ProgramFunction> ProgramFunction::get(func::FuncOp func) {
  ProgramFunction program;
  program.func = func;
  Builder b(func.getContext());
  Type leading[] = {b.getIndexType(), b.getI64Type(), b.getI64Type(), b.getF64Type(), b.getI64Type()};
  if (func.getNumArguments() < scalars || !llvm::equal(func.getArgumentTypes().take_front(scalars), leading))
    return func.emitError("a program starts with arguments (steps: index, i0: i64, k0: i64, t0: f64, seed: i64)");
  unsigned *count[] = {&program.states, &program.params, &program.inputs};
  StringRef kinds[] = {"state", "param", "input"};
  unsigned phase = 0;
  for (unsigned k = scalars; k < func.getNumArguments(); ++k) {
    StringRef kind = kindOf(func.getArgAttrDict(k));
    while (phase < 3 && kind != kinds[phase])
      ++phase;
    if (phase == 3)
      return func.emitError("argument ") << k << " has dyn.kind '" << kind
                                         << "'; expected states, then params, then inputs";
    ++*count[phase];
  }
  if (func.getNumResults() < program.states)
    return func.emitError("a program returns its states first");
  program.outputs = func.getNumResults() - program.states;
  return program;
}

PartRange::PartRange(func::FuncOp program)
    : first(program.getArguments().end()[-2]), last(program.getArguments().end()[-1]) {}

bool isWorkspace(MemRefType type) {
  return type.getElementType().isInteger(8) && type.getRank() == 1 && type.getDimSize(0) == 0;
}

MemRefType memoryType(Value v) { return dyn_cast<MemRefType>(v.getType()); }

Value rootOf(Value memory) {
  while (auto view = memory.getDefiningOp<ViewLikeOpInterface>())
    memory = view.getViewSource();
  return memory;
}

} // namespace overtime::ir

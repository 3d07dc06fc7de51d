// SPDX-License-Identifier: Apache-2.0
// The form of a program function on tensors: which argument is what.
#include "compiler/transforms/ProgramFunction.h"

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

} // namespace overtime::ir

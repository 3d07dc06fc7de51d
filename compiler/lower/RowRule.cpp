// SPDX-License-Identifier: Apache-2.0
// A rule by which synapses are drawn, as the runtime describes it.
#include "compiler/lower/RowRule.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace overtime::ir {

RowRule::RowRule(RowRuleAttr rule) : rows(std::make_unique<overtime_rows>()) {
  double probability = rule.getProbability() ? rule.getProbability().getValueAsDouble() : 0.0;
  double share = rule.getShare() ? rule.getShare().getValueAsDouble() : 1.0;
  words = overtime_describe_rows(rows.get(), rule.getSeed(), rule.getPosts(), probability,
                                 rule.getNumber().value_or(-1), rule.getSkipsSelf(), share);
}

Value ModuleConstants::at(OpBuilder &b, Location loc, ArrayRef<int64_t> words) {
  auto tensor = RankedTensorType::get({int64_t(words.size())}, b.getI64Type());
  DenseElementsAttr value = DenseElementsAttr::get(tensor, words);
  auto type = MemRefType::get(tensor.getShape(), tensor.getElementType());
  for (auto known : module.getOps<memref::GlobalOp>())
    if (known.getInitialValueAttr() == value && known.getName().starts_with(prefix))
      return memref::GetGlobalOp::create(b, loc, type, known.getName());
  std::string name;
  for (int64_t k = 0; name.empty() || module.lookupSymbol(name); ++k)
    name = (prefix + Twine(k)).str();
  OpBuilder outside = OpBuilder::atBlockBegin(module.getBody());
  memref::GlobalOp::create(outside, loc, name, outside.getStringAttr("private"), type, value, /*constant=*/true,
                           outside.getI64IntegerAttr(64));
  return memref::GetGlobalOp::create(b, loc, type, name);
}

} // namespace overtime::ir

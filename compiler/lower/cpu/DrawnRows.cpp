// SPDX-License-Identifier: Apache-2.0
// Calls of the runtime's functions that draw the synapses of a source.
#include "compiler/lower/cpu/DrawnRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;

namespace overtime::ir {

Value DrawnRows::pointerTo(LoopCode &code, RowRuleAttr attribute) {
  RowRule rule(attribute);
  ArrayRef words(reinterpret_cast<const int64_t *>(rule.rows.get()), rule.words);
  return memref::ExtractAlignedPointerAsIndexOp::create(code.b, code.loc, constants.at(code.b, code.loc, words));
}

/// Of the first element, also where the memory is a part of another.
static Value addressOf(LoopCode &code, Value memory) {
  int64_t bytes = cast<MemRefType>(memory.getType()).getElementTypeBitWidth() / 8;
  Value whole = memref::ExtractAlignedPointerAsIndexOp::create(code.b, code.loc, memory);
  Value offset = memref::ExtractStridedMetadataOp::create(code.b, code.loc, memory).getOffset();
  return arith::AddIOp::create(code.b, code.loc, whole,
                               arith::MulIOp::create(code.b, code.loc, offset, code.index(bytes)));
}

Value DrawnRows::call(LoopCode &code, StringRef name, Type real, TypeRange results, ValueRange arguments) {
  std::string symbol = (name + (real.isF32() ? "_f32" : "_f64")).str();
  if (!module.lookupSymbol(symbol)) {
    OpBuilder outside = OpBuilder::atBlockBegin(module.getBody());
    auto type = outside.getFunctionType(arguments.getTypes(), results);
    func::FuncOp::create(outside, code.loc, symbol, type).setPrivate();
  }
  auto called = func::CallOp::create(code.b, code.loc, symbol, results, arguments);
  return results.empty() ? Value() : called.getResult(0);
}

void DrawnRows::add(LoopCode &code, RowRuleAttr rule, Value source, Value amount, Value to, Value first) {
  Value size = code.index(cast<MemRefType>(to.getType()).getDimSize(0));
  Value last = arith::AddIOp::create(code.b, code.loc, first, size);
  call(code, "overtime_add_row", amount.getType(), {},
       {pointerTo(code, rule), source, amount, addressOf(code, to), first, last});
}

Value DrawnRows::sum(LoopCode &code, RowRuleAttr rule, Value source, Value weight, Value values) {
  Type real = weight.getType();
  return call(code, "overtime_sum_row", real, real, {pointerTo(code, rule), source, weight, addressOf(code, values)});
}

} // namespace overtime::ir

// SPDX-License-Identifier: Apache-2.0
// Writes constants and C functions that describe programs as LLVM IR.
#include "compiler/driver/library/DescriptorWriter.h"

#include "runtime/abi.h"

#include "llvm/IR/DataLayout.h"
#include "llvm/TargetParser/Triple.h"

#include <cstddef>

using namespace llvm;

namespace overtime::driver {

// The members of the C structure in order: the offsets a target must give them.
constexpr std::uint64_t arrayOffsets[] = {offsetof(overtime_array, name),  offsetof(overtime_array, unit),
                                          offsetof(overtime_array, dtype), offsetof(overtime_array, rank),
                                          offsetof(overtime_array, shape), offsetof(overtime_array, elements),
                                          offsetof(overtime_array, offset)};
static_assert(sizeof(overtime_array) == 48 && offsetof(overtime_array, name) == 0 &&
              offsetof(overtime_array, unit) == 8 && offsetof(overtime_array, dtype) == 16 &&
              offsetof(overtime_array, rank) == 20 && offsetof(overtime_array, shape) == 24 &&
              offsetof(overtime_array, elements) == 32 && offsetof(overtime_array, offset) == 40);

Constant *DescriptorWriter::hidden(Constant *value, const Twine &name, unsigned alignment) {
  auto *global = new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, value,
                                    prefix + name);
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  global->setAlignment(Align(alignment));
  return global;
}

Constant *DescriptorWriter::text(StringRef value) {
  Constant *&known = texts[value];
  if (!known)
    known = hidden(ConstantDataArray::getString(context, value), "_text", 1);
  return known;
}

void DescriptorWriter::appendArrays(SmallVectorImpl<Constant *> &rows, ArrayRef<ArrayInfo> arrays,
                                    ArrayRef<std::int64_t> offsets) {
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const ArrayInfo &array = arrays[k];
    SmallVector<std::uint64_t> shape(array.shape.begin(), array.shape.end());
    Constant *dimensions = shape.empty() ? null() : hidden(ConstantDataArray::get(context, shape), "_shape", 8);
    rows.push_back(ConstantStruct::getAnon({text(array.name), text(array.unit), number(i32, array.dtype),
                                            number(i32, shape.size()), dimensions, number(i64, array.elements()),
                                            number(i64, offsets[k])}));
  }
}

Constant *DescriptorWriter::table(ArrayRef<std::uint64_t> values, const Twine &name) {
  return values.empty() ? null() : hidden(ConstantDataArray::get(context, values), name, 8);
}

Constant *DescriptorWriter::table(ArrayRef<std::int32_t> values, const Twine &name) {
  SmallVector<std::uint32_t> numbers(values.begin(), values.end());
  return values.empty() ? null() : hidden(ConstantDataArray::get(context, ArrayRef(numbers)), name, 8);
}

Expected<Constant *> DescriptorWriter::arrayTable(ArrayRef<Constant *> rows) {
  if (rows.empty())
    return null();
  auto *row = cast<StructType>(rows.front()->getType());
  if (Error error = checkStruct(row, arrayOffsets, "overtime_array"))
    return error;
  return hidden(ConstantArray::get(ArrayType::get(row, rows.size()), rows), "_arrays", 8);
}

Error DescriptorWriter::checkStruct(StructType *type, ArrayRef<std::uint64_t> offsets, StringRef name) {
  // The target's own layout: the module may not be bound to its target yet.
  const DataLayout data(Triple(target.triple).computeDataLayout());
  const StructLayout *layout = data.getStructLayout(type);
  for (unsigned k = 0; k < offsets.size(); ++k)
    if (layout->getElementOffset(k) != offsets[k])
      return createStringError(inconvertibleErrorCode(), "target '" + target.triple + "' places the members of " +
                                                             name +
                                                             " elsewhere than C does here: expected a 64-bit target");
  return Error::success();
}

Function *DescriptorWriter::function(const Twine &suffix, Type *result, ArrayRef<Type *> parameters) {
  auto *f = Function::Create(FunctionType::get(result, parameters, false), GlobalValue::ExternalLinkage,
                             prefix + suffix, module);
  f->addFnAttr(Attribute::NoUnwind);
  BasicBlock::Create(context, "", f);
  return f;
}

void DescriptorWriter::returnCall(IRBuilder<> &ir, StringRef callee, Type *result, ArrayRef<Value *> arguments) {
  SmallVector<Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  ir.CreateRet(ir.CreateCall(module.getOrInsertFunction(callee, FunctionType::get(result, types, false)), arguments));
}

void DescriptorWriter::addConstantFunction(const Twine &suffix, Type *type, std::uint64_t value) {
  IRBuilder<> ir(&function(suffix, type, {})->getEntryBlock());
  ir.CreateRet(number(type, value));
}

Value *DescriptorWriter::pointerArray(IRBuilder<> &ir, Function *f, unsigned first, std::size_t count) {
  if (count == 0)
    return null();
  auto *type = ArrayType::get(pointer, count);
  Value *array = ir.CreateAlloca(type);
  for (unsigned k = 0; k < count; ++k)
    ir.CreateStore(f->getArg(first + k), ir.CreateConstInBoundsGEP2_64(type, array, 0, k));
  return array;
}

void DescriptorWriter::addForward(const Twine &suffix, Type *result, ArrayRef<Type *> parameters, StringRef callee,
                                  ArrayRef<Value *> front) {
  Function *f = function(suffix, result, parameters);
  IRBuilder<> ir(&f->getEntryBlock());
  SmallVector<Value *> arguments(front);
  for (Argument &argument : f->args())
    arguments.push_back(&argument);
  returnCall(ir, callee, result, arguments);
}

} // namespace overtime::driver

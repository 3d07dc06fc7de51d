// SPDX-License-Identifier: Apache-2.0
// Writes runtime/abi.h's structures and the C functions of a program as LLVM IR.
#include "compiler/driver/Descriptor.h"

#include "runtime/abi.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DataLayout.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/TargetParser/Triple.h"

#include <cstddef>

using namespace llvm;

namespace overtime::driver {
namespace {

// The tables below list the members of two C structures in order; these are the offsets a target must give them.
static_assert(sizeof(void *) == 8 && sizeof(overtime_state_header) == OVERTIME_ALIGNMENT);
constexpr std::uint64_t arrayOffsets[] = {offsetof(overtime_array, name),  offsetof(overtime_array, unit),
                                          offsetof(overtime_array, dtype), offsetof(overtime_array, rank),
                                          offsetof(overtime_array, shape), offsetof(overtime_array, elements),
                                          offsetof(overtime_array, offset)};
static_assert(sizeof(overtime_array) == 48 && offsetof(overtime_array, name) == 0 &&
              offsetof(overtime_array, unit) == 8 && offsetof(overtime_array, dtype) == 16 &&
              offsetof(overtime_array, rank) == 20 && offsetof(overtime_array, shape) == 24 &&
              offsetof(overtime_array, elements) == 32 && offsetof(overtime_array, offset) == 40);
constexpr std::uint64_t programOffsets[] = {offsetof(overtime_program, abi_version),
                                            offsetof(overtime_program, instructions),
                                            offsetof(overtime_program, name),
                                            offsetof(overtime_program, target),
                                            offsetof(overtime_program, entry),
                                            offsetof(overtime_program, schedule),
                                            offsetof(overtime_program, state_bytes),
                                            offsetof(overtime_program, workspace_offset),
                                            offsetof(overtime_program, n_states),
                                            offsetof(overtime_program, n_params),
                                            offsetof(overtime_program, n_inputs),
                                            offsetof(overtime_program, n_outputs),
                                            offsetof(overtime_program, arrays),
                                            offsetof(overtime_program, initial),
                                            offsetof(overtime_program, initial_bytes),
                                            offsetof(overtime_program, i0),
                                            offsetof(overtime_program, t0),
                                            offsetof(overtime_program, dt)};
static_assert(sizeof(overtime_program) == 144 && offsetof(overtime_program, entry) == 24 &&
              offsetof(overtime_program, n_states) == 80 && offsetof(overtime_program, arrays) == 96 &&
              offsetof(overtime_program, initial_bytes) == 112 && offsetof(overtime_program, dt) == 136);

class Writer {
public:
  Writer(Module &module, const ProgramInfo &info, const TargetSpec &target)
      : module(module), info(info), context(module.getContext()), pointer(PointerType::getUnqual(context)),
        i32(Type::getInt32Ty(context)), i64(Type::getInt64Ty(context)), f64(Type::getDoubleTy(context)),
        target(target) {}

  Error addProgram(ArrayRef<char> initial);
  void addFunctions();

private:
  Expected<Function *> entry();
  Constant *text(StringRef value);
  Constant *hidden(Constant *value, const Twine &name, unsigned alignment);
  Constant *number(Type *type, std::uint64_t value) { return ConstantInt::get(type, value); }
  Constant *real(double value) { return ConstantFP::get(f64, value); }
  void appendArrays(SmallVectorImpl<Constant *> &rows, ArrayRef<ArrayInfo> arrays, ArrayRef<std::int64_t> offsets);
  Expected<Constant *> arrayTable(const Layout &layout);
  Error checkStruct(StructType *type, ArrayRef<std::uint64_t> offsets, StringRef name);
  Function *function(const Twine &suffix, Type *result, ArrayRef<Type *> parameters);
  void returnCall(IRBuilder<> &ir, StringRef callee, Type *result, ArrayRef<Value *> arguments);
  Value *pointerArray(IRBuilder<> &ir, Function *f, unsigned first, std::size_t count);
  void addConstantFunction(const Twine &suffix, Type *type, std::uint64_t value);
  void addRun();

  Module &module;
  const ProgramInfo &info;
  LLVMContext &context;
  PointerType *pointer;
  Type *i32, *i64, *f64;
  const TargetSpec &target;
  StringMap<Constant *> texts;
};

Expected<Function *> Writer::entry() {
  Function *f = module.getFunction(info.name + "_loop");
  auto *expected = FunctionType::get(Type::getVoidTy(context),
                                     {i64, i64, i64, f64, i64, pointer, pointer, i64, i64, pointer}, false);
  if (!f || f->isDeclaration())
    return createStringError(inconvertibleErrorCode(), "the module defines no function '" + info.name + "_loop'");
  if (f->getFunctionType() != expected)
    return createStringError(inconvertibleErrorCode(),
                             "function '" + info.name +
                                 "_loop' has not the type of overtime_entry, "
                                 "void (i64, i64, i64, double, i64, ptr, ptr, i64, i64, ptr)");
  return f;
}

Constant *Writer::hidden(Constant *value, const Twine &name, unsigned alignment) {
  auto *global = new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, value,
                                    info.name + name);
  global->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
  global->setAlignment(Align(alignment));
  return global;
}

Constant *Writer::text(StringRef value) {
  Constant *&known = texts[value];
  if (!known)
    known = hidden(ConstantDataArray::getString(context, value), "_text", 1);
  return known;
}

void Writer::appendArrays(SmallVectorImpl<Constant *> &rows, ArrayRef<ArrayInfo> arrays,
                          ArrayRef<std::int64_t> offsets) {
  for (std::size_t k = 0; k < arrays.size(); ++k) {
    const ArrayInfo &array = arrays[k];
    SmallVector<std::uint64_t> shape(array.shape.begin(), array.shape.end());
    Constant *dimensions = shape.empty() ? static_cast<Constant *>(ConstantPointerNull::get(pointer))
                                         : hidden(ConstantDataArray::get(context, shape), "_shape", 8);
    rows.push_back(ConstantStruct::getAnon({text(array.name), text(array.unit), number(i32, array.dtype),
                                            number(i32, shape.size()), dimensions, number(i64, array.elements()),
                                            number(i64, offsets[k])}));
  }
}

Expected<Constant *> Writer::arrayTable(const Layout &layout) {
  SmallVector<Constant *> rows;
  appendArrays(rows, info.states, layout.states);
  appendArrays(rows, info.params, layout.params);
  appendArrays(rows, info.inputs, layout.inputs);
  appendArrays(rows, info.outputs, layout.outputs);
  if (rows.empty())
    return ConstantPointerNull::get(pointer);
  auto *row = cast<StructType>(rows.front()->getType());
  if (Error error = checkStruct(row, arrayOffsets, "overtime_array"))
    return error;
  return hidden(ConstantArray::get(ArrayType::get(row, rows.size()), rows), "_arrays", 8);
}

Error Writer::checkStruct(StructType *type, ArrayRef<std::uint64_t> offsets, StringRef name) {
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

Error Writer::addProgram(ArrayRef<char> initial) {
  Layout layout = layoutOf(info);
  if (initial.size() != layout.initialBytes)
    return createStringError(inconvertibleErrorCode(), "program '" + info.name + "': the initial image has " +
                                                           Twine(initial.size()) + " bytes, expected " +
                                                           Twine(layout.initialBytes));
  Expected<Function *> loop = entry();
  if (!loop)
    return loop.takeError();
  Expected<Constant *> arrays = arrayTable(layout);
  if (!arrays)
    return arrays.takeError();
  StringRef bytes(initial.data(), initial.size());
  Constant *image = bytes.empty() ? static_cast<Constant *>(ConstantPointerNull::get(pointer))
                                  : hidden(ConstantDataArray::getString(context, bytes, /*AddNull=*/false), "_initial",
                                           OVERTIME_ALIGNMENT);
  Constant *schedule = ConstantStruct::getAnon({number(i64, info.parts), number(i64, info.partCycles),
                                                number(i64, info.threadBytes), number(i64, info.waitCycles)});
  Constant *program = ConstantStruct::getAnon(
      {number(i32, OVERTIME_ABI_VERSION), number(i32, target.instructions()), text(info.name), text(target.describe()),
       *loop, schedule, number(i64, layout.stateBytes), number(i64, layout.workspaceOffset),
       number(i32, info.states.size()), number(i32, info.params.size()), number(i32, info.inputs.size()),
       number(i32, info.outputs.size()), *arrays, image, number(i64, layout.initialBytes), number(i64, info.i0),
       real(info.t0), real(info.dt)});
  if (Error error = checkStruct(cast<StructType>(program->getType()), programOffsets, "overtime_program"))
    return error;
  auto *global = new GlobalVariable(module, program->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage,
                                    program, info.name + "_program");
  global->setAlignment(Align(8));
  return Error::success();
}

Function *Writer::function(const Twine &suffix, Type *result, ArrayRef<Type *> parameters) {
  auto *f = Function::Create(FunctionType::get(result, parameters, false), GlobalValue::ExternalLinkage,
                             info.name + suffix, module);
  f->addFnAttr(Attribute::NoUnwind);
  BasicBlock::Create(context, "", f);
  return f;
}

void Writer::returnCall(IRBuilder<> &ir, StringRef callee, Type *result, ArrayRef<Value *> arguments) {
  SmallVector<Type *> types;
  for (Value *argument : arguments)
    types.push_back(argument->getType());
  ir.CreateRet(ir.CreateCall(module.getOrInsertFunction(callee, FunctionType::get(result, types, false)), arguments));
}

void Writer::addConstantFunction(const Twine &suffix, Type *type, std::uint64_t value) {
  IRBuilder<> ir(&function(suffix, type, {})->getEntryBlock());
  ir.CreateRet(number(type, value));
}

/// The pointer arguments [first, first + count) of `f` as a C array; null when there are none.
Value *Writer::pointerArray(IRBuilder<> &ir, Function *f, unsigned first, std::size_t count) {
  if (count == 0)
    return ConstantPointerNull::get(pointer);
  auto *type = ArrayType::get(pointer, count);
  Value *array = ir.CreateAlloca(type);
  for (unsigned k = 0; k < count; ++k)
    ir.CreateStore(f->getArg(first + k), ir.CreateConstInBoundsGEP2_64(type, array, 0, k));
  return array;
}

void Writer::addRun() {
  SmallVector<Type *> types = {pointer, i64};
  types.append(info.inputs.size() + info.outputs.size(), pointer);
  Function *f = function("_run", i32, types);
  IRBuilder<> ir(&f->getEntryBlock());
  Value *inputs = pointerArray(ir, f, 2, info.inputs.size());
  Value *outputs = pointerArray(ir, f, 2 + info.inputs.size(), info.outputs.size());
  returnCall(ir, "overtime_program_run", i32,
             {module.getNamedValue(info.name + "_program"), f->getArg(0), f->getArg(1), inputs, outputs});
}

void Writer::addFunctions() {
  Constant *program = module.getNamedGlobal(info.name + "_program");
  addConstantFunction("_abi_version", i32, OVERTIME_ABI_VERSION);
  addConstantFunction("_state_bytes", i64, layoutOf(info).stateBytes);
  Function *reset = function("_reset", i32, {pointer, i64});
  IRBuilder<> ir(&reset->getEntryBlock());
  returnCall(ir, "overtime_program_reset", i32, {program, reset->getArg(0), reset->getArg(1)});
  addRun();
  Function *threads = function("_set_threads", i32, {pointer, i32});
  ir.SetInsertPoint(&threads->getEntryBlock());
  returnCall(ir, "overtime_program_set_threads", i32, {program, threads->getArg(0), threads->getArg(1)});
  Function *error = function("_error", pointer, {pointer});
  ir.SetInsertPoint(&error->getEntryBlock());
  returnCall(ir, "overtime_program_error", pointer, {error->getArg(0)});
  Function *get = function("_get", pointer, {pointer, pointer});
  ir.SetInsertPoint(&get->getEntryBlock());
  returnCall(ir, "overtime_program_array", pointer, {program, get->getArg(0), get->getArg(1)});
}

} // namespace

Error addProgram(Module &module, const ProgramInfo &info, const TargetSpec &target, ArrayRef<char> initial) {
  if (Error error = checkProgram(info))
    return error;
  return Writer(module, info, target).addProgram(initial);
}

Error addDescriptor(Module &module, const ProgramInfo &info, const TargetSpec &target, ArrayRef<char> initial) {
  if (Error error = addProgram(module, info, target, initial))
    return error;
  Writer(module, info, target).addFunctions();
  return Error::success();
}

} // namespace overtime::driver

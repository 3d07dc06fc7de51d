// SPDX-License-Identifier: Apache-2.0
// Writes constants and C functions that describe programs as LLVM IR.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/driver/Target.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace overtime::driver {

class DescriptorWriter {
public:
  /// `prefix` is that of all names.
  DescriptorWriter(llvm::Module &module, std::string prefix, const TargetSpec &target)
      : module(module), prefix(std::move(prefix)), context(module.getContext()),
        pointer(llvm::PointerType::getUnqual(context)), i32(llvm::Type::getInt32Ty(context)),
        i64(llvm::Type::getInt64Ty(context)), f64(llvm::Type::getDoubleTy(context)), target(target) {}

protected:
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(pointer); }
  llvm::Constant *number(llvm::Type *type, std::uint64_t value) { return llvm::ConstantInt::get(type, value); }
  llvm::Constant *real(double value) { return llvm::ConstantFP::get(f64, value); }
  llvm::Constant *text(llvm::StringRef value);
  /// A constant of this module alone.
  llvm::Constant *hidden(llvm::Constant *value, const llvm::Twine &name, unsigned alignment);
  /// Numbers as a C array; null when there are none.
  llvm::Constant *table(llvm::ArrayRef<std::uint64_t> values, const llvm::Twine &name);
  llvm::Constant *table(llvm::ArrayRef<std::int32_t> values, const llvm::Twine &name);
  /// Rows of overtime_array, and those as a C array.
  void appendArrays(llvm::SmallVectorImpl<llvm::Constant *> &rows, llvm::ArrayRef<ArrayInfo> arrays,
                    llvm::ArrayRef<std::int64_t> offsets);
  llvm::Expected<llvm::Constant *> arrayTable(llvm::ArrayRef<llvm::Constant *> rows);
  /// Fails where the target places the members of a structure elsewhere than C does here.
  llvm::Error checkStruct(llvm::StructType *type, llvm::ArrayRef<std::uint64_t> offsets, llvm::StringRef name);

  llvm::Function *function(const llvm::Twine &suffix, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters);
  void returnCall(llvm::IRBuilder<> &ir, llvm::StringRef callee, llvm::Type *result,
                  llvm::ArrayRef<llvm::Value *> arguments);
  /// A function that returns a number.
  void addConstantFunction(const llvm::Twine &suffix, llvm::Type *type, std::uint64_t value);
  /// A function that hands its arguments on, behind those in front.
  void addForward(const llvm::Twine &suffix, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters,
                  llvm::StringRef callee, llvm::ArrayRef<llvm::Value *> front);
  /// The pointer arguments [first, first + count) of `f` as a C array; null when there are none.
  llvm::Value *pointerArray(llvm::IRBuilder<> &ir, llvm::Function *f, unsigned first, std::size_t count);

  llvm::Module &module;
  std::string prefix;
  llvm::LLVMContext &context;
  llvm::PointerType *pointer;
  llvm::Type *i32, *i64, *f64;
  const TargetSpec &target;

private:
  llvm::StringMap<llvm::Constant *> texts;
};

} // namespace overtime::driver

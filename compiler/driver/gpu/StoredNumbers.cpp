// SPDX-License-Identifier: Apache-2.0
// Kernels that read the numbers of a call from the device's memory, so that a launch can be repeated with others.
#include "compiler/driver/gpu/StoredNumbers.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace overtime::driver {

constexpr unsigned scalars = 5;       // of a program: steps, i0, k0, t0, seed
constexpr unsigned scalarsOfCall = 3; // steps, first step, place of the others

static Function *declareAround(Module &code, Function &body, StringRef name) {
  LLVMContext &context = code.getContext();
  Type *number = Type::getInt64Ty(context), *pointer = PointerType::getUnqual(context);
  SmallVector<Type *> types = {number, number, pointer};
  append_range(types, body.getFunctionType()->params().drop_front(scalars));
  auto *type = FunctionType::get(Type::getVoidTy(context), types, /*isVarArg=*/false);
  Function *kernel = Function::Create(type, body.getLinkage(), name, code);
  kernel->setCallingConv(body.getCallingConv());
  body.setCallingConv(CallingConv::C);
  AttributeList attributes = body.getAttributes();
  kernel->addFnAttrs(AttrBuilder(context, attributes.getFnAttrs()));
  body.removeFnAttr("nvvm.maxntid");
  for (unsigned k = scalars; k < body.arg_size(); ++k)
    kernel->addParamAttrs(k - scalars + scalarsOfCall, AttrBuilder(context, attributes.getParamAttrs(k)));
  for (auto known : {Attribute::NoAlias, Attribute::ReadOnly})
    kernel->addParamAttr(scalarsOfCall - 1, known);
  return kernel;
}

void readNumbersFromMemory(Module &code, StringRef name) {
  Function &body = *code.getFunction(name);
  body.setName(name + "_steps");
  Function *kernel = declareAround(code, body, name);
  IRBuilder<> b(BasicBlock::Create(code.getContext(), "entry", kernel));
  Value *first = kernel->getArg(1), *numbers = kernel->getArg(2);
  auto stored = [&](unsigned k) {
    Type *type = body.getFunctionType()->getParamType(k + 1);
    return b.CreateLoad(type, b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), numbers, k));
  };
  SmallVector<Value *> arguments = {kernel->getArg(0), b.CreateAdd(stored(0), first), b.CreateAdd(stored(1), first),
                                    stored(2), stored(3)};
  for (unsigned k = scalarsOfCall; k < kernel->arg_size(); ++k)
    arguments.push_back(kernel->getArg(k));
  b.CreateCall(&body, arguments);
  b.CreateRetVoid();
}

} // namespace overtime::driver

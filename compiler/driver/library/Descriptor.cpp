// SPDX-License-Identifier: Apache-2.0
// Writes runtime/abi.h's structures and the C functions of a program as LLVM IR.
#include "compiler/driver/library/Descriptor.h"

#include "compiler/driver/library/DescriptorWriter.h"

#include "runtime/abi.h"

#include <cstddef>

using namespace llvm;

namespace overtime::driver {
namespace {

// The members of the C structure in order: the offsets a target must give them.
static_assert(sizeof(void *) == 8 && sizeof(overtime_state_header) == OVERTIME_ALIGNMENT);
constexpr std::uint64_t programOffsets[] = {offsetof(overtime_program, abi_version),
                                            offsetof(overtime_program, instructions),
                                            offsetof(overtime_program, name),
                                            offsetof(overtime_program, target),
                                            offsetof(overtime_program, entry),
                                            offsetof(overtime_program, schedule),
                                            offsetof(overtime_program, state_bytes),
                                            offsetof(overtime_program, workspace_offset),
                                            offsetof(overtime_program, message_offset),
                                            offsetof(overtime_program, n_states),
                                            offsetof(overtime_program, n_params),
                                            offsetof(overtime_program, n_inputs),
                                            offsetof(overtime_program, n_outputs),
                                            offsetof(overtime_program, arrays),
                                            offsetof(overtime_program, initial),
                                            offsetof(overtime_program, initial_bytes),
                                            offsetof(overtime_program, i0),
                                            offsetof(overtime_program, t0),
                                            offsetof(overtime_program, dt),
                                            offsetof(overtime_program, gpu)};
static_assert(sizeof(overtime_program) == 160 && offsetof(overtime_program, entry) == 24 &&
              offsetof(overtime_program, n_states) == 88 && offsetof(overtime_program, arrays) == 104 &&
              offsetof(overtime_program, initial_bytes) == 120 && offsetof(overtime_program, dt) == 144);

constexpr std::uint64_t imageOffsets[] = {offsetof(overtime_gpu_image, data),
                                          offsetof(overtime_gpu_image, bytes),
                                          offsetof(overtime_gpu_image, capability),
                                          offsetof(overtime_gpu_image, is_ptx),
                                          offsetof(overtime_gpu_image, threads),
                                          offsetof(overtime_gpu_image, blocks),
                                          offsetof(overtime_gpu_image, most_blocks),
                                          offsetof(overtime_gpu_image, cooperative),
                                          offsetof(overtime_gpu_image, workspace_bytes),
                                          offsetof(overtime_gpu_image, registers),
                                          offsetof(overtime_gpu_image, spill_bytes),
                                          offsetof(overtime_gpu_image, local_bytes),
                                          offsetof(overtime_gpu_image, shared_bytes),
                                          offsetof(overtime_gpu_image, launch_shared_bytes),
                                          offsetof(overtime_gpu_image, reserved)};
static_assert(sizeof(overtime_gpu_image) == 72 && offsetof(overtime_gpu_image, workspace_bytes) == 40);
constexpr std::uint64_t gpuOffsets[] = {offsetof(overtime_gpu_code, driver), offsetof(overtime_gpu_code, kernel),
                                        offsetof(overtime_gpu_code, images), offsetof(overtime_gpu_code, n_images),
                                        offsetof(overtime_gpu_code, reserved)};

class Writer : DescriptorWriter {
public:
  Writer(Module &module, const ProgramInfo &info, const TargetSpec &target)
      : DescriptorWriter(module, info.name, target), info(info) {}

  Error addProgram(ArrayRef<char> initial, ArrayRef<overtime_gpu_image> gpu);
  void addFunctions();

private:
  Expected<Function *> entry();
  Expected<Constant *> arrayTable(const Layout &layout);
  Expected<Constant *> gpuCode(ArrayRef<overtime_gpu_image> images);
  void addRun(const Twine &suffix, StringRef callee);

  const ProgramInfo &info;
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

Expected<Constant *> Writer::arrayTable(const Layout &layout) {
  SmallVector<Constant *> rows;
  appendArrays(rows, info.states, layout.states);
  appendArrays(rows, info.params, layout.params);
  appendArrays(rows, info.inputs, layout.inputs);
  appendArrays(rows, info.outputs, layout.outputs);
  return DescriptorWriter::arrayTable(rows);
}

/// The overtime_gpu_code; null without images.
Expected<Constant *> Writer::gpuCode(ArrayRef<overtime_gpu_image> images) {
  if (images.empty())
    return null();
  SmallVector<Constant *> rows;
  for (const overtime_gpu_image &image : images) {
    StringRef bytes(static_cast<const char *>(image.data), image.bytes);
    Constant *data = hidden(ConstantDataArray::getString(context, bytes, /*AddNull=*/false), "_gpu_image", 64);
    SmallVector<Constant *> members = {data, number(i64, image.bytes)};
    for (std::uint64_t member :
         {std::uint64_t(image.capability), std::uint64_t(image.is_ptx), std::uint64_t(image.threads),
          std::uint64_t(image.blocks), std::uint64_t(image.most_blocks), std::uint64_t(image.cooperative)})
      members.push_back(number(i32, member));
    members.push_back(number(i64, image.workspace_bytes));
    for (std::int32_t member : {image.registers, image.spill_bytes, image.local_bytes, image.shared_bytes,
                                std::int32_t(image.launch_shared_bytes), image.reserved})
      members.push_back(number(i32, std::uint64_t(member)));
    rows.push_back(ConstantStruct::getAnon(members));
  }
  auto *row = cast<StructType>(rows.front()->getType());
  if (Error error = checkStruct(row, imageOffsets, "overtime_gpu_image"))
    return std::move(error);
  Constant *table = hidden(ConstantArray::get(ArrayType::get(row, rows.size()), rows), "_gpu_images", 8);
  Constant *driver = module.getOrInsertGlobal("overtime_cuda_driver", pointer);
  Constant *code =
      ConstantStruct::getAnon({driver, text(info.name), table, number(i32, images.size()), number(i32, 0)});
  if (Error error = checkStruct(cast<StructType>(code->getType()), gpuOffsets, "overtime_gpu_code"))
    return std::move(error);
  return hidden(code, "_gpu", 8);
}

Error Writer::addProgram(ArrayRef<char> initial, ArrayRef<overtime_gpu_image> gpu) {
  Layout layout = layoutOf(info);
  if (!initial.empty() && initial.size() != layout.initialBytes)
    return createStringError(inconvertibleErrorCode(), "program '" + info.name + "': the initial image has " +
                                                           Twine(initial.size()) + " bytes, expected " +
                                                           Twine(layout.initialBytes));
  Expected<Function *> loop = entry();
  if (!loop)
    return loop.takeError();
  Expected<Constant *> arrays = arrayTable(layout);
  if (!arrays)
    return arrays.takeError();
  Expected<Constant *> gpuPart = gpuCode(gpu);
  if (!gpuPart)
    return gpuPart.takeError();
  StringRef bytes(initial.data(), initial.size());
  Constant *image = bytes.empty() ? static_cast<Constant *>(ConstantPointerNull::get(pointer))
                                  : hidden(ConstantDataArray::getString(context, bytes, /*AddNull=*/false), "_initial",
                                           OVERTIME_ALIGNMENT);
  Constant *schedule = ConstantStruct::getAnon({number(i64, info.parts), number(i64, info.partCycles),
                                                number(i64, info.threadBytes), number(i64, info.waitCycles)});
  Constant *program = ConstantStruct::getAnon({number(i32, OVERTIME_ABI_VERSION),
                                               number(i32, target.instructions()),
                                               text(info.name),
                                               text(target.describe()),
                                               *loop,
                                               schedule,
                                               number(i64, layout.stateBytes),
                                               number(i64, layout.workspaceOffset),
                                               number(i64, layout.messageOffset),
                                               number(i32, info.states.size()),
                                               number(i32, info.params.size()),
                                               number(i32, info.inputs.size()),
                                               number(i32, info.outputs.size()),
                                               *arrays,
                                               image,
                                               number(i64, initial.size()),
                                               number(i64, info.i0),
                                               real(info.t0),
                                               real(info.dt),
                                               *gpuPart});
  if (Error error = checkStruct(cast<StructType>(program->getType()), programOffsets, "overtime_program"))
    return error;
  auto *global = new GlobalVariable(module, program->getType(), /*isConstant=*/true, GlobalValue::ExternalLinkage,
                                    program, info.name + "_program");
  global->setAlignment(Align(8));
  return Error::success();
}

/// NAME_run, or the same with structures of DLPack.
void Writer::addRun(const Twine &suffix, StringRef callee) {
  SmallVector<Type *> types = {pointer, i64};
  types.append(info.inputs.size() + info.outputs.size(), pointer);
  Function *f = function(suffix, i32, types);
  IRBuilder<> ir(&f->getEntryBlock());
  Value *inputs = pointerArray(ir, f, 2, info.inputs.size());
  Value *outputs = pointerArray(ir, f, 2 + info.inputs.size(), info.outputs.size());
  returnCall(ir, callee, i32,
             {module.getNamedValue(info.name + "_program"), f->getArg(0), f->getArg(1), inputs, outputs});
}

void Writer::addFunctions() {
  Constant *program = module.getNamedGlobal(info.name + "_program");
  addConstantFunction("_abi_version", i32, OVERTIME_ABI_VERSION);
  addConstantFunction("_state_bytes", i64, layoutOf(info).stateBytes);
  addForward("_reset", i32, {pointer, i64}, "overtime_program_reset", {program});
  addRun("_run", "overtime_program_run");
  addRun("_run_dlpack", "overtime_program_run_dlpack");
  addForward("_dlpack", i32, {pointer, pointer, pointer}, "overtime_program_dlpack", {program});
  addForward("_set_threads", i32, {pointer, i32}, "overtime_program_set_threads", {program});
  addForward("_set_device", i32, {pointer, pointer}, "overtime_program_set_device", {program});
  addForward("_error", pointer, {pointer}, "overtime_program_error", {});
  addForward("_get", pointer, {pointer, pointer}, "overtime_program_array", {program});
}

} // namespace

Error addProgram(Module &module, const ProgramInfo &info, const TargetSpec &target, ArrayRef<char> initial) {
  if (Error error = checkProgram(info))
    return error;
  return Writer(module, info, target).addProgram(initial, {});
}

Error addDescriptor(Module &module, const ProgramInfo &info, const TargetSpec &target, ArrayRef<char> initial,
                    ArrayRef<overtime_gpu_image> gpu) {
  if (Error error = checkProgram(info))
    return error;
  Writer writer(module, info, target);
  if (Error error = writer.addProgram(initial, gpu))
    return error;
  writer.addFunctions();
  return Error::success();
}

} // namespace overtime::driver

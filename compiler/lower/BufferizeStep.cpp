// SPDX-License-Identifier: Apache-2.0
// bufferize-step: every tensor of a program gets its memory; carried state is updated in place.
#include "compiler/lower/InPlace.h"
#include "compiler/lower/Passes.h"
#include "compiler/lower/ProgramFunction.h"
#include "dialect/Dyn.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

namespace overtime::ir {
#define GEN_PASS_DEF_BUFFERIZESTEP
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

RankedTensorType tensorType(Value v) { return dyn_cast<RankedTensorType>(v.getType()); }

/// Booleans are bytes in memory.
Type storedElement(Type type) {
  return type.isInteger(1) ? IntegerType::get(type.getContext(), 8) : type;
}

/// Memory of a tensor, of a scalar, or of one row of a tensor with a time axis.
MemRefType storage(Type type, bool row = false) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return MemRefType::get({}, storedElement(type));
  return MemRefType::get(row ? tensor.getShape().drop_front() : tensor.getShape(), storedElement(tensor.getElementType()));
}

class Bufferizer {
public:
  explicit Bufferizer(ProgramFunction program)
      : program(program), module(program.func->getParentOfType<ModuleOp>()), b(program.func.getContext()) {}

  LogicalResult run() {
    createFunction();
    for (Operation &op : program.func.getBody().front().without_terminator())
      if (failed(emit(op)))
        return failure();
    if (failed(checkReturn()))
      return failure();
    func::ReturnOp::create(b, program.func.getLoc());
    target.setName(program.func.getName());
    program.func.erase();
    return success();
  }

private:
  // ---- the function -------------------------------------------------------------------------------------------------

  void createFunction() {
    func::FuncOp source = program.func;
    SmallVector<Type> types(source.getArgumentTypes().take_front(ProgramFunction::scalars));
    for (unsigned k = ProgramFunction::scalars; k < source.getNumArguments(); ++k)
      types.push_back(storage(source.getArgumentTypes()[k], k >= ProgramFunction::scalars + program.states + program.params));
    for (Type type : source.getResultTypes().drop_front(program.states))
      types.push_back(storage(type, /*row=*/true));
    types.push_back(MemRefType::get({0}, b.getI8Type())); // sized by place-workspace
    types.append(program.inputs + program.outputs, b.getI64Type());

    b.setInsertionPoint(source);
    target = func::FuncOp::create(b, source.getLoc(), (source.getName() + ".memory").str(),
                                  b.getFunctionType(types, {}));
    target->setAttrs(source->getDiscardableAttrDictionary());
    target.setSymName((source.getName() + ".memory").str());
    target.setFunctionType(b.getFunctionType(types, {}));
    unsigned firstBuffer = ProgramFunction::scalars;
    for (unsigned k = 0; k + 1 < program.buffers(); ++k)
      target.setArgAttr(firstBuffer + k, "llvm.noalias", b.getUnitAttr());
    b.setInsertionPointToStart(target.addEntryBlock());

    Location loc = source.getLoc();
    for (unsigned k = 0; k < source.getNumArguments(); ++k) {
      BlockArgument from = source.getArgument(k), to = target.getArgument(k);
      if (k < ProgramFunction::scalars)
        values.map(from, to);
      else if (tensorType(from))
        buffers[from] = to;
      else
        values.map(from, load(loc, to));
    }
  }
  BlockArgument outputRow(unsigned k) {
    return target.getArgument(ProgramFunction::scalars + program.states + program.params + program.inputs + k);
  }
  BlockArgument stride(unsigned k) { return target.getArgument(ProgramFunction::scalars + program.buffers() + k); }

  LogicalResult checkReturn() {
    Operation *terminator = program.func.getBody().front().getTerminator();
    for (unsigned k = 0; k < program.states; ++k) {
      Value v = terminator->getOperand(k);
      auto loop = v.getDefiningOp<LoopOverTimeOp>();
      unsigned number = loop ? cast<OpResult>(v).getResultNumber() : 0;
      bool carried = loop && number < loop.getInits().size() && loop.getInits()[number] == program.state(k);
      if (v != program.state(k) && !carried)
        return program.func.emitError("state ") << k << " must be returned as the loop carries it";
    }
    return success();
  }

  // ---- memory -------------------------------------------------------------------------------------------------------

  Value alloc(Location loc, Type type) {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(&target.getBody().front());
    return memref::AllocOp::create(b, loc, storage(type), b.getI64IntegerAttr(64));
  }
  Value load(Location loc, Value memory) {
    Value v = memref::LoadOp::create(b, loc, memory, ValueRange{});
    return v.getType().isInteger(8) ? fromByte(b, loc, v) : v;
  }
  void store(Location loc, Value v, Value memory) {
    if (v.getType().isInteger(1))
      v = arith::ExtUIOp::create(b, loc, b.getI8Type(), v);
    memref::StoreOp::create(b, loc, v, memory, ValueRange{});
  }
  static Value fromByte(OpBuilder &b, Location loc, Value v) {
    Value zero = arith::ConstantOp::create(b, loc, b.getI8IntegerAttr(0));
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, v, zero);
  }
  /// Row k of an input or output.
  Value row(Location loc, Value base, Value k, Value stride) {
    auto type = cast<MemRefType>(base.getType());
    Value step = arith::IndexCastOp::create(b, loc, b.getIndexType(), stride);
    Value offset = arith::MulIOp::create(b, loc, k, step);
    auto [strides, zero] = type.getStridesAndOffset();
    SmallVector<OpFoldResult> sizes, steps;
    for (auto [size, s] : llvm::zip(type.getShape(), strides)) {
      sizes.push_back(b.getIndexAttr(size));
      steps.push_back(b.getIndexAttr(s));
    }
    auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, strides);
    auto view = MemRefType::get(type.getShape(), type.getElementType(), layout);
    return memref::ReinterpretCastOp::create(b, loc, view, base, OpFoldResult(offset), sizes, steps);
  }
  /// A copy that the vectoriser sees.
  void copy(Location loc, Value from, Value to) {
    unsigned rank = cast<MemRefType>(from.getType()).getRank();
    SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(rank));
    SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
    linalg::GenericOp::create(b, loc, TypeRange{}, ValueRange{from}, ValueRange{to}, maps, iterators,
                              [](OpBuilder &b, Location loc, ValueRange args) {
                                linalg::YieldOp::create(b, loc, args[0]);
                              });
  }
  Value part(Location loc, Value memory, const Piece &piece) {
    if (piece.whole())
      return memory;
    auto type = cast<MemRefType>(memory.getType());
    SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), ones(type.getRank(), b.getIndexAttr(1)), sizes;
    for (int64_t size : type.getShape())
      sizes.push_back(b.getIndexAttr(size));
    offsets[piece.axis] = b.getIndexAttr(piece.begin);
    sizes[piece.axis] = b.getIndexAttr(piece.end - piece.begin);
    return memref::SubViewOp::create(b, loc, memory, offsets, sizes, ones);
  }

  /// Where a tensor is to be written: the places that were asked for, or memory of its own.
  SmallVector<Value> placesOf(Location loc, Value tensor) {
    SmallVector<Value> &places = destinations[tensor];
    if (places.empty())
      places.push_back(alloc(loc, tensor.getType()));
    buffers[tensor] = places.front();
    return places;
  }
  /// Asks that `tensor` be written to `memory`: by its producer, or by a copy once it is there.
  void direct(Location loc, Value tensor, Value memory) {
    Operation *def = tensor.getDefiningOp();
    if (auto concat = dyn_cast_or_null<tensor::ConcatOp>(def))
      for (const Piece &piece : piecesOf(concat))
        direct(loc, piece.value, part(loc, memory, piece));
    if (buffers.count(tensor)) // produced already, or a block argument
      copy(loc, buffers[tensor], memory);
    else
      destinations[tensor].push_back(memory);
  }

  // ---- operations ---------------------------------------------------------------------------------------------------

  LogicalResult emit(Operation &op) {
    if (auto loop = dyn_cast<LoopOverTimeOp>(op))
      return emitLoop(loop);
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      return emitGeneric(generic);
    if (auto matmul = dyn_cast<linalg::MatmulOp>(op))
      return emitMatmul(matmul);
    if (auto fill = dyn_cast<linalg::FillOp>(op))
      return emitFill(fill);
    if (isa<linalg::ReduceOp, linalg::TransposeOp>(op))
      return emitNamed(op);
    if (auto concat = dyn_cast<tensor::ConcatOp>(op))
      return emitConcat(concat);
    if (isa<tensor::ExtractSliceOp, tensor::CollapseShapeOp, tensor::ExpandShapeOp>(op))
      return emitView(op);
    if (auto extract = dyn_cast<tensor::ExtractOp>(op))
      return emitExtract(extract);
    if (isa<tensor::EmptyOp>(op))
      return success();
    if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && tensorType(constant))
      return emitConstant(constant);
    auto isScalar = [](Type type) { return !isa<ShapedType>(type); };
    if (op.getNumRegions() == 0 && llvm::all_of(op.getOperandTypes(), isScalar) &&
        llvm::all_of(op.getResultTypes(), isScalar)) {
      b.clone(op, values);
      return success();
    }
    return op.emitOpError("has no lowering to memory; run fuse-elementwise first, or write it with supported operations");
  }

  LogicalResult emitGeneric(linalg::GenericOp op) {
    Location loc = op.getLoc();
    SmallVector<Value> inputs, outputs;
    SmallVector<AffineMap> inputMaps, outputMaps;
    for (OpOperand *operand : op.getDpsInputOperands()) {
      inputs.push_back(tensorType(operand->get()) ? buffers.lookup(operand->get()) : values.lookupOrDefault(operand->get()));
      inputMaps.push_back(op.getMatchingIndexingMap(operand));
    }
    SmallVector<unsigned> yields;
    SmallVector<SmallVector<Value>> accumulated;
    for (auto [k, result] : llvm::enumerate(op.getResults())) {
      OpOperand *init = op.getDpsInitOperand(k);
      bool accumulates = op.payloadUsesValueFromOperand(init);
      SmallVector<Value> places = placesOf(loc, result);
      if (accumulates) {
        copy(loc, buffers.lookup(init->get()), places.front());
        accumulated.push_back(places);
        places.truncate(1);
      }
      for (Value place : places) {
        outputs.push_back(place);
        outputMaps.push_back(op.getMatchingIndexingMap(init));
        yields.push_back(k);
      }
    }
    SmallVector<AffineMap> maps(inputMaps);
    maps.append(outputMaps);
    linalg::GenericOp::create(b, loc, TypeRange{}, inputs, outputs, maps, op.getIteratorTypesArray(),
                              [&](OpBuilder &inner, Location at, ValueRange args) {
                                writeBody(inner, at, op, args, yields, inputs.size());
                              });
    for (ArrayRef<Value> places : accumulated)
      copyToOthers(loc, places);
    return success();
  }
  void writeBody(OpBuilder &inner, Location loc, linalg::GenericOp op, ValueRange args, ArrayRef<unsigned> yields,
                 size_t inputs) {
    IRMapping map(values);
    Block &body = *op.getBody();
    auto fromStorage = [&](BlockArgument original, Value stored) {
      if (original.use_empty())
        return;
      map.map(original, original.getType().isInteger(1) && stored.getType().isInteger(8) ? fromByte(inner, loc, stored)
                                                                                        : stored);
    };
    for (size_t k = 0; k < inputs; ++k)
      fromStorage(body.getArgument(k), args[k]);
    for (auto [place, k] : llvm::enumerate(yields))
      fromStorage(body.getArgument(inputs + k), args[inputs + place]);
    for (Operation &op : body.without_terminator())
      inner.clone(op, map);
    SmallVector<Value> yielded;
    for (unsigned k : yields) {
      Value v = map.lookupOrDefault(body.getTerminator()->getOperand(k));
      yielded.push_back(v.getType().isInteger(1) ? Value(arith::ExtUIOp::create(inner, loc, inner.getI8Type(), v)) : v);
    }
    linalg::YieldOp::create(inner, loc, yielded);
  }

  static bool isZeroFill(Value v) {
    auto fill = v.getDefiningOp<linalg::FillOp>();
    return fill && matchPattern(fill.getInputs()[0], m_AnyZeroFloat());
  }
  LogicalResult emitMatmul(linalg::MatmulOp op) {
    Location loc = op.getLoc();
    SmallVector<Value> places = placesOf(loc, op.getResult(0));
    Value init = op.getOutputs()[0];
    bool fresh = isZeroFill(init);
    if (!fresh)
      copy(loc, buffers.lookup(init), places.front());
    auto product = linalg::MatmulOp::create(b, loc, TypeRange{},
                                            ValueRange{buffers.lookup(op.getInputs()[0]), buffers.lookup(op.getInputs()[1])},
                                            ValueRange{places.front()});
    if (fresh)
      product->setAttr("dyn.overwrite", b.getUnitAttr());
    copyToOthers(loc, places);
    return success();
  }
  void copyToOthers(Location loc, ArrayRef<Value> places) {
    for (Value other : places.drop_front())
      copy(loc, places.front(), other);
  }
  LogicalResult emitFill(linalg::FillOp op) {
    bool onlyProducts = isZeroFill(op.getResult(0)) && destinations[op.getResult(0)].empty() &&
                        llvm::all_of(op->getUsers(), [](Operation *user) { return isa<linalg::MatmulOp>(user); });
    if (onlyProducts)
      return success();
    for (Value place : placesOf(op.getLoc(), op.getResult(0)))
      linalg::FillOp::create(b, op.getLoc(), values.lookupOrDefault(op.getInputs()[0]), place);
    return success();
  }
  LogicalResult emitNamed(Operation &op) {
    auto dps = cast<DestinationStyleOpInterface>(op);
    SmallVector<Value> places = placesOf(op.getLoc(), op.getResult(0));
    Value init = dps.getDpsInitOperand(0)->get();
    if (isa<linalg::ReduceOp>(op))
      copy(op.getLoc(), buffers.lookup(init), places.front());
    IRMapping map(values);
    for (Value v : dps.getDpsInputs())
      map.map(v, buffers.lookup(v));
    map.map(init, places.front());
    OperationState state(op.getLoc(), op.getName());
    for (Value v : op.getOperands())
      state.operands.push_back(map.lookupOrDefault(v));
    state.addAttributes(op.getAttrs());
    for (Region &region : op.getRegions())
      region.cloneInto(state.addRegion(), map);
    b.create(state);
    copyToOthers(op.getLoc(), places);
    return success();
  }
  LogicalResult emitConcat(tensor::ConcatOp op) {
    bool directed = !destinations[op.getResult()].empty();
    SmallVector<Value> places = placesOf(op.getLoc(), op.getResult());
    if (!directed) // its pieces were not told where to go
      for (const Piece &piece : piecesOf(op))
        copy(op.getLoc(), buffers.lookup(piece.value), part(op.getLoc(), places.front(), piece));
    return success();
  }
  LogicalResult emitView(Operation &op) {
    Location loc = op.getLoc();
    Value from = buffers.lookup(op.getOperand(0)), to;
    if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
      if (!slice.hasUnitStride() || slice.getType().getRank() != slice.getSourceType().getRank())
        return op.emitOpError("must keep its rank and have unit strides");
      to = memref::SubViewOp::create(b, loc, from, slice.getMixedOffsets(), slice.getMixedSizes(), slice.getMixedStrides());
    } else {
      if (!cast<MemRefType>(from.getType()).getLayout().isIdentity() && !isContiguous(from)) {
        Value packed = alloc(loc, op.getOperand(0).getType());
        copy(loc, from, packed);
        from = packed;
      }
      to = reshaped(op, from);
    }
    buffers[op.getResult(0)] = to;
    for (Value place : destinations[op.getResult(0)])
      copy(loc, to, place);
    return success();
  }
  static bool isContiguous(Value memory) {
    auto type = cast<MemRefType>(memory.getType());
    auto [strides, offset] = type.getStridesAndOffset();
    int64_t expected = 1;
    for (int64_t d = type.getRank() - 1; d >= 0; --d) {
      if (type.getDimSize(d) != 1 && strides[d] != expected)
        return false;
      expected *= type.getDimSize(d);
    }
    return true;
  }
  Value reshaped(Operation &op, Value from) {
    if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
      return memref::CollapseShapeOp::create(b, op.getLoc(), from, collapse.getReassociationIndices());
    auto expand = cast<tensor::ExpandShapeOp>(op);
    return memref::ExpandShapeOp::create(b, op.getLoc(), expand.getResultType().getShape(), from,
                                         expand.getReassociationIndices());
  }
  LogicalResult emitExtract(tensor::ExtractOp op) {
    SmallVector<Value> indices;
    for (Value v : op.getIndices())
      indices.push_back(values.lookupOrDefault(v));
    Value v = memref::LoadOp::create(b, op.getLoc(), buffers.lookup(op.getTensor()), indices);
    values.map(op.getResult(), op.getType().isInteger(1) ? fromByte(b, op.getLoc(), v) : v);
    return success();
  }
  LogicalResult emitConstant(arith::ConstantOp op) {
    auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
    if (!dense)
      return op.emitOpError("must be dense");
    if (dense.getElementType().isInteger(1))
      dense = dense.mapValues(b.getI8Type(), [](const APInt &v) { return v.zext(8); });
    std::string name = (program.func.getName() + ".constant." + llvm::Twine(constants++)).str();
    MemRefType type = storage(op.getType());
    OpBuilder outside(target);
    memref::GlobalOp::create(outside, op.getLoc(), name, outside.getStringAttr("private"), type, dense,
                             /*constant=*/true, outside.getI64IntegerAttr(64));
    buffers[op.getResult()] = memref::GetGlobalOp::create(b, op.getLoc(), type, name);
    return success();
  }

  // ---- the loop -----------------------------------------------------------------------------------------------------

  LogicalResult emitLoop(LoopOverTimeOp loop) {
    Location loc = loop.getLoc();
    SmallVector<Value> scalarInits;
    SmallVector<unsigned> scalarOf; // number of the carried value
    for (auto [k, init] : llvm::enumerate(loop.getInits())) {
      if (!isState(init))
        return loop.emitOpError("carries a value that is not a state of the program");
      if (tensorType(init)) {
        buffers[loop.carried()[k]] = buffers.lookup(init);
      } else {
        scalarInits.push_back(values.lookupOrDefault(init));
        scalarOf.push_back(k);
      }
    }
    if (failed(bindOutputs(loop)))
      return failure();
    Value zero = arith::ConstantIndexOp::create(b, loc, 0), one = arith::ConstantIndexOp::create(b, loc, 1);
    auto time = scf::ForOp::create(b, loc, zero, values.lookupOrDefault(loop.getSteps()), one, scalarInits);
    time->setAttr(timeLoopAttr, b.getUnitAttr());
    {
      OpBuilder::InsertionGuard guard(b);
      if (scalarInits.empty())
        b.setInsertionPoint(time.getBody()->getTerminator());
      else
        b.setInsertionPointToEnd(time.getBody());
      bindStep(loop, time, scalarOf);
      if (failed(emitStep(loop, time, scalarOf)))
        return failure();
    }
    for (auto [place, k] : llvm::enumerate(scalarOf))
      store(loc, time.getResult(place), stateMemory(loop.getInits()[k]));
    return success();
  }
  bool isState(Value v) {
    auto argument = dyn_cast<BlockArgument>(v);
    return argument && argument.getOwner() == &program.func.getBody().front() &&
           argument.getArgNumber() >= ProgramFunction::scalars &&
           argument.getArgNumber() < ProgramFunction::scalars + program.states;
  }
  Value stateMemory(Value state) { return target.getArgument(cast<BlockArgument>(state).getArgNumber()); }

  /// Each stacked result is an output of the program.
  LogicalResult bindOutputs(LoopOverTimeOp loop) {
    outputsOf.assign(loop.stacked().size(), {});
    Operation *terminator = program.func.getBody().front().getTerminator();
    for (unsigned k = 0; k < program.outputs; ++k) {
      Value v = terminator->getOperand(program.states + k);
      if (v.getDefiningOp() != loop.getOperation())
        return loop.emitOpError("output ") << k << " of the program is not stacked by its loop";
      outputsOf[cast<OpResult>(v).getResultNumber() - loop.getInits().size()].push_back(k);
    }
    return success();
  }

  void bindStep(LoopOverTimeOp loop, scf::ForOp time, ArrayRef<unsigned> scalarOf) {
    Location loc = loop.getLoc();
    Value k = time.getInductionVar();
    Value k64 = arith::IndexCastOp::create(b, loc, b.getI64Type(), k);
    auto outer = [&](Value v) { return values.lookupOrDefault(v); };
    values.map(loop.index(), arith::AddIOp::create(b, loc, outer(loop.getI0()), k64));
    Value count = arith::SIToFPOp::create(b, loc, b.getF64Type(), arith::AddIOp::create(b, loc, outer(loop.getK0()), k64));
    Value dt = arith::ConstantOp::create(b, loc, b.getF64FloatAttr(loop.getDt().convertToDouble()));
    Value t = arith::AddFOp::create(b, loc, outer(loop.getT0()), arith::MulFOp::create(b, loc, count, dt));
    if (loop.time().getType().isF32())
      t = arith::TruncFOp::create(b, loc, b.getF32Type(), t);
    values.map(loop.time(), t);
    for (auto [place, j] : llvm::enumerate(scalarOf))
      values.map(loop.carried()[j], time.getRegionIterArgs()[place]);
    for (auto [slice, scanned] : llvm::zip(loop.slices(), loop.getScanned())) {
      unsigned number = cast<BlockArgument>(scanned).getArgNumber();
      unsigned input = number - ProgramFunction::scalars - program.states - program.params;
      Value memory = row(loc, target.getArgument(number), k, stride(input));
      if (tensorType(slice))
        buffers[slice] = memory;
      else
        values.map(slice, load(loc, memory));
    }
  }

  LogicalResult emitStep(LoopOverTimeOp loop, scf::ForOp time, ArrayRef<unsigned> scalarOf) {
    Location loc = loop.getLoc();
    InPlace inPlace(loop);
    SmallVector<unsigned> late; // carried values that are copied at the end of the step
    for (unsigned k = 0; k < loop.getInits().size(); ++k) {
      Value next = loop.nextCarried()[k], current = loop.carried()[k];
      if (!tensorType(next) || next == current)
        continue;
      if (inPlace.allowed(k) && destinations[next].empty())
        direct(loc, next, buffers.lookup(current));
      else
        late.push_back(k);
    }
    SmallVector<std::pair<Value, Value>> scalarOutputs;
    for (auto [number, value] : llvm::enumerate(loop.stacked()))
      for (unsigned output : outputsOf[number]) {
        Value memory = row(loc, outputRow(output), time.getInductionVar(), stride(program.inputs + output));
        if (tensorType(value))
          direct(loc, value, memory);
        else
          scalarOutputs.push_back({value, memory});
      }
    for (Operation &op : loop.step().without_terminator())
      if (failed(emit(op)))
        return failure();
    for (auto [value, memory] : scalarOutputs)
      store(loc, values.lookupOrDefault(value), memory);
    copyLate(loop, late);
    if (!scalarOf.empty()) {
      SmallVector<Value> next;
      for (unsigned k : scalarOf)
        next.push_back(values.lookupOrDefault(loop.nextCarried()[k]));
      scf::YieldOp::create(b, loc, next);
    }
    return success();
  }

  /// States that could not be written in place. One that takes another's old value goes through a copy of its own, since
  /// all of them change at once.
  void copyLate(LoopOverTimeOp loop, ArrayRef<unsigned> late) {
    Location loc = loop.getLoc();
    SmallVector<std::pair<Value, Value>> moves;
    for (unsigned k : late) {
      Value next = loop.nextCarried()[k], memory = buffers.lookup(next);
      if (InPlace::stateBehind(next)) {
        Value kept = alloc(loc, next.getType());
        copy(loc, memory, kept);
        memory = kept;
      }
      moves.push_back({memory, buffers.lookup(loop.carried()[k])});
    }
    for (auto [from, to] : moves)
      copy(loc, from, to);
  }

  ProgramFunction program;
  ModuleOp module;
  OpBuilder b;
  func::FuncOp target;
  IRMapping values;                                  // scalars
  llvm::DenseMap<Value, Value> buffers;              // tensors that are there
  llvm::DenseMap<Value, SmallVector<Value>> destinations; // where tensors are wanted
  SmallVector<SmallVector<unsigned>> outputsOf;      // program outputs of every stacked value
  unsigned constants = 0;
};

struct BufferizeStepPass : overtime::ir::impl::BufferizeStepBase<BufferizeStepPass> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> programs;
    for (func::FuncOp func : getOperation().getOps<func::FuncOp>())
      if (func->hasAttr(programAttr))
        programs.push_back(func);
    for (func::FuncOp func : programs) {
      FailureOr<ProgramFunction> program = ProgramFunction::get(func);
      if (failed(program) || failed(Bufferizer(*program).run()))
        return signalPassFailure();
    }
  }
};

} // namespace

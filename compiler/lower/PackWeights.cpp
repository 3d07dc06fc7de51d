// SPDX-License-Identifier: Apache-2.0
// pack-weights: large right factors of products are laid out in panels before the loop over time.
//
// A product reads a panel of as many columns as its tile row by row. In a matrix of thousands of columns every row of
// the panel lies in another page and cache set; packed, the panel is one stretch of memory (Goto & van de Geijn 2008).
#include "compiler/lower/Passes.h"
#include "compiler/lower/ProductChain.h"
#include "compiler/lower/ProgramFunction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace overtime::ir {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "compiler/lower/Passes.h.inc"
} // namespace overtime::ir

using namespace mlir;
using namespace overtime::ir;

namespace {

constexpr int64_t smallest = 256 << 10; // bytes; less stays in the second cache anyway
constexpr int64_t fewSteps = 4;         // for which copying the weights would not pay

MemRefType typeOf(Value v) { return cast<MemRefType>(v.getType()); }
int64_t bytesOf(Value v) { return typeOf(v).getNumElements() * typeOf(v).getElementTypeBitWidth() / 8; }

/// A whole array of the caller that nothing writes.
bool isParameter(Value v) {
  auto argument = dyn_cast<BlockArgument>(v);
  return argument && isa<func::FuncOp>(argument.getOwner()->getParentOp()) && typeOf(v).getLayout().isIdentity() &&
         llvm::all_of(v.getUsers(), [&](Operation *user) {
           auto product = dyn_cast<linalg::LinalgOp>(user);
           return product && llvm::is_contained(product.getDpsInputs(), v) &&
                  !llvm::is_contained(product.getDpsInits(), v);
         });
}

/// Rewrites one chain of products as a loop over panels.
class Packing {
public:
  Packing(ProductChain &chain, scf::ForOp time, int64_t width)
      : chain(chain), time(time), b(time), loc(time.getLoc()), width(width) {
    columns = typeOf(chain.result()).getDimSize(1);
    whole = columns / width * width;
  }

  void run() {
    Operation *outermost = time;
    while (!isa<func::FuncOp>(outermost->getParentOp()))
      outermost = outermost->getParentOp();
    b.setInsertionPoint(outermost);
    Value many = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, time.getUpperBound(), index(fewSteps));
    for (linalg::MatmulOp op : chain.products)
      panels.push_back(pack(op.getInputs()[1], many));
    b.setInsertionPoint(chain.products.back());
    auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(width));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(loop.getBody()->getTerminator());
      Value first = loop.getInductionVar();
      writeChain(first, width, [&](size_t k) { return panelAt(panels[k], first); });
    }
    if (whole < columns)
      writeChain(index(whole), columns - whole,
                 [&](size_t k) { return columnsOf(chain.products[k].getInputs()[1], index(whole), columns - whole); });
    chain.erase();
  }

private:
  /// Panels of a matrix: element (k, j) of the one that begins with column c lies at c * panel + k * row + j.
  struct Panels {
    Value memory, panel, row;
    int64_t inner;
  };

  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }
  Value choose(Value many, int64_t packed, int64_t given) {
    return arith::SelectOp::create(b, loc, many, index(packed), index(given));
  }
  Value columnsOf(Value matrix, Value first, int64_t count) {
    SmallVector<OpFoldResult> offsets = {b.getIndexAttr(0), first}, strides(2, b.getIndexAttr(1)),
                              sizes = {b.getIndexAttr(typeOf(matrix).getDimSize(0)), b.getIndexAttr(count)};
    return memref::SubViewOp::create(b, loc, matrix, offsets, sizes, strides);
  }
  Value panelAt(const Panels &panels, Value first) {
    Value offset = arith::MulIOp::create(b, loc, first, panels.panel);
    auto layout = StridedLayoutAttr::get(b.getContext(), ShapedType::kDynamic, {ShapedType::kDynamic, 1});
    auto type = MemRefType::get({panels.inner, width}, typeOf(panels.memory).getElementType(), layout);
    return memref::ReinterpretCastOp::create(b, loc, type, panels.memory, OpFoldResult(offset),
                                             {b.getIndexAttr(panels.inner), b.getIndexAttr(width)},
                                             {OpFoldResult(panels.row), b.getIndexAttr(1)});
  }

  Panels pack(Value matrix, Value many) {
    int64_t inner = typeOf(matrix).getDimSize(0);
    Type element = typeOf(matrix).getElementType();
    Value packed = memref::AllocOp::create(b, loc, MemRefType::get({inner * whole}, element));
    auto unknown = MemRefType::get({ShapedType::kDynamic}, element);
    auto anySize = [&](Value flat) -> Value { return memref::CastOp::create(b, loc, unknown, flat); };
    Panels inPanels{anySize(packed), index(inner), index(width), inner};
    auto ifMany = scf::IfOp::create(b, loc, many, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(ifMany.thenBlock()->getTerminator());
      auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(width));
      b.setInsertionPoint(loop.getBody()->getTerminator());
      Value first = loop.getInductionVar();
      AffineMap same = b.getMultiDimIdentityMap(2);
      linalg::GenericOp::create(
          b, loc, columnsOf(matrix, first, width), panelAt(inPanels, first), ArrayRef<AffineMap>{same, same},
          SmallVector<utils::IteratorType>(2, utils::IteratorType::parallel),
          [](OpBuilder &inner, Location at, ValueRange v) { linalg::YieldOp::create(inner, at, v[0]); });
    }
    SmallVector<ReassociationIndices> all = {{0, 1}};
    Value given = anySize(memref::CollapseShapeOp::create(b, loc, matrix, all));
    return {arith::SelectOp::create(b, loc, many, inPanels.memory, given), choose(many, inner, 1),
            choose(many, width, columns), inner};
  }

  void writeChain(Value first, int64_t count, llvm::function_ref<Value(size_t)> right) {
    Value out = columnsOf(chain.result(), first, count);
    if (chain.bias) {
      Value row = memref::SubViewOp::create(b, loc, chain.biasRow(), ArrayRef<OpFoldResult>{first},
                                            ArrayRef<OpFoldResult>{b.getIndexAttr(count)},
                                            ArrayRef<OpFoldResult>{b.getIndexAttr(1)});
      linalg::GenericOp::create(
          b, loc, row, out, chain.bias.getIndexingMapsArray(), chain.bias.getIteratorTypesArray(),
          [](OpBuilder &inner, Location at, ValueRange v) { linalg::YieldOp::create(inner, at, v[0]); });
    }
    for (auto [k, product] : llvm::enumerate(chain.products)) {
      auto part = linalg::MatmulOp::create(b, product.getLoc(), TypeRange{},
                                           ValueRange{product.getInputs()[0], right(k)}, ValueRange{out});
      if (product->hasAttr(overwriteAttr))
        part->setAttr(overwriteAttr, b.getUnitAttr());
    }
  }

  ProductChain &chain;
  scf::ForOp time;
  OpBuilder b;
  Location loc;
  int64_t width, columns, whole;
  SmallVector<Panels> panels;
};

struct PackWeightsPass : overtime::ir::impl::PackWeightsBase<PackWeightsPass> {
  using PackWeightsBase::PackWeightsBase;

  void runOnOperation() override {
    SmallVector<scf::ForOp> loops;
    getOperation().walk([&](scf::ForOp loop) {
      if (loop->hasAttr(timeLoopAttr))
        loops.push_back(loop);
    });
    for (scf::ForOp time : loops)
      for (ProductChain &chain : findProductChains(time)) {
        // The tile of lower-matmul is four vectors wide.
        int64_t width = 4 * vectorBits / typeOf(chain.result()).getElementTypeBitWidth(), bytes = 0;
        bool all = typeOf(chain.result()).getDimSize(1) >= 2 * width;
        for (linalg::MatmulOp op : chain.products) {
          all &= isParameter(op.getInputs()[1]);
          bytes += bytesOf(op.getInputs()[1]);
        }
        if (all && bytes >= smallest && chain.products.front()->getBlock() == time.getBody())
          Packing(chain, time, width).run();
      }
  }
};

} // namespace

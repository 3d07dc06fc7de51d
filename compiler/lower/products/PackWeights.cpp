// SPDX-License-Identifier: Apache-2.0
// pack-weights: large right factors of products are laid out in panels before the loop over time.
//
// A product reads a panel of as many columns as its tile row by row. In a matrix of thousands of columns every row of
// the panel lies in another page and cache set; packed, the panel is one stretch of memory (Goto & van de Geijn 2008).
#include "compiler/lower/Passes.h"
#include "compiler/lower/memory/InputPart.h"
#include "compiler/lower/memory/ProgramMemory.h"
#include "compiler/lower/products/ProductChain.h"
#include "compiler/lower/products/ProductTile.h"
#include "compiler/lower/products/WeightPanels.h"
#include "dialect/Dyn.h"

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

MemRefType typeOf(Value v) { return cast<MemRefType>(v.getType()); }
int64_t bytesOf(Value v) { return typeOf(v).getNumElements() * typeOf(v).getElementTypeBitWidth() / 8; }

/// Few steps of a run come there, and not all runs.
bool isInShortChunk(Operation *op) {
  auto branch = op->getParentOfType<scf::IfOp>();
  return branch && branch->hasAttr(shortChunkAttr);
}

/// Rewrites one chain of products as a loop over panels, where its last product stands.
class Packing {
public:
  Packing(ProductChain &chain, WeightPanels &weights, int64_t width)
      : chain(chain), b(chain.products.back()), loc(chain.products.front().getLoc()), width(width) {
    columns = typeOf(chain.result()).getDimSize(1);
    whole = columns / width * width;
    for (linalg::MatmulOp op : chain.products)
      panels.push_back(weights.of(op.getInputs()[1], width, typeOf(chain.result()).getDimSize(0)));
  }

  void run() {
    auto loop = scf::ForOp::create(b, loc, index(0), index(whole), index(width));
    {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPoint(loop.getBody()->getTerminator());
      Value first = loop.getInductionVar();
      writeChain(first, width, [&](size_t k) { return panels[k].at(b, loc, first); });
    }
    if (whole < columns)
      writeChain(index(whole), columns - whole, [&](size_t k) {
        return columnsOf(b, loc, chain.products[k].getInputs()[1], index(whole), columns - whole);
      });
    chain.erase();
  }

private:
  Value index(int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); }

  void writeChain(Value first, int64_t count, llvm::function_ref<Value(size_t)> right) {
    Value out = columnsOf(b, loc, chain.result(), first, count);
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
      for (StringRef name : {overwriteAttr, addProductAttr, eventsAttr})
        if (product->hasAttr(name))
          part->setAttr(name, b.getUnitAttr());
    }
  }

  ProductChain &chain;
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
    for (scf::ForOp time : loops) {
      SmallVector<ProductChain> chains = findProductChains(time);
      llvm::erase_if(chains, [&](ProductChain &chain) { return !isWorthPacking(chain, time); });
      WeightPanels weights(time);
      for (ProductChain &chain : chains)
        Packing(chain, weights, widthOf(chain)).run();
    }
  }

  /// That of a tile of lower-matmul.
  int64_t widthOf(ProductChain &chain) {
    MemRefType result = typeOf(chain.result());
    return tileColumns(result.getDimSize(0), result.getDimSize(1), {vectorBits, result.getElementTypeBitWidth()});
  }

  bool isWorthPacking(ProductChain &chain, scf::ForOp time) {
    int64_t bytes = 0;
    for (linalg::MatmulOp op : chain.products) {
      if (!isFixed(op.getInputs()[1], time))
        return false;
      bytes += bytesOf(op.getInputs()[1]);
    }
    return bytes >= smallest && typeOf(chain.result()).getDimSize(1) >= 2 * widthOf(chain) &&
           !isInShortChunk(chain.products.front());
  }
};

} // namespace

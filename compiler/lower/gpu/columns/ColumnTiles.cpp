// SPDX-License-Identifier: Apache-2.0
// How the blocks of a grid share a recurrent network: each has some columns of every matrix.
#include "compiler/lower/gpu/columns/ColumnTiles.h"

#include "compiler/lower/memory/ProgramMemory.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseSet.h"

#include <numeric>

using namespace mlir;

namespace overtime::ir {
namespace {

/// Weights that a block which runs a row of a batch finds in its first level of cache in every step.
constexpr int64_t mostCachedBytes = 128 << 10;
constexpr int64_t mostThreads = 256; // of a block

/// Groups of threads for the rows of a block: enough threads to hide the latency of memory, and up to four rows for
/// each, so that a weight that is read counts for several rows. Without a remainder where a divisor is near.
int64_t groupsFor(int64_t rows, int64_t width) {
  int64_t most = std::min(rows, std::max<int64_t>(1, mostThreads / width));
  int64_t wanted = std::clamp<int64_t>(std::max<int64_t>(llvm::divideCeil(128, width), rows / 4), 1, most);
  for (int64_t groups = wanted; groups <= std::min(most, 2 * wanted); ++groups)
    if (rows % groups == 0)
      return groups;
  return wanted;
}

/// The same for fragments of tensor cores: 8 groups in a warp, two rows or more for each.
int64_t groupsOfFragments(int64_t rows, int64_t width) {
  int64_t most = std::max<int64_t>(8, mostThreads / width / 8 * 8);
  return std::clamp<int64_t>(llvm::divideCeil(llvm::divideCeil(rows, 2), 8) * 8, 8, most);
}

/// What the products of a loop over time have in common: rows and constant weights of all, columns of the widest and
/// the narrowest. Those that have too few columns in common with the larger ones are left out.
class Products {
public:
  int64_t weightBytes = 0, rows = 0, widest = 0, narrowest = INT64_MAX, modulus = 0;

  Products(scf::ForOp time, int64_t leastColumns) : time(time), leastColumns(leastColumns), written(writtenIn(time)) {}

  /// False where the loop has no products, or does something else that threads would share.
  bool read() {
    SmallVector<linalg::MatmulOp> products;
    for (Operation &op : time.getBody()->without_terminator())
      if (auto product = dyn_cast<linalg::MatmulOp>(op))
        products.push_back(product);
      else if (!isa<linalg::LinalgOp, memref::LoadOp, memref::StoreOp, ViewLikeOpInterface>(op) &&
               (op.getNumRegions() > 0 || llvm::any_of(op.getOperands(), [](Value v) { return bool(memoryType(v)); })))
        return false;
    llvm::stable_sort(products, [](auto a, auto b) { return bytesOf(a.getInputs()[1]) > bytesOf(b.getInputs()[1]); });
    llvm::DenseSet<Value> weights, results;
    for (linalg::MatmulOp product : products) {
      auto out = cast<MemRefType>(product.getOutputs()[0].getType());
      Value right = product.getInputs()[1];
      if (!divideBy(out.getDimSize(1)))
        continue;
      results.insert(rootOf(product.getOutputs()[0]));
      if (written.contains(rootOf(right)))
        continue;
      widest = std::max(widest, out.getDimSize(1));
      narrowest = std::min(narrowest, out.getDimSize(1));
      rows = std::max(rows, out.getDimSize(0));
      if (weights.insert(right).second)
        weightBytes += bytesOf(right);
    }
    for (auto op : time.getBody()->getOps<linalg::LinalgOp>())
      for (Value operand : op->getOperands())
        if (memoryType(operand) && results.contains(rootOf(operand)))
          takeIn(operand);
    return weightBytes > 0;
  }

private:
  static int64_t bytesOf(Value matrix) {
    auto type = cast<MemRefType>(matrix.getType());
    return type.getNumElements() * type.getElementTypeBitWidth() / 8;
  }
  bool divideBy(int64_t count) {
    int64_t common = std::gcd(modulus, count);
    if (common < leastColumns)
      return false;
    modulus = common;
    return true;
  }
  /// Parts of a result end where its readers' do.
  void takeIn(Value view) {
    if (auto shape = cast<MemRefType>(view.getType()).getShape(); !shape.empty())
      (void)divideBy(shape.back());
    for (; auto part = view.getDefiningOp<memref::SubViewOp>(); view = part.getSource())
      if (int64_t offset = part.getStaticOffsets().back(); !ShapedType::isDynamic(offset))
        (void)divideBy(offset);
  }

  scf::ForOp time;
  int64_t leastColumns;
  llvm::DenseSet<Value> written;
};

} // namespace

int64_t columnsOf(linalg::LinalgOp op) {
  int64_t columns = 0;
  for (auto [extent, kind] : llvm::zip(op.getStaticLoopRanges(), op.getIteratorTypesArray()))
    if (kind == utils::IteratorType::parallel)
      columns = extent;
  return columns;
}

bool isConstantIn(Value memory, scf::ForOp loop) { return !writtenIn(loop).contains(rootOf(memory)); }

/// A processor's cycles, to compare ways to cut: multiply-adds, of which it does 128 at once, and numbers that come
/// from other processors or, where they find no place in shared memory, from the second cache, 16 at once.
static double cyclesOf(const Products &products, int64_t width, int64_t rows, const GpuLimits &device) {
  double cut = double(width) / double(products.modulus);
  double weights = double(products.weightBytes) / 4 * cut, terms = weights * double(rows);
  bool fits = double(products.weightBytes) * cut <= double(device.sharedBytes);
  double columns = double(products.widest) * cut;
  return terms / 128 + (weights / columns * double(rows) + (fits ? 0 : weights)) / 16;
}

static TensorFormat formatOf(scf::ForOp time, const GpuLimits &device) {
  auto allowed = time->getParentOfType<func::FuncOp>()->getAttrOfType<StringAttr>(matmulPrecisionAttr);
  if (!allowed || !device.tensorCores)
    return TensorFormat::None;
  return allowed.getValue() == "bf16" ? TensorFormat::Bf16 : TensorFormat::Tf32;
}

std::optional<ColumnTiles> ColumnTiles::find(scf::ForOp time, const GpuLimits &device) {
  Products products(time, /*leastColumns=*/32);
  TensorFormat format = formatOf(time, device);
  if (!products.read() || products.weightBytes <= mostCachedBytes || products.rows < 2)
    return std::nullopt;
  if (format != TensorFormat::None && products.narrowest / products.modulus % 2 != 0) {
    if (products.modulus % 2 != 0) // a thread has two parts of a product
      format = TensorFormat::None;
    else
      products.modulus /= 2;
  }
  bool tensor = format != TensorFormat::None;
  std::optional<ColumnTiles> best;
  double cycles = 0;
  for (int64_t width = tensor ? 4 : 1; width <= std::min<int64_t>(mostThreads, products.modulus);
       width += tensor ? 4 : 1) {
    int64_t across = llvm::divideCeil(products.modulus, width);
    if (across > device.processors || across < 2)
      continue;
    int64_t down = std::min<int64_t>(device.processors / across, llvm::divideCeil(products.rows, 4));
    int64_t rows = llvm::divideCeil(products.rows, down);
    int64_t groups = tensor ? groupsOfFragments(rows, width) : groupsFor(rows, width);
    if (groups * width > mostThreads)
      continue;
    double now = cyclesOf(products, width, rows, device);
    if (best && now >= cycles)
      continue;
    best =
        ColumnTiles{products.modulus, width, groups, groups * int64_t(llvm::divideCeil(products.rows, rows)), format};
    cycles = now;
  }
  return best;
}

std::optional<ColumnTiles> ColumnTiles::findRows(scf::ForOp time, const GpuLimits &device) {
  Products products(time, /*leastColumns=*/8);
  constexpr int64_t most = 4; // rows of a thread
  if (!products.read() || products.weightBytes > mostSharedBytes || products.rows < most * device.processors ||
      products.modulus > mostThreads ||
      !llvm::all_of(time.getBody()->getOps<linalg::LinalgOp>(), [&](linalg::LinalgOp op) {
        SmallVector<int64_t> extents = op.getStaticLoopRanges(); // rows by columns, which may be sums
        return extents.empty() || (op.getNumParallelLoops() == 2 && extents.front() == products.rows &&
                                   op.getIteratorTypesArray().front() == utils::IteratorType::parallel);
      }))
    return std::nullopt;
  int64_t groups = std::max<int64_t>(1, mostThreads / products.modulus), each = most;
  while (each > 1 && llvm::divideCeil(products.rows, each * groups) < uint64_t(device.processors))
    each /= 2; // no processor stands idle
  int64_t blocks = llvm::divideCeil(products.rows, each * groups);
  return ColumnTiles{products.modulus, products.modulus, groups, blocks * groups};
}

} // namespace overtime::ir

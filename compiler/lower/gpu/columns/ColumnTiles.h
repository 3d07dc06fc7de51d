// SPDX-License-Identifier: Apache-2.0
// How the blocks of a grid share a recurrent network: each has some columns of every matrix.
#pragma once

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

#include <optional>

namespace overtime::ir {

/// Shared memory of a block, so that several fit on a processor of any device.
inline constexpr int64_t mostSharedBytes = 40 << 10;

/// What a device has: processors, shared memory that a block can have, and tensor cores for tf32 and bf16.
struct GpuLimits {
  int64_t processors = 0, sharedBytes = 0;
  bool tensorCores = false;
};

/// Operands that a program allows in products on tensor cores; sums are of f32.
enum class TensorFormat { None, Tf32, Bf16 };

/// A matrix of N = Q * modulus columns lies side by side in Q parts, such as the gates of a cell. Blocks form a table:
/// those of its column c have the columns from c * width on of each part, `width` of them, and those of its row r have
/// the matrix rows whose number modulo `groups` is in r * groupsOfBlock .. (r + 1) * groupsOfBlock. A group of threads
/// of a block has the rows of one such number. So one thread has the numbers of a unit in a row of the batch: all
/// gates, and the states that they make.
struct ColumnTiles {
  int64_t modulus = 1, width = 1, groupsOfBlock = 1, groups = 1;
  /// With a format, threads stand as the fragments of tensor cores need it: a warp has 4 units and 8 groups.
  TensorFormat format = TensorFormat::None;

  int64_t blocksAcross() const { return llvm::divideCeil(modulus, width); }
  int64_t blocks() const { return blocksAcross() * (groups / groupsOfBlock); }
  int64_t threads() const { return width * groupsOfBlock; }
  /// Whether a matrix of so many columns is cut; what is not is shared element by element.
  bool cut(int64_t columns) const { return columns > 0 && columns % modulus == 0; }

  /// For a loop over time whose products read more weights than the caches of a processor keep from step to step: what
  /// a block needs of them is little, and the same in every step. None for other loops.
  static std::optional<ColumnTiles> find(mlir::scf::ForOp time, const GpuLimits &device);
  /// For many rows that no step mixes, with weights that a block has room for: a block has all columns of its rows, and
  /// needs nothing of another.
  static std::optional<ColumnTiles> findRows(mlir::scf::ForOp time, const GpuLimits &device);
};

/// Columns of what an operation computes: elements of its last parallel loop, or 0.
int64_t columnsOf(mlir::linalg::LinalgOp op);

/// Whether nothing in the loop writes to the memory.
bool isConstantIn(mlir::Value memory, mlir::scf::ForOp loop);

} // namespace overtime::ir

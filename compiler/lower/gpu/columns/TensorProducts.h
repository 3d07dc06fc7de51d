// SPDX-License-Identifier: Apache-2.0
// Matrix products on tensor cores, for programs that allow operands with fewer bits.
#pragma once

#include "compiler/lower/gpu/PointLoops.h"
#include "compiler/lower/gpu/Team.h"

namespace overtime::ir {

/// A warp multiplies 16 rows by 16 terms by the columns of 4 units: mma.sync m16n8k8 of tf32, or m16n8k16 of bf16
/// ("Warp Level Matrix Multiply-Accumulate Instructions", PTX ISA 8.0). Its threads stand so (`ColumnTiles::format`)
/// that each has the sums of its own unit and rows: rows g and g + 8 of a fragment are neighbours in a thread's rows,
/// columns 2 u and 2 u + 1 two parts of unit u. Terms may be in any order as long as both operands have the same: a
/// thread reads four that follow each other.
class FragmentLayout {
public:
  static constexpr int64_t terms = 16; // of a pass: 4 for each of the 4 threads of a row
  FragmentLayout(const Team &team, mlir::OpBuilder &b, mlir::Location loc);

  /// 32-bit words that a thread holds of its four terms of a row or column.
  int64_t words() const { return format == TensorFormat::Tf32 ? 4 : 2; }
  /// Four numbers of f32, rounded to the nearest.
  llvm::SmallVector<mlir::Value> pack(llvm::ArrayRef<mlir::Value> four) const;
  /// sums += rows x columns: [row, part] for two of each.
  void multiply(llvm::ArrayRef<mlir::Value> row0, llvm::ArrayRef<mlir::Value> row1, llvm::ArrayRef<mlir::Value> column,
                llvm::MutableArrayRef<mlir::Value> sums) const;

  /// Weights of a block as its threads take them: [passes, units / 4, parts / 2, lanes, words].
  mlir::MemRefType copyType(int64_t terms, int64_t parts) const;
  /// What the thread `lane` of a warp has in such a copy: its first term in the pass, its unit among the four, its part
  /// of two.
  struct Place {
    mlir::Value firstTerm, unit, part; // i32
  };
  Place placeOf(mlir::Value lane) const;

  mlir::Value lane, units; ///< of this thread: in its warp; number of its warp's four units in the block; i32

private:
  mlir::Value i32(int64_t v) const;

  mlir::OpBuilder &b;
  mlir::Location loc;
  const ColumnTiles &tiles;
  TensorFormat format;
};

/// Whether tensor cores compute the operation.
bool isForTensorCores(mlir::linalg::LinalgOp op, const std::optional<ColumnTiles> &tiles);

/// Writes a product; `weights` is a copy of its second operand, or null.
void writeTensorProduct(const Team &team, mlir::OpBuilder &b, mlir::linalg::MatmulOp op, mlir::Value weights);

} // namespace overtime::ir

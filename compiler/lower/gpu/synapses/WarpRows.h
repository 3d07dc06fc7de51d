// SPDX-License-Identifier: Apache-2.0
// Draws the targets of a source, 32 at a time: those of runtime/rows.cpp.
#pragma once

#include "compiler/lower/RowRule.h"
#include "compiler/lower/gpu/synapses/WarpCode.h"

namespace overtime::ir {

/// A bit for each target says that a source has it already: that of memory[first + words target].
struct Marks {
  mlir::Value memory, first; // i32; index
  int64_t words;
  mlir::Value bit; // i32 with one bit set
};

/// Written for the threads of a warp that draw together, all with the same source.
class WarpRows {
public:
  /// `lane`: of a thread in its warp, i32.
  WarpRows(WarpCode &code, ModuleConstants &constants, RowRuleAttr rule, mlir::Value lane);

  /// Different targets out of all are a chain, in which each is chosen by what was chosen before: they need marks.
  bool needsMarks() const { return rule.rows->number > 0; }

  /// A thread's target (index), whether it has one, and what goes from turn to turn; returns the latter.
  using Visit = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::Value, mlir::ValueRange)>;
  /// The targets in the order of the processor: turn by turn, and in a turn thread by thread. Where marks are needed
  /// those of all targets are set.
  llvm::SmallVector<mlir::Value> each(mlir::Value source, const Marks &marks, mlir::ValueRange carried, Visit visit);
  /// Takes the marks of a source away again.
  void clear(mlir::Value source, const Marks &marks);

private:
  llvm::SmallVector<mlir::Value> eachByGaps(mlir::Value source, mlir::ValueRange carried, Visit visit);
  llvm::SmallVector<mlir::Value> eachByNumber(mlir::Value source, const Marks &marks, mlir::ValueRange carried,
                                              Visit visit);
  /// One of the different numbers, before it is known which are taken.
  struct Choice {
    mlir::Value has, first, otherwise; // i1; i32: what is drawn, and what is taken in its place
    mlir::Value start;                 // `otherwise` of the first thread
  };
  llvm::SmallVector<mlir::Value>
  eachChoice(mlir::Value source, mlir::ValueRange carried,
             llvm::function_ref<llvm::SmallVector<mlir::Value>(const Choice &, mlir::ValueRange)> body);
  /// In a turn of 32: which threads find their number taken.
  mlir::Value collisions(mlir::Value source, const Choice &choice, const Marks &marks);

  mlir::Value hasTargets(mlir::Value source);
  std::array<mlir::Value, 4> words(mlir::Value source, mlir::Value stream, mlir::Value group);
  /// Of the 64 words of a group, those of the first or second 32 threads.
  mlir::Value wordOf(const std::array<mlir::Value, 4> &words, mlir::Value half);
  mlir::Value targetOf(mlir::Value source, mlir::Value number);
  mlir::Value placeOf(mlir::Value target, const Marks &marks);

  WarpCode &code;
  ModuleConstants &constants;
  RowRule rule;
  mlir::Value lane;
};

} // namespace overtime::ir

// SPDX-License-Identifier: Apache-2.0
// Shares the operations of a program among the threads of a team.
#pragma once

#include "compiler/lower/gpu/LongSums.h"
#include "compiler/lower/gpu/TeamAccesses.h"
#include "compiler/lower/gpu/columns/SharedWeights.h"
#include "compiler/lower/gpu/synapses/TeamSynapses.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

namespace overtime::ir {

/// Writes operations on memory as scalar code that the threads of a team run together. They wait for each other before
/// an operation that touches what another thread may have written, or writes what another may still read.
class StepWriter {
public:
  StepWriter(const Team &team, mlir::Value workspace, mlir::MLIRContext *context)
      : team(team), workspace(workspace), b(context), synapses(team, workspace, b) {}

  mlir::LogicalResult write(mlir::Block &block);
  /// Elements of the largest operation that threads can share; 1 where `op` is none.
  static int64_t pointsOf(mlir::Operation *op);

private:
  mlir::LogicalResult writeOp(mlir::Operation &op);
  mlir::LogicalResult writeLoop(mlir::scf::ForOp loop);
  void writeLoops(mlir::linalg::LinalgOp op, const TeamAccesses &now);
  void share(mlir::linalg::LinalgOp op);
  void shareSum(mlir::linalg::LinalgOp op, const LongSum &sum);
  void writeAlone(mlir::Operation &op);
  void scatter(PropagateOp op);
  void gatherBefore(mlir::Operation *op);

  void access(mlir::Operation *op, const TeamAccesses &now);
  void wait(mlir::Operation *before);
  mlir::SmallVector<mlir::Value> placeOf(mlir::Value number, mlir::ArrayRef<int64_t> extents);

  /// Its events are on their way. What is between here and the first use of its sums need not wait for them.
  struct Underway {
    PropagateOp op;
    Arrivals arrivals;
    bool arrived; // the team has waited since
  };

  const Team &team;
  mlir::Value workspace;
  mlir::OpBuilder b;
  TeamSynapses synapses;
  WeightsCopies weights; // of the loop over time
  llvm::SmallVector<Underway, 0> underway;
  TeamAccesses pending, head; // since threads last waited; of a loop, before they first do
  bool waited = false;
};

} // namespace overtime::ir

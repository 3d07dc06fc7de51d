// SPDX-License-Identifier: Apache-2.0
// Visits the sources that have an event, with the rows of their synapses.
#pragma once

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace overtime::ir {

/// Small pieces of loops on memory.
struct LoopCode {
  mlir::OpBuilder &b;
  mlir::Location loc;

  mlir::Value index(int64_t v);
  mlir::Value next(mlir::Value i);
  /// An element of an array of i32, none of them negative.
  mlir::Value loadIndex(mlir::Value memory, mlir::Value at);
  mlir::scf::ForOp loop(mlir::Value begin, mlir::Value end, mlir::Value step);
  void each(mlir::Value begin, mlir::Value end, llvm::function_ref<void(mlir::Value)> body);
  /// The same, several in a turn.
  void eachUnrolled(mlir::Value begin, mlir::Value end, llvm::function_ref<void(mlir::Value)> body);
};

/// The synapses of a source with an event: begin <= k < end.
struct EventRow {
  mlir::Value begin, end;
  mlir::Value strength; // null where events are flags
};

/// Events are compared a vector at a time, and the bits of a vector that has any are taken one by one. A row waits
/// until two more events are found, while the arrays in `prefetched` come into the cache at its place.
class EventScan {
public:
  EventScan(LoopCode &code, mlir::Value events, mlir::Value offsets, llvm::SmallVector<mlir::Value> prefetched);

  void write(llvm::function_ref<void(const EventRow &)> visit);

private:
  mlir::Value bitsOf(mlir::Value block, mlir::Value first);
  void fetch(const EventRow &row);
  llvm::SmallVector<mlir::Value> waiting(mlir::ValueRange queue, const EventRow &row) const;
  EventRow oldest(mlir::ValueRange queue) const;
  EventRow rowOf(mlir::Value source);

  LoopCode &code;
  mlir::Value events, offsets;
  llvm::SmallVector<mlir::Value> prefetched;
  mlir::MemRefType type;
  int64_t lanes;
  bool flags;
  unsigned fields; // of a row in the queue
};

} // namespace overtime::ir

// SPDX-License-Identifier: Apache-2.0
// Visits the sources that have an event, with the rows of their synapses.
#pragma once

#include "compiler/lower/LoopCode.h"
#include "dialect/Dyn.h"

namespace overtime::ir {

/// A count of listed events has a line of the cache for itself, since its part writes it.
constexpr int64_t countStride = 16;

/// The synapses of a source with an event: begin <= k < end. Where none are stored it is the source itself.
struct EventRow {
  mlir::Value begin, end;
  mlir::Value strength; // null where events are flags
};

/// Events are compared a vector at a time, and the bits of a vector that has any are taken one by one. A row waits
/// until two more events are found, while the arrays in `prefetched` come into the cache at its place.
class EventScan {
public:
  /// Without offsets rows are drawn.
  EventScan(LoopCode &code, mlir::Value events, mlir::Value offsets, llvm::SmallVector<mlir::Value> prefetched);

  void write(llvm::function_ref<void(const EventRow &)> visit);
  /// The same for events that dyn.list_events has listed.
  void writeListed(PropagateOp op, llvm::function_ref<void(const EventRow &)> visit);
  /// Writes the places of the events, counted from `from` on, to a list, and how many there are to count[0].
  void list(mlir::Value from, mlir::Value to, mlir::Value count);

private:
  using Bit = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value source, mlir::ValueRange carried)>;
  /// Carries values from event to event.
  mlir::ValueRange eachEvent(mlir::ValueRange start, Bit bit);
  llvm::SmallVector<mlir::Value> emptyQueue();
  /// The source comes into the queue, the oldest leaves it.
  llvm::SmallVector<mlir::Value> push(mlir::Value source, mlir::ValueRange queue,
                                      llvm::function_ref<void(const EventRow &)> visit);
  void drain(mlir::ValueRange queue, llvm::function_ref<void(const EventRow &)> visit);
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

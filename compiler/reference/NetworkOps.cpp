// SPDX-License-Identifier: Apache-2.0
// The operations of dyn on synapses and ring buffers.
#include "compiler/reference/Evaluator.h"
#include "dialect/Dyn.h"
#include "runtime/rows.h"

#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;

namespace overtime::reference {
namespace {

/// Places in other arrays. Those of 16 bits have no sign.
std::vector<int64_t> placesIn(Evaluator &evaluator, Value v) {
  bool narrow = getElementTypeOrSelf(v.getType()).isInteger(16);
  std::vector<int64_t> places;
  for (const Cell &cell : evaluator.get(v)->cells)
    places.push_back(narrow ? cell.integer & 0xffff : cell.integer);
  return places;
}

/// Synapses by rows, checked: nothing here reads outside of an array.
struct Rows {
  std::vector<int64_t> offsets, targets;

  static Rows drawn(ir::RowRuleAttr rule, int64_t sources) {
    auto described = std::make_unique<overtime_rows>();
    double probability = rule.getProbability() ? rule.getProbability().getValueAsDouble() : 0.0;
    overtime_describe_rows(described.get(), rule.getSeed(), rule.getPosts(), probability, rule.getNumber().value_or(-1),
                           rule.getSkipsSelf(), rule.getShare() ? rule.getShare().getValueAsDouble() : 1.0);
    std::vector<uint32_t> table(overtime_row_table(described.get()));
    std::vector<int32_t> row(rule.getPosts());
    Rows rows{{0}, {}};
    for (int64_t i = 0; i < sources; ++i) {
      int64_t count = overtime_draw_row(described.get(), i, table.data(), row.data());
      rows.targets.insert(rows.targets.end(), row.begin(), row.begin() + count);
      rows.offsets.push_back(rows.targets.size());
    }
    return rows;
  }

  static std::optional<Rows> get(Evaluator &evaluator, Operation *op, Value offsets, Value targets, int64_t posts) {
    Rows rows{placesIn(evaluator, offsets), placesIn(evaluator, targets)};
    int64_t synapses = rows.targets.size(), before = 0;
    for (int64_t offset : rows.offsets) {
      if (offset < before || offset > synapses) {
        evaluator.fail(op, "has offsets that do not ascend from 0 to " + Twine(synapses));
        return std::nullopt;
      }
      before = offset;
    }
    for (int64_t target : rows.targets)
      if (target < 0 || target >= posts) {
        evaluator.fail(op, "has target " + Twine(target) + " of " + Twine(posts));
        return std::nullopt;
      }
    return rows;
  }
  int64_t sources() const { return offsets.size() - 1; }
  template <class Visit> void each(int64_t source, Visit visit) const {
    for (int64_t k = offsets[source]; k < offsets[source + 1]; ++k)
      visit(k, targets[k]);
  }
};

/// The weight of a synapse, of all or of each.
const Cell &weightOf(const Datum &weights, int64_t k) {
  return weights.shape.empty() ? weights.cells.front() : weights.cells[k];
}

bool isEvent(const Cell &cell, bool isFlag) { return isFlag ? cell.integer != 0 : cell.value != 0.0; }
Cell strength(const Cell &event, bool isFlag) { return isFlag ? realCell(1.0) : event; }
bool hasFlags(Value events) { return getElementTypeOrSelf(events.getType()).isInteger(1); }

/// What is added to a place, rounded as arithmetic in the type would be.
void accumulate(Evaluator &evaluator, Cell &sum, const Cell &a, const Cell &b, Type type) {
  Type element = getElementTypeOrSelf(type);
  sum = evaluator.round(add(sum, evaluator.round(multiply(a, b), element)), element);
}

bool evaluatePropagate(Evaluator &evaluator, Operation *op) {
  auto propagate = cast<ir::PropagateOp>(op);
  DatumRef events = evaluator.get(propagate.getEvents()), weights = evaluator.get(propagate.getWeights());
  Datum result = *evaluator.get(propagate.getInit());
  bool flags = hasFlags(propagate.getEvents());
  int64_t posts = result.shape.back(), from = 0, shift = 0;
  if (propagate.getFrom())
    from = evaluator.getInteger(propagate.getFrom());
  if (propagate.getShift())
    shift = evaluator.getInteger(propagate.getShift());
  int64_t all = propagate.getFrom() ? std::numeric_limits<int32_t>::max() : posts;
  std::optional<Rows> rows = propagate.getRule()
                                 ? Rows::drawn(propagate.getRuleAttr(), events->shape.back())
                                 : Rows::get(evaluator, op, propagate.getOffsets(), propagate.getTargets(), all);
  if (!rows)
    return false;
  if (shift < 0 || (shift > 0 && shift >= posts))
    return evaluator.fail(op, "has shift " + Twine(shift) + " for " + Twine(posts) + " targets");
  int64_t batch = result.shape.size() == 2 ? result.shape[0] : 1;
  for (int64_t r = 0; r < batch; ++r)
    for (int64_t i = 0; i < rows->sources(); ++i) {
      const Cell &event = events->cells[r * rows->sources() + i];
      if (isEvent(event, flags))
        rows->each(i, [&](int64_t k, int64_t target) {
          int64_t j = (target + shift) % all - from;
          if (j >= 0 && j < posts)
            accumulate(evaluator, result.cells[r * posts + j], strength(event, flags), weightOf(*weights, k),
                       propagate.getInit().getType());
        });
    }
  return evaluator.bind(op->getResult(0), std::move(result));
}

bool evaluateCollect(Evaluator &evaluator, Operation *op) {
  auto collect = cast<ir::CollectOp>(op);
  DatumRef values = evaluator.get(collect.getValues()), weights = evaluator.get(collect.getWeights());
  Datum result = *evaluator.get(collect.getInit());
  int64_t posts = values->shape.back(), batch = values->shape.size() == 2 ? values->shape[0] : 1;
  std::optional<Rows> rows = collect.getRule()
                                 ? Rows::drawn(collect.getRuleAttr(), result.shape.back())
                                 : Rows::get(evaluator, op, collect.getOffsets(), collect.getTargets(), posts);
  if (!rows)
    return false;
  Type element = getElementTypeOrSelf(collect.getInit().getType());
  for (int64_t r = 0; r < batch; ++r)
    for (int64_t i = 0; i < rows->sources(); ++i) {
      Cell sum;
      rows->each(i, [&](int64_t k, int64_t j) {
        accumulate(evaluator, sum, weightOf(*weights, k), values->cells[r * posts + j], element);
      });
      Cell &to = result.cells[r * rows->sources() + i];
      to = evaluator.round(add(to, sum), element);
    }
  return evaluator.bind(op->getResult(0), std::move(result));
}

bool evaluateCorrelate(Evaluator &evaluator, Operation *op) {
  auto correlate = cast<ir::CorrelateOp>(op);
  DatumRef events = evaluator.get(correlate.getEvents()), values = evaluator.get(correlate.getValues());
  std::optional<std::vector<int64_t>> positions;
  if (correlate.getPositions())
    positions = placesIn(evaluator, correlate.getPositions());
  Datum result = *evaluator.get(correlate.getInit());
  bool flags = hasFlags(correlate.getEvents());
  int64_t posts = values->shape.back(), batch = values->shape.size() == 2 ? values->shape[0] : 1;
  std::optional<Rows> rows = Rows::get(evaluator, op, correlate.getOffsets(), correlate.getTargets(), posts);
  if (!rows)
    return false;
  for (int64_t r = 0; r < batch; ++r)
    for (int64_t i = 0; i < rows->sources(); ++i) {
      const Cell &event = events->cells[r * rows->sources() + i];
      if (!isEvent(event, flags))
        continue;
      bool inside = true;
      rows->each(i, [&](int64_t k, int64_t j) {
        int64_t place = positions ? (*positions)[k] : k;
        if (place < 0 || place >= int64_t(result.cells.size())) {
          inside = false;
          return;
        }
        Cell &weight = result.cells[place];
        Cell value = values->cells[r * posts + j];
        if (correlate.getToward()) {
          Type element = getElementTypeOrSelf(correlate.getInit().getType());
          Cell minus = realCell(-weight.value, -weight.tangent);
          Cell left = evaluator.round(add(evaluator.getScalar(correlate.getToward()), minus), element);
          value = evaluator.round(multiply(value, left), element);
        }
        accumulate(evaluator, weight, strength(event, flags), value, correlate.getInit().getType());
        if (correlate.getLow()) {
          const Cell &low = evaluator.getScalar(correlate.getLow()), &high = evaluator.getScalar(correlate.getHigh());
          weight = weight.value < low.value ? low : weight.value > high.value ? high : weight;
        }
      });
      if (!inside)
        return evaluator.fail(op, "has a position outside of its weights");
    }
  return evaluator.bind(op->getResult(0), std::move(result));
}

bool evaluateReadDelayed(Evaluator &evaluator, Operation *op) {
  auto read = cast<ir::ReadDelayedOp>(op);
  DatumRef ring = evaluator.get(read.getRing());
  std::vector<int64_t> delays = placesIn(evaluator, read.getDelays());
  int64_t rows = ring->shape.front(), columns = ring->shape.back(), slot = evaluator.getInteger(read.getSlot());
  std::optional<Datum> result = evaluator.allocate(op, ArrayRef(ring->shape).drop_front());
  if (!result)
    return false;
  int64_t elements = result->cells.size();
  for (int64_t e = 0; e < elements; ++e) {
    int64_t delay = delays[e % columns];
    if (delay < 0 || delay >= rows || slot < 0 || slot >= rows)
      return evaluator.fail(op, "reads slot " + Twine(slot) + " with delay " + Twine(delay) + " of " + Twine(rows));
    result->cells[e] = ring->cells[(slot - delay + rows) % rows * elements + e];
  }
  return evaluator.bind(op->getResult(0), std::move(*result));
}

} // namespace

void addNetworkRules(RuleTable &table) {
  table["dyn.propagate"] = evaluatePropagate;
  table["dyn.collect"] = evaluateCollect;
  table["dyn.correlate"] = evaluateCorrelate;
  table["dyn.read_delayed"] = evaluateReadDelayed;
}

} // namespace overtime::reference

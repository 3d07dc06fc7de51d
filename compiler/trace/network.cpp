// SPDX-License-Identifier: Apache-2.0
// Products with a sparse matrix of synapses: checks of the arrays, then one operation.
#include "compiler/trace/network.h"

#include "compiler/trace/trace.h"
#include "dialect/Dyn.h"

#include <algorithm>

namespace overtime {
namespace {

using detail::materialize;
using detail::Slot;
using detail::Trace;
using detail::trace_of;

/// An operation on synapses while it is checked.
struct Checked {
  const char *what;
  Trace &trace;
  SourceLocation at;
  mlir::Value offsets, targets;
  std::int64_t sources, synapses;
  ir::RowRuleAttr rule = {}; // in place of the arrays
  bool ascending = false;    // so are the targets of every row

  Error shape_error(const std::string &text) const {
    return Error(ErrorKind::Shape, std::string(what) + ": " + text, at);
  }

  mlir::Location loc() const { return trace.location(at); }

  /// [.., length], or an error that says what the array is.
  void require_last(const Value &v, std::int64_t length, const char *array) const {
    Shape shape = v.shape();
    if (shape.empty() || shape.size() > 2 || shape.back() != length)
      throw shape_error(std::string("expected ") + array + " of shape [" + std::to_string(length) + "] or [B, " +
                        std::to_string(length) + "], got " + to_string(shape))
          .note("it comes from here", v.where());
  }

  mlir::Value real_in(const Value &v, const Unit &unit, const char *array) const {
    if (!v.unit().same_dimension(unit))
      throw Error(
          ErrorKind::Unit,
          std::string(what) + ": " + array + " counts in [" + v.unit().str() + "], expected [" + unit.str() + "]", at)
          .note("it comes from here", v.where());
    return trace.rescale(trace.to_real(Trace::unwrap(v), at), v.unit(), unit, at);
  }

  /// One number, or one for each synapse.
  mlir::Value weights_in(const Operand &weights, const Unit &unit) const {
    bool plain = weights.is_literal() && weights.literal().unit.dimensionless();
    Value w = plain ? trace.wrap(trace.number(weights.literal().value, at), unit, at) : materialize(trace, weights);
    if (rule && !w.shape().empty())
      throw shape_error("the weights have shape " + to_string(w.shape()) +
                        ", expected one number: no weight of a synapse is stored where synapses are drawn");
    if (!w.shape().empty() && w.shape() != Shape{synapses})
      throw shape_error("the weights have shape " + to_string(w.shape()) + ", expected one number or [" +
                        std::to_string(synapses) + "], one for each synapse");
    return real_in(w, unit, "the weights");
  }

  /// Flags stay flags: they cost the least.
  mlir::Value events_of(const Operand &events) const {
    require_last(events.value(), sources, "the events");
    if (events.value().dtype() == DType::Bool)
      return Trace::unwrap(events.value());
    return real_in(events.value(), {}, "the events");
  }

  Shape with_batch(const Shape &given, std::int64_t length) const {
    return given.size() == 2 ? Shape{given.front(), length} : Shape{length};
  }
};

const Tensor &numbers_of(Trace &trace, const Param &param, const Slot &slot, const char *what, SourceLocation at) {
  Value v = param;
  if (slot.trace != &trace || slot.kind != Slot::Kind::Param || !slot.index || v.rank() != 1)
    throw Error(ErrorKind::DType,
                std::string(what) + " takes '" + slot.path() +
                    "' as places of synapses; make it of an array [n] of i32, or of u16",
                at)
        .note("'" + slot.path() + "' is declared here", slot.declared);
  return *slot.numbers.host;
}

/// Compiled code goes where these numbers point, so they are looked at once, here: they do not change later.
void check_places(const Tensor &numbers, const Slot &slot, std::int64_t end, const char *what, SourceLocation at) {
  with_places(numbers, [&](auto places) {
    for (std::int64_t place : places)
      if (place < 0 || place >= end)
        throw Error(ErrorKind::Value,
                    std::string(what) + ": '" + slot.path() + "' holds " + std::to_string(place) + ", expected 0 to " +
                        std::to_string(end - 1),
                    at)
            .note("'" + slot.path() + "' is declared here", slot.declared);
  });
}

void check_offsets(const Tensor &numbers, const Slot &slot, std::int64_t synapses, const char *what,
                   SourceLocation at) {
  bool ascend = with_places(numbers, [&](auto offsets) {
    return !offsets.empty() && offsets.front() == 0 && offsets.back() == synapses && std::ranges::is_sorted(offsets);
  });
  if (!ascend)
    throw Error(ErrorKind::Value,
                std::string(what) + ": the offsets '" + slot.path() +
                    "' do not ascend from 0 to the number of synapses, " + std::to_string(synapses),
                at)
        .note("'" + slot.path() + "' is declared here", slot.declared);
}

/// Whether the targets of every row ascend.
bool targets_ascend(const SynapseRows &rows) {
  const Tensor &offsets = *Monitor(rows.offsets).slot()->numbers.host,
               &targets = *Monitor(rows.targets).slot()->numbers.host;
  return with_places(offsets, [&](auto starts) {
    return with_places(targets, [&](auto places) {
      for (std::size_t row = 0; row + 1 < starts.size(); ++row)
        if (!std::ranges::is_sorted(
                places.subspan(std::size_t(starts[row]), std::size_t(starts[row + 1] - starts[row]))))
          return false;
      return true;
    });
  });
}

} // namespace

static Checked checked(const Operand &first, const SynapseRows &rows, std::int64_t posts, const char *what) {
  Trace &trace = trace_of({&first}, what);
  SourceLocation at = first.where();
  const Slot &offsets = *Monitor(rows.offsets).slot(), &targets = *Monitor(rows.targets).slot();
  const Tensor &starts = numbers_of(trace, rows.offsets, offsets, what, at);
  const Tensor &places = numbers_of(trace, rows.targets, targets, what, at);
  check_offsets(starts, offsets, places.size(), what, at);
  check_places(places, targets, posts, what, at);
  return {what,
          trace,
          at,
          Trace::unwrap(rows.offsets),
          Trace::unwrap(rows.targets),
          starts.size() - 1,
          places.size(),
          {},
          targets_ascend(rows)};
}

static Checked checked(const Operand &first, const DrawnRows &rows, std::int64_t posts, const char *what) {
  Trace &trace = trace_of({&first}, what);
  SourceLocation at = first.where();
  Shape shape = first.value().shape();
  Checked c{what, trace, at, {}, {}, shape.empty() ? 0 : shape.back(), 0};
  if (rows.posts != posts)
    throw c.shape_error("the synapses are drawn among " + std::to_string(rows.posts) + " targets, and there are " +
                        std::to_string(posts));
  auto is_share = [](double v) { return v >= 0.0 && v <= 1.0; };
  std::int64_t most = std::min(rows.include_self ? posts : posts - 1, DrawnRows::most_in_step);
  if (rows.probability.has_value() == rows.number.has_value())
    throw Error(ErrorKind::Value, std::string(what) + ": drawn synapses have a probability or a number", at);
  if (!is_share(rows.share) || (rows.probability && !is_share(*rows.probability)))
    throw Error(ErrorKind::Value, std::string(what) + ": the probability and the share are in [0, 1]", at);
  if (rows.number && (*rows.number < 0 || *rows.number > most))
    throw Error(ErrorKind::Value,
                std::string(what) + " draws 0 to " + std::to_string(most) + " targets, got " +
                    std::to_string(*rows.number),
                at);
  auto number = [&](double v) { return trace.builder.getF64FloatAttr(v); };
  c.rule = ir::RowRuleAttr::get(&trace.context, static_cast<std::int64_t>(rows.seed), posts,
                                rows.probability ? number(*rows.probability) : mlir::FloatAttr(), rows.number,
                                !rows.include_self, rows.share < 1.0 ? number(rows.share) : mlir::FloatAttr());
  return c;
}

Value full_like(Operand x, const Quantity &number) {
  Trace &trace = trace_of({&x}, "full_like");
  mlir::Value all = trace.broadcast(trace.number(number.value, x.where()), x.value().shape(), x.where());
  return trace.wrap(all, number.unit, x.where());
}

template <class Rows>
static Value propagated(const Operand &events, const Rows &rows, const Operand &weights, const Operand &init) {
  if (init.is_literal() || init.value().shape().empty())
    throw Error(ErrorKind::Shape, "propagate: init says how many targets there are; give an array [M]", init.where());
  Checked c = checked(events, rows, init.value().shape().back(), "propagate");
  mlir::Value e = c.events_of(events);
  const Unit &unit = init.value().unit();
  c.require_last(init.value(), init.value().shape().back(), "init");
  Shape shape = c.with_batch(events.value().shape(), init.value().shape().back());
  mlir::Value start = c.real_in(init.value(), unit, "init");
  if (init.value().rank() == 1)
    start = c.trace.broadcast(start, shape, c.at);
  else if (init.value().shape() != shape)
    throw c.shape_error("the events have shape " + to_string(events.value().shape()) + ", init has " +
                        to_string(init.value().shape()));
  mlir::Value result = ir::PropagateOp::create(c.trace.builder, c.loc(), start.getType(), e, c.offsets, c.targets,
                                               c.weights_in(weights, unit), start, mlir::Value(), mlir::Value(),
                                               mlir::Value(), mlir::Value(), c.rule, c.ascending)
                           .getResult();
  return c.trace.wrap(result, unit, c.at);
}

Value propagate(Operand events, const SynapseRows &rows, Operand weights, Operand init) {
  return propagated(events, rows, weights, init);
}
Value propagate(Operand events, const DrawnRows &rows, Operand weight, Operand init) {
  return propagated(events, rows, weight, init);
}

Value collect(Operand values, const SynapseRows &rows, Operand weights, Operand init) {
  if (values.is_literal() || values.value().shape().empty())
    throw Error(ErrorKind::Shape, "collect takes an array of values [M]", values.where());
  Checked c = checked(values, rows, values.value().shape().back(), "collect");
  const Unit &unit = init.is_literal() ? init.literal().unit : init.value().unit();
  Value from = materialize(c.trace, init, &unit);
  Unit of_weights = unit / values.value().unit();
  c.require_last(values.value(), values.value().shape().back(), "values");
  Shape shape = c.with_batch(values.value().shape(), c.sources);
  if (from.rank() > 1 && from.shape() != shape)
    throw c.shape_error("init has shape " + to_string(from.shape()) + ", expected " + to_string(shape));
  mlir::Value start = c.trace.broadcast(c.real_in(from, unit, "init"), shape, c.at);
  mlir::Value result = ir::CollectOp::create(c.trace.builder, c.loc(), start.getType(),
                                             c.trace.to_real(Trace::unwrap(values.value()), c.at), c.offsets, c.targets,
                                             c.weights_in(weights, of_weights), start, ir::RowRuleAttr())
                           .getResult();
  return c.trace.wrap(result, unit, c.at);
}

Value correlate(Operand events, Operand values, const SynapseRows &rows, Operand weights,
                const CorrelateOptions &options) {
  if (values.is_literal() || values.value().shape().empty() || weights.is_literal())
    throw Error(ErrorKind::Shape, "correlate takes values [M] and weights [K]", values.where());
  Checked c = checked(events, rows, values.value().shape().back(), "correlate");
  mlir::Value e = c.events_of(events);
  const Unit &unit = weights.value().unit();
  if (values.value().shape() != c.with_batch(events.value().shape(), values.value().shape().back()))
    throw c.shape_error("the events have shape " + to_string(events.value().shape()) + ", the values " +
                        to_string(values.value().shape()));
  mlir::Value positions;
  std::int64_t count = c.synapses;
  if (options.positions) {
    const Slot &slot = *Monitor(*options.positions).slot();
    const Tensor &places = numbers_of(c.trace, *options.positions, slot, "correlate", c.at);
    if (places.size() != c.synapses)
      throw c.shape_error("there are " + std::to_string(places.size()) + " positions for " +
                          std::to_string(c.synapses) + " synapses");
    count = element_count(weights.value().shape());
    check_places(places, slot, count, "correlate", c.at);
    positions = Trace::unwrap(*options.positions);
  }
  if (weights.value().shape() != Shape{count})
    throw c.shape_error("the weights have shape " + to_string(weights.value().shape()) + ", expected [" +
                        std::to_string(c.synapses) + "], one for each synapse");
  if (options.low.has_value() != options.high.has_value())
    throw Error(ErrorKind::Value, "correlate: give both low and high, or none", c.at);
  mlir::Value low, high, toward;
  if (options.low) {
    low = c.trace.number(*options.low, c.at);
    high = c.trace.number(*options.high, c.at);
  }
  if (options.toward)
    toward = c.trace.number(*options.toward, c.at);
  mlir::Value start = c.real_in(weights.value(), unit, "the weights");
  mlir::Value result = ir::CorrelateOp::create(c.trace.builder, c.loc(), start.getType(), e,
                                               c.real_in(values.value(), options.toward ? Unit{} : unit, "the values"),
                                               c.offsets, c.targets, start, positions, low, high, toward)
                           .getResult();
  return c.trace.wrap(result, unit, c.at);
}

} // namespace overtime

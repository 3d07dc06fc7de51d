// SPDX-License-Identifier: Apache-2.0
// Weights: which form costs least, and the sum in each of them.
#include "models/projections/weights.h"

#include <cmath>

namespace overtime {

namespace {

/// An element of a list takes 16 times as long as one of a dense product, which is done in vectors.
constexpr double dense_from = 1.0 / 16;

/// Whether there is one number for all synapses.
bool is_one(const Init &weight) {
  return weight.number().has_value() || (weight.array() && weight.array()->size() == 1);
}

/// All to all with one number needs no list, which would take 4 bytes for each pair.
bool needs_no_list(const Connectivity &connect, const WeightOptions &options) {
  return connect.kind() == Connectivity::Kind::AllToAll && is_one(options.weight) && !options.learned;
}

/// A rule that does not fit is a mistake where the projection is made.
Csr drawn(const Connectivity &connect, std::int64_t sources, std::int64_t posts, const WeightOptions &options,
          std::source_location at) {
  Csr none{sources, posts, Tensor({0}, i32), Tensor({0}, i32)};
  if (needs_no_list(connect, options))
    return none;
  if (connect.is_just_in_time() && options.learned)
    throw Error(ErrorKind::Usage,
                connect.name() + " just in time stores no synapse, so that none can learn; leave out just_in_time", at);
  if (connect.is_just_in_time() && !is_one(options.weight))
    throw Error(
        ErrorKind::Usage,
        connect.name() + " just in time stores no weight of a synapse; give one number, or leave out just_in_time", at);
  try {
    if (connect.is_just_in_time()) {
      connect.drawn_rows(posts, options.seed); // which is an error where it does not fit
      return none;
    }
    return connect.draw(sources, posts, options.seed);
  } catch (Error &error) {
    error.place(at);
    throw;
  }
}

Weights::Form form_of(const Connectivity &connect, const Csr &list, const WeightOptions &options) {
  if (needs_no_list(connect, options))
    return Weights::Form::AllToAll;
  if (connect.kind() == Connectivity::Kind::OneToOne && !options.learned)
    return Weights::Form::OneToOne;
  if (connect.is_just_in_time())
    return Weights::Form::Drawn;
  bool dense = !options.learned && !options.events && list.density() >= dense_from;
  return dense ? Weights::Form::Dense : Weights::Form::List;
}

} // namespace

Weights::Weights(const Connectivity &connect, std::int64_t sources, std::int64_t posts, const WeightOptions &options,
                 At at)
    : Weights(connect, drawn(connect, sources, posts, options, at), options, at) {}

// States have the size of the model unless they say otherwise: one number for each synapse.
Weights::Weights(const Connectivity &connect, Csr list, const WeightOptions &options, At at)
    : Model(options.learned ? Shape{list.synapses()} : Shape{}), rule_(connect.name()), list_(std::move(list)),
      synapses_(list_.synapses()), form_(form_of(connect, list_, options)), unit_(options.unit) {
  if (options.learned && options.trainable)
    throw Error(ErrorKind::Usage, "weights are learned in the run or trainable by gradients, not both", at);
  if (form_ == Form::Drawn)
    drawn_ = connect.drawn_rows(list_.posts, options.seed);
  if (form_ == Form::List) {
    offsets.emplace(param("offsets", list_.offsets, at));
    targets.emplace(param("targets", list_.targets, at));
  }
  declare(options, at);
  if (options.learned) {
    Tensor positions;
    Csr by_target = list_.transposed(&positions);
    offsets_of_targets_.emplace(param("offsets_of_targets", by_target.offsets, at));
    sources_.emplace(param("sources", by_target.targets, at));
    positions_.emplace(param("positions", positions, at));
  }
  if (form_ == Form::List)
    list_.offsets = list_.targets = Tensor({0}, i32);
}

Csr Weights::list() const {
  if (drawn_)
    return stored(*drawn_, list_.sources);
  return form_ == Form::List ? Csr{list_.sources, list_.posts, offsets->value(), targets->value()} : list_;
}

/// One number for each synapse.
Tensor Weights::numbers_of(const WeightOptions &options, At at) const {
  const Init &given = options.weight;
  std::int64_t synapses = synapses_;
  Tensor numbers;
  if (given.draw())
    numbers = given.draw()({synapses}, options.seed ^ 0x77656967687473u).to(f64);
  else if (given.array() && given.array()->size() != 1)
    numbers = given.array()->to(f64);
  else
    numbers = Tensor::full({synapses}, given.array() ? (*given.array())[0] : given.number()->in(options.unit), f64);
  if (numbers.shape() == Shape{list_.sources, list_.posts}) { // a matrix: of the synapses alone
    Tensor of_synapses({synapses}, f64);
    list_.each(
        [&](std::int64_t i, std::int64_t k, std::int64_t j) { of_synapses.set(k, numbers[i * list_.posts + j]); });
    numbers = of_synapses;
  }
  if (numbers.shape() != Shape{synapses})
    throw Error(ErrorKind::Shape,
                "the weights have shape " + to_string(numbers.shape()) + ", expected one number, [" +
                    std::to_string(synapses) + "] for the synapses of " + rule_ + ", or " +
                    to_string({list_.sources, list_.posts}),
                at);
  return numbers;
}

/// The numbers as the form wants them.
void Weights::declare(const WeightOptions &options, At at) {
  Quantity unit{1.0, options.unit};
  auto as_weights = [&](const Init &numbers, const Shape &shape) {
    weight.emplace(options.trainable ? Model::weight("weight", shape, numbers, unit, at)
                                     : param("weight", numbers, unit, at));
  };
  if (options.learned) {
    learned.emplace(state("weight", numbers_of(options, at), unit, at));
    return;
  }
  if (is_one(options.weight) && form_ != Form::Dense)
    return as_weights(options.weight, {});
  Tensor numbers = numbers_of(options, at);
  if (form_ != Form::Dense)
    return as_weights(numbers, numbers.shape());
  Tensor matrix = list_.matrix();
  std::int64_t next = 0;
  for (std::int64_t k = 0; k < matrix.size(); ++k)
    if (matrix[k] != 0.0)
      matrix.set(k, numbers[next++]);
  as_weights(matrix, matrix.shape());
}

Value Weights::add(const Value &inputs, const Value &x) {
  switch (form_) {
  case Form::OneToOne:
    return x + as_real(inputs) * *weight;
  case Form::AllToAll:
    return x + sum(inputs, -1, true) * *weight;
  case Form::Dense: {
    Value product = matmul(inputs, *weight);
    return x + product;
  }
  case Form::Drawn:
    return propagate(inputs, *drawn_, now(), x);
  case Form::List:
    break;
  }
  return propagate(inputs, rows(), now(), x);
}

void Weights::learn(LearningRule &rule, const Value &pre, const Value &post) {
  if (batch())
    throw Error(ErrorKind::Usage, "'" + path() + "' is learned, and is one for a whole batch; reset without a batch");
  auto changed = [](const SynapseRows &rows, const Value &events, const Value &w, const Value &values, WeightChange how,
                    const Param *positions) {
    how.positions = positions;
    return correlate(events, values, rows, w, how);
  };
  LearningStep step{pre, post,
                    [&](const Value &w, const Value &values, const WeightChange &how) {
                      return changed(rows(), pre, w, values, how, nullptr);
                    },
                    [&](const Value &w, const Value &values, const WeightChange &how) {
                      return changed({*offsets_of_targets_, *sources_}, post, w, values, how, &*positions_);
                    }};
  *learned = rule.learn(*learned, step);
}

std::string Weights::how() const {
  std::int64_t pairs = list_.sources * list_.posts;
  auto percent = std::to_string(std::llround(100.0 * double(synapses_) / double(pairs))) + " % of " +
                 std::to_string(pairs) + " pairs";
  switch (form_) {
  case Form::OneToOne:
    return "one to one";
  case Form::AllToAll:
    return "all to all";
  case Form::Dense:
    return "dense product (" + percent + ")";
  case Form::Drawn:
    return "drawn at each event, none stored";
  case Form::List:
    break;
  }
  return "list of " + std::to_string(synapses_) + " synapses (" + percent + ")";
}

} // namespace overtime

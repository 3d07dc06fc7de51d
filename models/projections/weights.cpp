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

} // namespace

Weights::Weights(const Connectivity &connect, std::int64_t sources, std::int64_t posts, const WeightOptions &options,
                 At at)
    : Model(Shape{}), kind_(connect.kind()), rule_(connect.name()), list_(connect.draw(sources, posts, options.seed)),
      unit_(options.unit) {
  bool one = is_one(options.weight);
  if (kind_ == Connectivity::Kind::OneToOne)
    form_ = Form::OneToOne;
  else if (kind_ == Connectivity::Kind::AllToAll && one)
    form_ = Form::AllToAll;
  else if (!options.events && list_.density() >= dense_from)
    form_ = Form::Dense;
  else
    form_ = Form::List;
  if (form_ == Form::List) {
    offsets.emplace(param("offsets", list_.offsets, at));
    targets.emplace(param("targets", list_.targets, at));
  }
  weight.emplace(declare(options, at));
}

/// The numbers as the form wants them.
Param Weights::declare(const WeightOptions &options, At at) {
  const Init &given = options.weight;
  Quantity unit{1.0, options.unit};
  std::int64_t synapses = list_.synapses();
  auto as_weights = [&](const Init &numbers, const Shape &shape) {
    return options.trainable ? Model::weight("weight", shape, numbers, unit, at) : param("weight", numbers, unit, at);
  };
  if (is_one(given) && form_ != Form::Dense)
    return as_weights(given, {});
  Tensor numbers;
  if (given.draw())
    numbers = given.draw()({synapses}, options.seed ^ 0x77656967687473u).to(f64);
  else if (given.array() && given.array()->size() != 1)
    numbers = given.array()->to(f64);
  else
    numbers = Tensor::full({synapses}, given.array() ? (*given.array())[0] : given.number()->in(options.unit), f64);
  if (numbers.shape() == Shape{list_.sources, list_.posts}) { // a matrix: of the synapses alone
    Tensor of_synapses({synapses}, f64);
    auto begin = list_.offsets.values<std::int32_t>(), to = list_.targets.values<std::int32_t>();
    for (std::int64_t i = 0; i < list_.sources; ++i)
      for (std::int32_t k = begin[std::size_t(i)]; k < begin[std::size_t(i) + 1]; ++k)
        of_synapses.set(k, numbers[i * list_.posts + to[std::size_t(k)]]);
    numbers = of_synapses;
  }
  if (numbers.shape() != Shape{synapses})
    throw Error(ErrorKind::Shape,
                "the weights have shape " + to_string(numbers.shape()) + ", expected one number, [" +
                    std::to_string(synapses) + "] for the synapses of " + rule_ + ", or " +
                    to_string({list_.sources, list_.posts}),
                at);
  if (form_ != Form::Dense)
    return as_weights(numbers, numbers.shape());
  Tensor matrix = list_.matrix();
  std::int64_t next = 0;
  for (std::int64_t k = 0; k < matrix.size(); ++k)
    if (matrix[k] != 0.0)
      matrix.set(k, numbers[next++]);
  return as_weights(matrix, matrix.shape());
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
  case Form::List:
    break;
  }
  return propagate(inputs, rows(), *weight, x);
}

Value Weights::add(const Value &inputs, const Value &x, const Value &changed) {
  if (form_ != Form::List)
    throw Error(ErrorKind::Usage, "'" + path() + "' has no list of synapses whose weights could change");
  return propagate(inputs, rows(), changed, x);
}

std::string Weights::how() const {
  auto percent = std::to_string(std::llround(100 * list_.density())) + " % of " +
                 std::to_string(list_.sources * list_.posts) + " pairs";
  switch (form_) {
  case Form::OneToOne:
    return "one to one";
  case Form::AllToAll:
    return "all to all";
  case Form::Dense:
    return "dense product (" + percent + ")";
  case Form::List:
    break;
  }
  return "list of " + std::to_string(list_.synapses()) + " synapses (" + percent + ")";
}

} // namespace overtime

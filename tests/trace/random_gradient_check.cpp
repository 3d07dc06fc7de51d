// SPDX-License-Identifier: Apache-2.0
// Compares the gradient of a random model with differences of a run that knows nothing of gradients.
//
// Along a random direction v, with D(h) = (L(x + h v) - L(x - h v)) / 2h. A kink or a jump near x shows in D(h) -
// D(h/2); one at x, where D(h) is the mean of both slopes for any h, in the second differences: S(h) = L(x + h v) - 2
// L(x) + L(x - h v) is a quarter at h/2 where L is smooth. Both are far below the tolerance before the gradient is
// judged.
#include "tests/trace/random_gradients.h"

#include "tests/trace/helper.h"

#include <cmath>
#include <functional>
#include <new>
#include <sys/mman.h>

namespace overtime::test {
namespace {

constexpr std::int64_t steps = 11;
constexpr double h = 1e-6, tolerance = 1e-6;

/// Puts out one number: of all outputs and, so that all that the model does counts, of its states.
class Scalar : public RandomModel {
public:
  using RandomModel::RandomModel;
  Tree<Value> update(const Tree<Value> &x) override {
    Tree<Value> outputs = RandomModel::update(x);
    Value total;
    double factor = 1.0;
    auto add = [&](const Value &v) {
      Value part = mean(tanh(as_real(v))) * factor;
      total = factor == 1.0 ? part : total + part;
      factor = -0.8 * factor;
    };
    for (const Value &v : outputs.leaves())
      add(v);
    for (const State &s : variables)
      add(s);
    return total;
  }
};

/// The loss of each step is out * target + 0.3 * out * out.
class Subject {
public:
  explicit Subject(const Program &program, Remat remat = {}, std::int32_t threads = 1)
      : program(program), model(program), loop(model, {.t0 = program.t0,
                                                       .i0 = program.i0,
                                                       .remat = remat,
                                                       .real = f64,
                                                       .threads = threads,
                                                       .seed = program.seed,
                                                       .cache = false}) {
    for (std::size_t k = 0; k < program.data.size(); ++k)
      data.push_back(drawn_numbers(program, over_time(program.data[k]), -2, 2, 200 + k));
    if (data.empty()) // a gradient counts its steps by data; the model does not read this
      data.push_back(Tensor::zeros(over_time(program.batch ? Shape{*program.batch} : Shape{}), f64));
    target = drawn_numbers(program, {steps}, -1, 1, 300);
    for (State &s : model.variables)
      if (s.value().dtype() == f64)
        by.push_back(s);
    for (Param &p : model.weights)
      by.push_back(p);
  }

  void start() {
    loop.reset_state(program.batch);
    set_first_states(program, model);
  }
  Tree<Tensor> tree() const {
    std::vector<Tree<Tensor>> all(data.begin(), data.end());
    return Tree<Tensor>::list(all);
  }
  double loss() {
    Tensor out = loop(tree()).out.leaf();
    double sum = 0;
    for (std::int64_t k = 0; k < steps; ++k)
      sum += out[k] * target[k] + 0.3 * out[k] * out[k];
    return sum / steps;
  }
  /// Bits that may not depend on remat or threads: the loss, and derivatives by `by` and by the data.
  std::vector<Tensor> gradient() {
    start();
    auto f = each_step([](Value out, Value target) { return out * target + 0.3 * out * out; });
    ValueAndGrad both = value_and_grad(loop, f, {.wrt = by, .data = true});
    plan = both.plan(tree(), target);
    GradientResult g = both(tree(), target);
    std::vector<Tensor> all = {Tensor::full({}, g.loss, f64)};
    for (const Monitor &m : by)
      all.push_back(g[m]);
    for (const Tensor &x : g.data.leaves())
      all.push_back(x);
    return all;
  }

  const Program &program;
  Scalar model;
  LoopOverTime loop;
  std::vector<Tensor> data;
  Tensor target;
  std::vector<Monitor> by;
  GradientPlan plan;

private:
  static Shape over_time(Shape shape) {
    shape.insert(shape.begin(), steps);
    return shape;
  }
};

/// base + by * direction
Tensor moved(const Tensor &base, const Tensor &direction, double by) {
  Tensor sum = base.clone();
  for (std::int64_t k = 0; k < sum.size(); ++k)
    sum.set(k, base[k] + by * direction[k]);
  return sum;
}

/// "" when `gradient` fits to losses along a random direction from `base`.
std::string difference(Subject &subject, const std::string &name, const Tensor &base, const Tensor &gradient,
                       std::uint64_t stream, const std::function<void(const Tensor &)> &set) {
  Tensor direction = drawn_numbers(subject.program, base.shape(), -1, 1, stream);
  auto loss = [&](double by) {
    subject.start();
    set(moved(base, direction, by));
    double value = subject.loss();
    set(base);
    return value;
  };
  double here = loss(0), up = loss(h), down = loss(-h), near_up = loss(h / 2), near_down = loss(-h / 2);
  double slope = (up - down) / (2 * h), near_slope = (near_up - near_down) / h;
  double bend = std::abs(4 * (near_up + near_down) - (up + down) - 6 * here) / h;
  double found = 0, size = std::abs(near_slope);
  for (std::int64_t k = 0; k < base.size(); ++k) {
    found += gradient[k] * direction[k];
    size += std::abs(gradient[k] * direction[k]);
  }
  GradientCounts &counts = gradient_counts();
  double allowed = tolerance * size + 1e-10; // the latter is what rounding of the losses makes of a slope of 0
  if (!(std::abs(slope - near_slope) < 0.2 * allowed + 1e-10 && bend < 0.2 * allowed + 1e-9)) {
    ++counts.rough;
    return "";
  }
  ++counts.compared;
  counts.zero += near_slope == 0;
  if (std::abs(found - near_slope) <= allowed + 3e-10)
    return "";
  char text[200];
  std::snprintf(text, sizeof text, "gradient: by %s it is %.12g along a direction, differences say %.12g, allowed %.2g",
                name.c_str(), found, near_slope, allowed);
  return text;
}

/// "" when the derivative of the loss along random directions of everything at once is the same forward and in reverse.
std::string other_mode(Subject &subject, const std::vector<Tensor> &all) {
  subject.start();
  Direction along;
  double reverse = 0, size = 1e-12;
  auto add = [&](const Tensor &gradient, const Tensor &direction) {
    for (std::int64_t k = 0; k < gradient.size(); ++k) {
      reverse += gradient[k] * direction[k];
      size += std::abs(gradient[k] * direction[k]);
    }
  };
  for (std::size_t k = 0; k < subject.by.size(); ++k) {
    along.by.emplace_back(subject.by[k], drawn_numbers(subject.program, subject.by[k].value().shape(), -1, 1, 400 + k));
    add(all[1 + k], along.by.back().second);
  }
  std::vector<Tree<Tensor>> moved;
  for (std::size_t k = 0; k < subject.data.size(); ++k) {
    moved.emplace_back(drawn_numbers(subject.program, subject.data[k].shape(), -1, 1, 500 + k));
    add(all[1 + subject.by.size() + k], moved.back().leaf());
  }
  along.data = Tree<Tensor>::list(moved);
  JvpResult r = jvp(subject.loop)(subject.tree(), along);
  double forward = 0;
  for (std::int64_t k = 0; k < steps; ++k) {
    double slope = subject.target[k] + 0.6 * r.out.leaf()[k];
    forward += slope * r.out_tangent.leaf()[k] / steps;
    size += std::abs(slope * r.out_tangent.leaf()[k]);
  }
  if (!(std::abs(forward - reverse) > 1e-9 * size))
    return "";
  char text[120];
  std::snprintf(text, sizeof text, "forward: %.15g along a direction, in reverse it is %.15g", forward, reverse);
  return text;
}

std::string other_bits(const std::string &what, const std::vector<Tensor> &got, const std::vector<Tensor> &expected) {
  for (std::size_t k = 0; k < expected.size(); ++k)
    if (!same_bits(got[k], expected[k]))
      return what + ": result " + std::to_string(k) + " has other bits";
  return "";
}

std::string check(const Program &program) {
  Subject subject(program);
  std::vector<Tensor> all = subject.gradient();
  subject.start();
  double loss = subject.loss();
  if (!(std::abs(all[0][0] - loss) <= 1e-12 * std::max(1.0, std::abs(loss))) && !std::isnan(loss))
    return "loss: " + std::to_string(all[0][0]) + " instead of " + std::to_string(loss);
  std::string found;
  for (std::size_t k = 0; found.empty() && k < subject.by.size(); ++k) {
    subject.start();
    const Monitor &m = subject.by[k];
    found =
        difference(subject, m.path(), m.value().clone(), all[1 + k], 400 + k, [&](const Tensor &t) { m.set_value(t); });
  }
  for (std::size_t k = 0; found.empty() && k < program.data.size(); ++k)
    found = difference(subject, "data " + std::to_string(k), subject.data[k].clone(), all[1 + subject.by.size() + k],
                       500 + k, [&](const Tensor &t) { subject.data[k] = t; });
  if (found.empty())
    found = other_mode(subject, all);
  if (!found.empty())
    return found;

  auto seed = static_cast<std::int64_t>(program.seed);
  std::int64_t two_states = subject.plan.tape_step_bytes + 3 * (subject.plan.state_bytes + 8);
  Remat policies[] = {Remat(true), Remat::sqrt(), Remat::every(2 + seed % 5), Remat::budget(two_states)};
  found = other_bits("remat", Subject(program, policies[seed % 4]).gradient(), all);
  if (found.empty() && seed % 10 == 0)
    for (std::int32_t threads : {2, 4})
      if (found.empty())
        found = other_bits("threads", Subject(program, {}, threads).gradient(), all);
  return found;
}

} // namespace

GradientCounts &gradient_counts() {
  static auto *counts =
      new (mmap(nullptr, sizeof(GradientCounts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
          GradientCounts{};
  return *counts;
}

std::string gradient_failure_of(const Program &program) {
  try {
    return check(program);
  } catch (const Error &error) {
    return (error.kind() == ErrorKind::Compile ? "compile: " : "invalid: ") + std::string(error.what());
  }
}

} // namespace overtime::test

// SPDX-License-Identifier: Apache-2.0
// Gradients through time against central differences, and what remat may not change (S7).
#include "models/layers/dense.h"
#include "models/layers/lstm_cell.h"
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

struct Membrane : HH {
  Membrane() : HH(4) {}
  Value update() override {
    HH::update();
    return V / mV;
  }
};

Loss distance() {
  return each_step([](Value out, Value target) { return mean((out - target) * (out - target)); });
}

/// A leaky integrator with one trainable number, and a threshold that the gradient does not pass.
struct Leaky : Layer {
  Leaky() : Layer(Shape{3}) {}
  Param rate = param("rate", 0.3), gain = param("gain", 1.5);
  State x = state("x", 0.2);
  Value update(Value in) override {
    x = x + 0.1 * (gain * tanh(in) - rate * x * x);
    x = where(x > 5.0, x * 0.5, exp(log(x * x + 1.0) * 0.5));
    return x + 0.5 * max(x * in);
  }
};

/// By differences on both sides, of the loss from the start.
double central(LoopOverTime &loop, ValueAndGrad &gradient, const Tensor &x, const Tensor &y,
               const std::function<void(double)> &nudge) {
  constexpr double step = 1e-5;
  auto loss = [&](double by) {
    loop.reset_state();
    nudge(by);
    return gradient(x, y).loss;
  };
  double up = loss(step), down = loss(-2 * step);
  nudge(step);
  return (up - down) / (2 * step);
}

} // namespace

TEST_CASE("a gradient is that of central differences", "[gradient]") {
  Leaky model;
  Tensor x = Tensor::normal({20, 3}, 0, 1, 1, f64), y = Tensor::normal({20, 3}, 0, 1, 2, f64);
  LoopOverTime loop(model, {.real = f64, .cache = false});
  loop.reset_state();
  auto gradient = value_and_grad(loop, distance(), {.wrt = {model.rate, model.gain, model.x}, .data = true});
  GradientResult g = gradient(x, y);
  for (Param *p : {&model.rate, &model.gain}) {
    double found = central(loop, gradient, x, y, [&](double by) { p->set_value(p->value()[0] + by); });
    CHECK(g[*p][0] == Approx(found).epsilon(1e-6));
    CHECK(std::abs(found) > 1e-4);
  }
  for (std::int64_t k : {0, 31, 59}) {
    double found = central(loop, gradient, x, y, [&](double by) { x.set(k, x[k] + by); });
    CHECK(g.data.leaf()[k] == Approx(found).epsilon(1e-6).margin(1e-9));
  }
  double found = central(loop, gradient, x, y, [&](double by) {
    Tensor first = model.x.value(); // as reset, which comes before each
    first.set(1, first[1] + (by < 0 ? by / 2 : by));
    model.x.set_value(first);
  });
  CHECK(g[model.x][1] == Approx(found).epsilon(1e-6));
}

TEST_CASE("conductances of HH have gradients through exponential Euler and Runge-Kutta", "[gradient]") {
  for (const char *method : {"exp_euler", "rk4"}) {
    Membrane hh;
    hh.method(method);
    Tensor x = Tensor::full({300, 4}, 12.0, f64), y = Tensor::full({300, 4}, -50.0, f64);
    LoopOverTime loop(hh, {.dt = 0.02_ms, .real = f64, .cache = false});
    loop.reset_state();
    auto gradient = value_and_grad(loop, distance(), {.wrt = {hh.gNa, hh.gK}});
    GradientResult g = gradient(x, y);
    for (Param *p : {&hh.gNa, &hh.gK}) {
      double found = central(loop, gradient, x, y, [&](double by) { p->set_value(p->value()[0] + by); });
      INFO(method);
      CHECK(g[*p][0] == Approx(found).epsilon(1e-6));
      CHECK(std::abs(found) > 1e-4);
    }
  }
}

TEST_CASE("a state that no step changes has a gradient", "[gradient]") {
  struct Offset : Layer {
    Offset() : Layer(Shape{3}) {}
    State offset = state("offset", 0.4), x = state("x", 0.1);
    Value update(Value in) override {
      x = 0.5 * x + tanh(in + offset);
      return x;
    }
  } model;
  Tensor x = Tensor::normal({20, 3}, 0, 1, 1, f64), y = Tensor::normal({20, 3}, 0, 1, 2, f64);
  LoopOverTime loop(model, {.real = f64, .cache = false});
  loop.reset_state();
  auto gradient = value_and_grad(loop, distance(), {.wrt = {model.offset, model.x}});
  GradientResult g = gradient(x, y);
  double found = central(loop, gradient, x, y, [&](double by) {
    Tensor first = model.offset.value();
    first.set(1, first[1] + (by < 0 ? by / 2 : by));
    model.offset.set_value(first);
  });
  CHECK(std::abs(found) > 1e-4);
  CHECK(g[model.offset][1] == Approx(found).epsilon(1e-6));
}

TEST_CASE("S7: remat changes memory and not a bit of the gradient", "[gradient]") {
  constexpr std::int64_t T = 50;
  Tensor x = Tensor::normal({T, 4, 6}, 0, 1, 1), y = Tensor::normal({T, 4, 8}, 0, 1, 2);
  LSTMCell cell(6, 8);
  auto run = [&](Remat remat) {
    LoopOverTime loop(cell, {.remat = remat, .cache = false});
    loop.reset_state(4);
    return value_and_grad(loop, distance(), {.data = true})(x, y);
  };
  GradientResult all = run(false);
  std::int64_t budget = all.tape_bytes / 3;
  for (Remat remat : {Remat(true), Remat::sqrt(), Remat::every(1), Remat::every(8), Remat::budget(budget),
                      Remat::budget(all.tape_bytes / 10)}) {
    GradientResult g = run(remat);
    CHECK(g.loss == all.loss);
    CHECK(same_bits(g[cell.Wi], all[cell.Wi]));
    CHECK(same_bits(g[cell.Wh], all[cell.Wh]));
    CHECK(same_bits(g.data.leaf(), all.data.leaf()));
    CHECK(g.tape_bytes < all.tape_bytes);
  }
  CHECK_THROWS_WITH(run(Remat::budget(10)), Catch::Contains("a budget of 10 bytes") && Catch::Contains("at least"));
}

TEST_CASE("what a gradient keeps is known before it runs", "[gradient]") {
  constexpr std::int64_t T = 60;
  Tensor x = Tensor::normal({T, 4, 6}, 0, 1, 1), y = Tensor::normal({T, 4, 8}, 0, 1, 2);
  LSTMCell cell(6, 8);
  auto with = [&](Remat remat, auto look) {
    LoopOverTime loop(cell, {.remat = remat, .cache = false});
    loop.reset_state(4);
    auto gradient = value_and_grad(loop, distance());
    return look(gradient);
  };
  auto plan = [&](ValueAndGrad &gradient) { return gradient.plan(x, y); };
  GradientPlan none = with(false, plan);
  CHECK(none.tape_bytes == T * none.tape_step_bytes);
  CHECK(none.state_bytes >= 2 * 4 * 8 * 4); // h and c, and the loss so far
  CHECK(none.steps_again == 0);
  std::int64_t binomial = none.tape_step_bytes + 4 * (none.state_bytes + 8); // three states and a tape of one step
  for (Remat remat : {Remat(false), Remat(true), Remat::sqrt(), Remat::every(7), Remat::budget(none.tape_bytes / 3),
                      Remat::budget(binomial)}) {
    with(remat, [&](ValueAndGrad &gradient) {
      GradientPlan before = gradient.plan(x, y);
      GradientResult g = gradient(x, y);
      CHECK(before.tape_bytes == g.tape_bytes);
      CHECK(before.steps == T);
      if (remat.policy == Remat::Policy::Budget)
        CHECK(g.tape_bytes <= remat.bytes);
      GradientPlan longer = gradient.plan(x, y, 100 * T);
      CHECK(longer.steps == 100 * T);
      CHECK(longer.tape_step_bytes == before.tape_step_bytes);
      return 0;
    });
  }
  CHECK(with(Remat::budget(binomial), plan).steps_again > T); // some steps run three times and more
  CHECK(with(Remat::every(7), plan).kept_states == 8);
  CHECK_THROWS_WITH(with(false, [&](ValueAndGrad &gradient) { return gradient.plan(x, y, -1); }),
                    Catch::Contains("1 or more steps, got -1"));
}

TEST_CASE("S7: remat changes no bit where products of inputs are computed for several steps", "[gradient]") {
  constexpr std::int64_t T = 53; // three chunks of 16 and a rest
  Tensor x = Tensor::normal({T, 1, 96}, 0, 1, 1), y = Tensor::normal({T, 1, 32}, 0, 1, 2);
  Sequential net{{"l1", Dense(96, 64)}, {"l2", tanh}, {"l3", LSTMCell(64, 32)}};
  auto run = [&](Remat remat) {
    LoopOverTime loop(net, {.remat = remat, .cache = false});
    loop.reset_state(1);
    return value_and_grad(loop, distance(), {.data = true})(x, y);
  };
  GradientResult all = run(false), steps = run(true);
  CHECK(steps.loss == all.loss);
  for (const auto &[path, param] : net.params())
    CHECK(same_bits(steps[param], all[param]));
  CHECK(same_bits(steps.data.leaf(), all.data.leaf()));
}

TEST_CASE("a gradient has the same bits for any number of threads", "[gradient]") {
  Sequential net{{"l1", LSTMCell(24, 40)}, {"l2", Dense(40, 7)}};
  for (std::int64_t batch : {1, 6}) {
    Tensor x = Tensor::normal({33, batch, 24}, 0, 1, 1), y = Tensor::normal({33, batch, 7}, 0, 1, 2);
    auto run = [&](std::int32_t threads) {
      LoopOverTime loop(net, {.threads = threads, .cache = false});
      loop.reset_state(batch);
      return value_and_grad(loop, distance(), {.data = true})(x, y);
    };
    GradientResult one = run(1);
    for (std::int32_t threads : {2, 3, 4, 8}) {
      GradientResult many = run(threads);
      INFO(batch << " rows, " << threads << " threads");
      CHECK(many.loss == one.loss);
      CHECK(same_bits(many.data.leaf(), one.data.leaf()));
      for (const auto &[path, param] : net.params()) {
        INFO(path);
        CHECK(same_bits(many[param], one[param]));
      }
    }
  }
}

TEST_CASE("a gradient leaves the states as the loop does", "[gradient]") {
  LSTMCell cell(6, 8);
  Tensor x = Tensor::normal({9, 4, 6}), y = Tensor::zeros({9, 4, 8});
  auto after = [&](bool differentiates) {
    LoopOverTime loop(cell, {.cache = false});
    loop.reset_state(4);
    if (differentiates)
      value_and_grad(loop, distance())(x, y);
    else
      loop(x);
    return loop(x).out.leaf();
  };
  CHECK(same_bits(after(true), after(false)));
}

TEST_CASE("a gradient follows a change of method, length and batch between calls", "[gradient]") {
  auto calls = [](bool fresh) {
    Membrane hh;
    LoopOverTime loop(hh, {.dt = 0.02_ms, .real = f64, .cache = false});
    auto gradient = value_and_grad(loop, distance(), {.wrt = {hh.gNa}});
    std::vector<Tensor> found;
    for (const char *method : {"exp_euler", "rk4"})
      for (std::int64_t T : {30, 50}) {
        hh.method(method);
        loop.reset_state();
        Tensor x = Tensor::full({T, 4}, 12.0, f64), y = Tensor::full({T, 4}, -50.0, f64);
        found.push_back(fresh ? value_and_grad(loop, distance(), {.wrt = {hh.gNa}})(x, y)[hh.gNa]
                              : gradient(x, y)[hh.gNa]);
      }
    return found;
  };
  std::vector<Tensor> kept = calls(false), fresh = calls(true);
  for (std::size_t k = 0; k < kept.size(); ++k)
    CHECK(same_bits(kept[k], fresh[k]));
  CHECK_FALSE(same_bits(kept[0], kept[2]));

  LSTMCell cell(6, 8);
  LoopOverTime loop(cell, {.cache = false});
  auto gradient = value_and_grad(loop, distance());
  for (std::int64_t batch : {4, 1}) {
    loop.reset_state(batch);
    Tensor x = Tensor::normal({9, batch, 6}), y = Tensor::zeros({9, batch, 8});
    Tensor found = gradient(x, y)[cell.Wh];
    loop.reset_state(batch);
    CHECK(same_bits(found, value_and_grad(loop, distance())(x, y)[cell.Wh]));
  }
}

TEST_CASE("losses of the last output and of the mean output", "[gradient]") {
  Leaky model;
  Tensor x = Tensor::normal({20, 3}, 0, 1, 1, f64), y = Tensor::normal({3}, 0, 1, 2, f64);
  LoopOverTime loop(model, {.real = f64, .cache = false});
  loop.reset_state();
  Tensor out = loop(x).out.leaf();
  auto f = [](Value o, Value t) { return (o - t) * (o - t); };
  double last = 0, mean = 0;
  for (std::int64_t k = 0; k < 3; ++k) {
    double sum = 0;
    for (std::int64_t t = 0; t < 20; ++t)
      sum += out[3 * t + k] / 20;
    last += std::pow(out[57 + k] - y[k], 2) / 3;
    mean += std::pow(sum - y[k], 2) / 3;
  }
  for (const auto &[loss, expected] : {std::pair{last_step(f), last}, {mean_output(f), mean}}) {
    loop.reset_state();
    auto gradient = value_and_grad(loop, loss, {.wrt = {model.gain}});
    GradientResult g = gradient(x, y);
    CHECK(g.loss == Approx(expected).epsilon(1e-12));
    double found = central(loop, gradient, x, y, [&](double by) { model.gain.set_value(model.gain.value()[0] + by); });
    CHECK(g[model.gain][0] == Approx(found).epsilon(1e-6));
  }
}

TEST_CASE("a gradient may be stopped, or be that of another value, and no number changes", "[gradient]") {
  struct Rounded : Layer {
    explicit Rounded(int form) : Layer(Shape{2}), form(form) {}
    int form;
    Param w = param("w", 1.5), tau = param("tau", 2.0);
    State x = state("x", 0.3);
    void equations() override { ddt(x) = (form == 1 ? stop_gradient(w - x) : w - x) / (tau * ms); }
    Value update(Value in) override {
      integrate();
      Value y = w * in + x;
      return form == 2 ? with_gradient_of(round(y), y) : form == 1 ? stop_gradient(y) * w : round(y);
    }
  };
  Tensor data = Tensor::normal({9, 2}, 0, 2, 1, f64), c = Tensor::normal({9, 2}, 0, 1, 2, f64);
  auto run = [&](int form) {
    Rounded model(form);
    LoopOverTime loop(model, {.out_vars = model.x, .real = f64, .cache = false});
    LoopResult r = loop(data);
    loop.reset_state();
    auto gradient = value_and_grad(loop, each_step([](Value out, Value by) { return sum(out * by); }),
                                   {.wrt = {model.w, model.x}, .data = true});
    GradientResult g = gradient(data, c);
    loop.reset_state();
    Tensor along = jvp(loop)(data, {.data = c}).out_tangent;
    double forward = 0, backward = 0; // the loss along c, both ways
    for (std::int64_t k = 0; k < c.size(); ++k) {
      forward += along[k] * c[k] / 9;
      backward += g.data.leaf()[k] * c[k];
    }
    CHECK(forward == Approx(backward).epsilon(1e-13));
    return std::tuple(r.out.leaf(), r.vars.leaf(), g[model.w][0], g[model.x], g.data.leaf());
  };
  auto [plain, x, no_w, no_x, no_data] = run(0);
  CHECK((no_w == 0 && no_x[0] == 0 && no_data[3] == 0)); // rounding has no slope

  auto [rounded, same_x, by_w, by_x, by_data] = run(2);
  CHECK(same_bits(rounded, plain));
  CHECK(same_bits(same_x, x));
  for (std::int64_t k = 0; k < data.size(); ++k)
    CHECK(by_data[k] == Approx(1.5 * c[k] / 9).epsilon(1e-14));
  CHECK(std::abs(by_x[1]) > 1e-3);

  // Exponential Euler takes the slope of the equation as it is; y counts as a constant.
  auto [product, other_x, stopped_w, stopped_x, stopped_data] = run(1);
  CHECK(same_bits(other_x, x));
  double expected = 0;
  for (std::int64_t k = 0; k < data.size(); ++k)
    expected += c[k] * product[k] / 1.5 / 9;
  CHECK(stopped_w == Approx(expected).epsilon(1e-13));
  CHECK((stopped_x[0] == 0 && stopped_data[3] == 0));
}

TEST_CASE("the mean of an output with a unit, from one trace of the step", "[gradient]") {
  struct Potential : HH {
    Potential() : HH(4) {}
    int traced = 0;
    Value update() override {
      ++traced;
      HH::update();
      return V;
    }
  } hh;
  Tensor x = Tensor::full({50, 4}, 12.0, f64), y = Tensor::full({4}, -50.0, f64);
  LoopOverTime loop(hh, {.dt = 0.02_ms, .real = f64, .cache = false});
  loop.reset_state();
  Tensor out = loop(x).out.leaf();
  loop.reset_state();
  hh.traced = 0;
  auto f = [](Value V, Value target) { return (V / mV - target) * (V / mV - target); };
  GradientResult g = value_and_grad(loop, mean_output(f), {.wrt = {hh.gNa}})(x, y);
  CHECK(hh.traced == 1);
  double expected = 0;
  for (std::int64_t k = 0; k < 4; ++k) {
    double sum = 0;
    for (std::int64_t t = 0; t < 50; ++t)
      sum += out[4 * t + k] / 50;
    expected += std::pow(sum + 50, 2) / 4;
  }
  CHECK(g.loss == Approx(expected).epsilon(1e-12));
  CHECK(g[hh.gNa][0] != 0);
}

TEST_CASE("errors of gradients name what is wrong", "[gradient]") {
  Dense dense(2, 3);
  LoopOverTime loop(dense, {.cache = false});
  loop.reset_state(4);
  Tensor x = Tensor::zeros({5, 4, 2});
  CHECK_THROWS_WITH(value_and_grad(loop, distance())(x, Tensor::zeros({6, 4, 3})),
                    Catch::Contains("expected [5, ...] as the data"));
  CHECK_THROWS_WITH(value_and_grad(loop, distance())(x, Tensor::zeros({5, 4, 3}, f64)),
                    Catch::Contains("the target is f64"));
  CHECK_THROWS_WITH(value_and_grad(loop, Loss{}), Catch::Contains("no function"));
  HH hh(4);
  LoopOverTime spikes(hh, {.cache = false});
  CHECK_THROWS_WITH(value_and_grad(spikes, distance())(Tensor::zeros({5, 4}), Tensor::zeros({5, 4})),
                    Catch::Contains("no trainable parameter"));
  GradientResult g = value_and_grad(loop, distance(), {.wrt = {dense.W}})(x, Tensor::zeros({5, 4, 3}));
  CHECK_THROWS_WITH(g[*dense.b], Catch::Contains("no gradient by 'b'"));
}

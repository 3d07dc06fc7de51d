// SPDX-License-Identifier: Apache-2.0
// Directional derivatives through time: against central differences, and <J v, w> = <v, J^T w> with value_and_grad.
#include "models/layers/dense.h"
#include "models/layers/lstm_cell.h"
#include "models/neurons/hh.h"
#include "models/surrogates.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

double dot(const Tensor &a, const Tensor &b) {
  double sum = 0;
  for (std::int64_t k = 0; k < a.size(); ++k)
    sum += a[k] * b[k];
  return sum;
}

Tensor moved(const Tensor &base, const Tensor &direction, double by) {
  Tensor sum = base.clone();
  for (std::int64_t k = 0; k < sum.size(); ++k)
    sum.set(k, base[k] + by * direction[k]);
  return sum;
}

/// The potential of HH, with its spikes as a monitor.
struct Membrane : HH {
  Membrane() : HH(4) {}
  Value update() override {
    HH::update();
    return V / mV;
  }
};

struct Soft : Layer {
  Soft() : Layer(Shape{5}) {}
  Param gain = param("gain", 1.2);
  State V = state("V", 0.1), bias = state("bias", 0.05);
  Value update(Value x) override {
    V = 0.9 * V + gain * x + bias;
    Value fired = spike(V - 1.0, surrogate::sigmoid(4));
    V = V - fired;
    return fired + tanh(V);
  }
};

} // namespace

TEST_CASE("a directional derivative is that of central differences", "[jvp]") {
  constexpr std::int64_t T = 12, B = 3;
  Sequential net{{"l1", LSTMCell(4, 6)}, {"l2", Dense(6, 2)}};
  LoopOverTime loop(net, {.real = f64, .cache = false});
  Tensor x = sample({T, B, 4}, 1), dx = sample({T, B, 4}, 2), h = sample({B, 12}, 3), dh = sample({B, 12}, 4);
  Monitor Wh = net["l1"].var("Wh"), b = net["l2"].var("b"), state = net["l1"].var("state");
  Tensor W0 = Wh.value().clone(), b0 = b.value().clone(), dW = sample(W0.shape(), 5), db = sample(b0.shape(), 6);
  auto at = [&](double by) {
    loop.reset_state(B);
    Wh.set_value(moved(W0, dW, by));
    b.set_value(moved(b0, db, by));
    state.set_value(moved(h, dh, by));
    return moved(x, dx, by);
  };
  constexpr double step = 1e-5;
  std::vector<Tensor> ends;
  for (double by : {step, -step}) {
    Tensor data = at(by);
    ends.push_back(loop(data).out.leaf());
    ends.push_back(state.value().clone());
  }
  Tensor data = at(0), expected = loop(data).out.leaf();
  data = at(0);
  JvpResult r = jvp(loop)(data, {.by = {{Wh, dW}, {b, db}, {state, dh}}, .data = dx});
  CHECK(same_bits(r.out.leaf(), expected));
  for (std::int64_t k = 0; k < expected.size(); ++k)
    CHECK(r.out_tangent.leaf()[k] == Approx((ends[0][k] - ends[2][k]) / (2 * step)).epsilon(1e-6).margin(1e-8));
  for (std::int64_t k = 0; k < h.size(); ++k)
    CHECK(r[state][k] == Approx((ends[1][k] - ends[3][k]) / (2 * step)).epsilon(1e-6).margin(1e-8));
}

TEST_CASE("forward and reverse mode are transposes: <J v, w> = <v, J^T w>", "[jvp]") {
  constexpr std::int64_t T = 40;
  auto weighted = each_step([](Value out, Value w) { return out * w; });
  auto check = [&](Model &model, const std::vector<Monitor> &by, const Tensor &x, const Shape &out, double dt) {
    LoopOverTime loop(model, {.dt = dt, .real = f64, .cache = false});
    Shape rows = out;
    rows.insert(rows.begin(), T);
    Tensor w = sample(rows, 9), dx = sample(x.shape(), 10);
    loop.reset_state();
    Direction along{.data = dx};
    for (const Monitor &m : by)
      along.by.emplace_back(m, sample(m.value().shape(), 11));
    JvpResult forward = jvp(loop)(x, along);
    loop.reset_state();
    GradientResult reverse = value_and_grad(loop, weighted, {.wrt = by, .data = true})(x, w);
    double left = dot(forward.out_tangent.leaf(), w) / static_cast<double>(w.size()), right = 0;
    right += dot(dx, reverse.data.leaf());
    for (const auto &[m, v] : along.by)
      right += dot(v, reverse[m]);
    CHECK(std::abs(left) > 1e-6);
    CHECK(left == Approx(right).epsilon(1e-11));
  };
  Membrane hh;
  check(hh, {hh.gNa, hh.gK, hh.V, hh.m}, Tensor::full({T, 4}, 12.0, f64), {4}, 0.02);
  Soft soft; // through surrogate slopes, and a state that no step changes
  check(soft, {soft.gain, soft.V, soft.bias}, sample({T, 5}, 12, f64, 0.0, 0.6), {5}, 0.1);
}

TEST_CASE("a direction follows the states from call to call", "[jvp]") {
  LSTMCell cell(3, 4);
  LoopOverTime loop(cell, {.cache = false});
  Tensor x = Tensor::normal({20, 2, 3}), dx = Tensor::normal({20, 2, 3}, 0, 1, 1);
  auto forward = jvp(loop);
  loop.reset_state(2);
  JvpResult whole = forward(x, {.data = dx});
  loop.reset_state(2);
  JvpResult first = forward(x.rows(0, 7), {.data = dx.rows(0, 7)});
  CHECK(loop.i0() == 7);
  JvpResult second = forward(x.rows(7, 20), {.by = {{cell.state, first[cell.state]}}, .data = dx.rows(7, 20)});
  CHECK(same_bits(joined(first.out_tangent.leaf(), second.out_tangent.leaf()), whole.out_tangent.leaf()));
  CHECK(same_bits(second[cell.state], whole[cell.state]));
}

TEST_CASE("what does not move has the tangent 0", "[jvp]") {
  Soft soft;
  LoopOverTime loop(soft, {.out_vars = soft.V, .cache = false});
  loop.reset_state();
  JvpResult still = jvp(loop)(Tensor::zeros({3, 5}), {});
  CHECK(numbers(still.out_tangent.leaf()) == std::vector<double>(15, 0.0));
  CHECK(numbers(still[soft.V]) == std::vector<double>(5, 0.0));
  CHECK(still.vars.leaf().shape() == Shape{3, 5});
  HH hh(2);
  LoopOverTime spikes(hh, {.cache = false});
  spikes.reset_state();
  JvpResult fired = jvp(spikes).steps(30, {.by = {{hh.gNa, Tensor::full({}, 1.0)}}});
  CHECK(fired.out_tangent.leaf().shape() == Shape{30, 2});
  CHECK(fired.out_tangent.leaf().dtype() == f32);
  CHECK(fired[hh.V][0] != 0);
}

TEST_CASE("errors of directions name what is wrong", "[jvp]") {
  Dense dense(2, 3), other(2, 3);
  LoopOverTime loop(dense, {.cache = false});
  loop.reset_state(4);
  Tensor x = Tensor::zeros({5, 4, 2});
  auto forward = jvp(loop);
  CHECK_THROWS_WITH(forward(x, {.by = {{dense.W, Tensor::zeros({3, 2})}}}),
                    Catch::Contains("the direction of 'W' has shape [3, 2], expected [2, 3]"));
  CHECK_THROWS_WITH(forward(x, {.by = {{dense.W, Tensor::zeros({2, 3}, f64)}}}), Catch::Contains("'W' is f64"));
  CHECK_THROWS_WITH(forward(x, {.by = {{other.W, Tensor::zeros({2, 3})}}}), Catch::Contains("not a real variable"));
  CHECK_THROWS_WITH(forward(x, {.data = Tensor::zeros({5, 4, 3})}),
                    Catch::Contains("the direction of the data has shape [5, 4, 3], expected [5, 4, 2]"));
  CHECK_THROWS_WITH(forward(x, {.data = Tree<Tensor>::list({x, x})}), Catch::Contains("data of 2 arrays"));
  CHECK_THROWS_WITH(forward(x, {})[dense.W], Catch::Contains("'W' is not a state"));
  LoopOverTime windows(dense, {.out_vars = Monitor(dense.W).every(2), .cache = false});
  CHECK_THROWS_WITH(jvp(windows)(x, {}), Catch::Contains("the monitor 'W' wants others") && Catch::Contains("jvp.cpp"));
}

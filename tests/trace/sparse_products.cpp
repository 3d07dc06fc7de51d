// SPDX-License-Identifier: Apache-2.0
// Products of data with many zeros, which are left out, against sums of all terms in the same order.
#include "models/layers/dense.h"
#include "models/surrogates.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

Tensor with_zeros(const Shape &shape, double density, DType real) {
  Tensor chosen = Tensor::uniform(shape, 0, 1, 7, f64), x = Tensor::normal(shape, 0, 1, 8, real);
  for (std::int64_t k = 0; k < x.size(); ++k)
    if (chosen[k] >= density)
      x.set(k, 0.0);
  return x;
}

/// Data and spikes, each times a weight.
struct Spiking : Layer {
  Spiking() : Layer(Shape{160}) {}
  Param Wi = weight("Wi", {70, 160}, uniform(-1, 1)), Wr = weight("Wr", {160, 160}, uniform(-0.1, 0.1));
  State v = state("v", 0.0), s = state("s", 0.0);
  Value update(Value x) override {
    v = 0.9 * v + matmul(x, Wi) + matmul(s, Wr);
    s = spike(v - 1.5, surrogate::sigmoid(4));
    v = v - s;
    return v;
  }
};

} // namespace

TEST_CASE("products that leave out zeros are those of all terms", "[trace][numerics]") {
  for (DType real : {f32, f64})
    for (double density : {0.0, 0.05, 0.45, 0.55, 1.0})
      for (std::int64_t batch : {1, 4, 7, 64}) {
        INFO(name_of(real) << ", density " << density << ", batch " << batch);
        Dense dense(70, 160, {.bias = false}); // 70: no whole vectors
        LoopOverTime loop(dense, {.real = real, .cache = false});
        loop.reset_state(batch);
        Tensor x = with_zeros({3, batch, 70}, density, real), W = dense.W.value(), y = loop(x).out.leaf();
        double most = 0;
        for (std::int64_t row = 0; row < 3 * batch; ++row)
          for (std::int64_t column = 0; column < 160; ++column) {
            double sum = 0;
            for (std::int64_t k = 0; k < 70; ++k)
              sum += x[row * 70 + k] * W[k * 160 + column];
            most = std::max(most, std::abs(sum - y[row * 160 + column]));
          }
        CHECK(most < (real == f32 ? 2e-5 : 1e-13));
      }
}

TEST_CASE("a spiking network and its gradient have the same bits for any number of threads", "[trace][gradient]") {
  Spiking net;
  Tensor x = with_zeros({12, 9, 70}, 0.1, f32), y = Tensor::zeros({12, 9, 160});
  auto run = [&](std::int32_t threads) {
    LoopOverTime loop(net, {.threads = threads, .cache = false});
    loop.reset_state(9);
    return value_and_grad(loop, each_step([](Value out, Value target) { return (out - target) * (out - target); }))(x,
                                                                                                                    y);
  };
  GradientResult one = run(1);
  CHECK(one.loss > 0);
  for (std::int32_t threads : {2, 4, 8}) {
    GradientResult many = run(threads);
    CHECK(many.loss == one.loss);
    CHECK(same_bits(many[net.Wi], one[net.Wi]));
    CHECK(same_bits(many[net.Wr], one[net.Wr]));
  }
}

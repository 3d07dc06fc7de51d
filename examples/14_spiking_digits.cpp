// SPDX-License-Identifier: Apache-2.0
// Lesson 14: spiking neurons learn handwritten digits. A pixel is one spike, the earlier the brighter; gradients pass
// through the neurons' spikes by a surrogate.
//
//   build/bin/example_14 spiking.npz      writes the learning curve and the spikes of one image
#include "examples/digits.h"
#include "models/layers/dense.h"
#include "models/losses/classification.h"
#include "models/measures/accuracy.h"
#include "models/neurons/leaky_integrator.h"
#include "models/neurons/lif.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/schedules.h"

#include <cstdio>

using namespace overtime;

/// Spikes [T = 24, n, 64] of images [n, 8, 8]: a pixel of brightness p fires once, at step 16 - p, and never for p = 0.
/// So what a spike says is in its time. The steps after the last of them are for the network to answer.
Tensor first_spikes(const Tensor &images) {
  Tensor spikes({24, images.shape()[0], 64}, f32);
  for (std::int64_t k = 0; k < images.size(); ++k)
    if (images[k] > 0)
      spikes.set(std::int64_t(16 - images[k]) * images.size() + k, 1);
  return spikes;
}

/// Spikes of one sample: of all [T, n, 64].
double for_each_sample(const Tensor &spikes) {
  double count = 0;
  for (std::int64_t k = 0; k < spikes.size(); ++k)
    count += spikes[k];
  return count / static_cast<double>(spikes.shape()[1]);
}

/// The first sample of spikes [T, n, N], as a raster [T, N].
Tensor raster_of_first(const Tensor &spikes) {
  std::int64_t n = spikes.shape()[1], neurons = spikes.shape()[2];
  Tensor one({spikes.shape()[0], neurons}, DType::Bool);
  for (std::int64_t k = 0; k < one.size(); ++k)
    one.set(k, spikes[(k / neurons * n) * neurons + k % neurons]);
  return one;
}

int main(int argc, char **argv) {
  lesson::Split digits;
  Tensor x = first_spikes(digits.train.images), test = first_spikes(digits.test.images);

  // tau dV/dt = -V + R I. Where V reaches V_th the neuron fires, s = 1, and V_th is taken off V. As a function of V, s
  // is a step: its derivative is 0 almost everywhere, and nothing would be learned. What counts as its derivative is
  // the slope of a sigmoid around the threshold, so that neurons learn that fired, or did not, by a little.
  const std::int64_t neurons = 128;
  LIF cells(neurons, {.surrogate = surrogate::sigmoid(4)});
  cells.V_th.set_value(1_mV);
  cells.V_reset.set_value(0_mV);
  cells.R.set_value(10 * MOhm); // a spike through a weight of 1 raises V by about 1 mV: R dt / tau
  // Ten membranes that never fire add up what the neurons send. The highest one after the last step is the answer; with
  // tau longer than the run an early spike counts nearly as much as a late one.
  LeakyIntegrator membranes(10);
  membranes.tau.set_value(40_ms);
  membranes.R.set_value(40 * MOhm);

  Sequential net{{"in", Dense(64, neurons, {.bias = false, .W = normal(0, 0.25)})},
                 {"cells", std::move(cells)},
                 {"out", Dense(neurons, 10, {.bias = false})},
                 {"membranes", std::move(membranes)},
                 {"logits", [](Value V) { return V / mV; }}};
  Monitor spike = net["cells"].var("spike");
  LoopOverTime over_time(net, {.out_vars = spike, .dt = 1_ms});
  over_time.reset_state(32);

  const std::int64_t epochs = 40, batch = 32, updates = (x.shape()[1] + batch - 1) / batch; // of an epoch
  Trainer train(over_time, last_step(loss::cross_entropy),
                Adam({{.rate = 0.01, .schedule = schedule::cosine_annealing(epochs * updates)}}), {.clip_norm = 1});
  InterruptGuard guard;
  std::vector<Epoch> curve = train.fit(x, digits.train.labels,
                                       {.epochs = epochs,
                                        .batch = batch,
                                        .validation = first_spikes(digits.validation.images),
                                        .validation_target = digits.validation.labels,
                                        .metric = accuracy,
                                        .patience = 15,
                                        .on_epoch = print_epoch,
                                        .progress = [&](auto, auto) { return !guard.interrupted(); }});

  over_time.reset_state(test.shape()[1]);
  LoopResult run = over_time(test); // rather than predict, for the spikes of the neurons
  double right = accuracy(run.out.leaf(), digits.test.labels);
  std::printf("%.1f %% of the test images are told right, with %.1f spikes of pixels and %.1f of neurons for each\n",
              100 * right, for_each_sample(test), for_each_sample(run[spike]));
  if (argc > 1) {
    std::map<std::string, Tensor> arrays = lesson::curve_of(curve);
    arrays["pixel"] = raster_of_first(test);
    arrays["spike"] = raster_of_first(run[spike]);
    save_tensors(argv[1], arrays);
  }
  return right >= 0.93 ? 0 : 1;
}

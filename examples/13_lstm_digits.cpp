// SPDX-License-Identifier: Apache-2.0
// Lesson 13: an LSTM reads handwritten digits row by row, and tells after the last row which digit it saw.
//
//   build/bin/example_13 lstm.npz      writes the learning curve
#include "examples/digits.h"
#include "models/layers/dense.h"
#include "models/layers/lstm_cell.h"
#include "models/losses/classification.h"
#include "models/measures/accuracy.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/schedules.h"

#include <cstdio>

using namespace overtime;

/// An image is a sequence: what the network sees at step t is row t, 8 pixels. Time is the first axis of data and the
/// sample the second, so [n, 8, 8] becomes [T = 8, n, 8].
Tensor rows_over_time(const Tensor &images) { return images.swap_first_axes(); }

int main(int argc, char **argv) {
  lesson::Split digits;
  Tensor x = rows_over_time(digits.train.images);

  // One step of the LSTM: c = f c + i g, h = o tanh(c), with gates f, i, o and news g computed from the row and from h.
  // What the first rows looked like must survive in c until the last one, when ten numbers are read off h.
  Sequential net{
      {"scaled", [](Value pixels) { return pixels / 16; }}, {"lstm", LSTMCell(8, 48)}, {"readout", Dense(48, 10)}};
  LoopOverTime over_time(net);
  over_time.reset_state(32); // states with a batch axis, which fit needs

  // The loss is -log softmax(readout)_label of the last step alone. Its gradient reaches the first row through all
  // eight steps, so its length is bounded. The rate of Adam falls along half a cosine: the last epochs settle.
  const std::int64_t epochs = 30, batch = 32, updates = (x.shape()[1] + batch - 1) / batch; // of an epoch
  Trainer train(over_time, last_step(loss::cross_entropy),
                Adam({{.rate = 0.01, .schedule = schedule::cosine_annealing(epochs * updates)}}), {.clip_norm = 1});

  InterruptGuard guard; // Ctrl-C ends the training; what was learned so far is tested
  std::vector<Epoch> curve = train.fit(x, digits.train.labels,
                                       {.epochs = epochs,
                                        .batch = batch,
                                        .validation = rows_over_time(digits.validation.images),
                                        .validation_target = digits.validation.labels,
                                        .metric = accuracy,
                                        .patience = 12, // then the parameters of the best epoch are taken back
                                        .on_epoch = print_epoch,
                                        .progress = [&](auto, auto) { return !guard.interrupted(); }});

  // No decision above looked at these images.
  double right = accuracy(train.predict(rows_over_time(digits.test.images)).leaf(), digits.test.labels);
  std::printf("%.1f %% of the test images are told right\n", 100 * right);
  if (argc > 1)
    save_tensors(argv[1], lesson::curve_of(curve));
  return right >= 0.95 ? 0 : 1;
}

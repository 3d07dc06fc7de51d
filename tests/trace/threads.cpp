// SPDX-License-Identifier: Apache-2.0
// The bits of a run do not depend on the number of threads.
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/gif.h"
#include "models/neurons/hh.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// `run` gives outputs and states of a run with this many threads.
void check_threads(const std::function<std::vector<Tensor>(std::int32_t)> &run) {
  std::vector<Tensor> alone = run(1);
  for (std::int32_t threads : {2, 4, 8}) {
    std::vector<Tensor> shared = run(threads);
    REQUIRE(shared.size() == alone.size());
    for (std::size_t k = 0; k < alone.size(); ++k) {
      INFO(threads << " threads, array " << k);
      CHECK(same_bits(shared[k], alone[k]));
    }
  }
}

} // namespace

TEST_CASE("neurons: the same bits on 1, 2, 4 and 8 threads, also of the tile that is not whole", "[trace]") {
  for (DType real : {f32, f64})
    check_threads([&](std::int32_t threads) -> std::vector<Tensor> {
      HH hh(1037);
      LoopOverTime over_time(hh, {.out_vars = hh.V, .real = real, .threads = threads});
      LoopResult r = over_time(Tensor::uniform({50, 1037}, 0, 20, 3, real));
      return {r.out.leaf(), r.vars.leaf(), hh.m.value(), hh.n.value()};
    });
  check_threads([&](std::int32_t threads) -> std::vector<Tensor> {
    GIF gif(333);
    LoopOverTime over_time(gif, {.out_vars = {gif.V, gif.V_th}, .threads = threads});
    LoopResult r = over_time(Tensor::uniform({200, 333}, 0, 3));
    return {r.out.leaf(), r[gif.V], r[gif.V_th]};
  });
}

TEST_CASE("layers: the same bits on 1, 2, 4 and 8 threads", "[trace]") {
  for (std::int64_t batch : {3, 64, 100})
    check_threads([&](std::int32_t threads) -> std::vector<Tensor> {
      Sequential model{{"l1", RNNCell(30, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}};
      LoopOverTime over_time(model, {.threads = threads});
      over_time.reset_state(batch);
      return {over_time(Tensor::uniform({9, batch, 30})).out.leaf()};
    });
  check_threads([&](std::int32_t threads) -> std::vector<Tensor> { // of the tiles of 33 rows the last has one
    RNNCell cell(70, 20);
    LoopOverTime over_time(cell, {.threads = threads});
    over_time.reset_state(33);
    return {over_time(Tensor::uniform({37, 33, 70})).out.leaf(), cell.var("state").value()};
  });
  check_threads([&](std::int32_t threads) -> std::vector<Tensor> { // weights beyond the first cache, and packed
    LSTMCell cell(40, 130);
    LoopOverTime over_time(cell, {.threads = threads});
    over_time.reset_state(70);
    return {over_time(Tensor::uniform({7, 70, 40})).out.leaf(), cell.var("state").value()};
  });
}

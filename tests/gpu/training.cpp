// SPDX-License-Identifier: Apache-2.0
// Training on a device: what goes there and comes back, and that the numbers are those of the processor.
#include "models/layers/dense.h"
#include "models/layers/dropout.h"
#include "models/layers/lstm_cell.h"
#include "models/optimizers/adagrad.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/lars.h"
#include "models/optimizers/schedules.h"
#include "models/optimizers/sgd.h"
#include "tests/gpu/emulation.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

constexpr std::int64_t steps = 6, batch = 4;
const Tensor x = sample({steps, batch, 3}, 3), y = sample({steps, batch, 2}, 5);

Loss squares() {
  return each_step([](Value out, Value target) { return square(out - target); });
}

/// An LSTM with dropout and a readout.
struct Net {
  template <class Kind>
  Net(const Device &device, Kind optimizer, const TrainerOptions &options = {}, DType real = f64,
      const Remat &remat = {})
      : loop(net, {.remat = remat, .real = real, .seed = 3, .cache = false, .device = device}),
        train(loop, squares(), std::move(optimizer), options) {
    loop.reset_state(batch);
  }
  Sequential net{{"l1", LSTMCell(3, 6)}, {"drop", Dropout(0.3)}, {"l2", Dense(6, 2)}};
  LoopOverTime loop;
  Trainer train;
};

Adam adam() { return Adam({{.rate = 0.01, .schedule = schedule::exponential_decay(0.7, 4), .weight_decay = 0.01}}); }

void check_same(Net &a, Net &b) {
  StateDict first = a.train.state_dict(), second = b.train.state_dict();
  REQUIRE(first.size() == second.size());
  for (const auto &[key, array] : first) {
    INFO(key);
    CHECK(same_bits(array, second.at(key)));
  }
}

} // namespace

TEST_CASE("updates on a device are those of the processor", "[gpu][training]") {
  Emulation emulation;
  auto agree = [](auto optimizer, const TrainerOptions &options) {
    Net host(cpu(), optimizer(), options), there(cuda(), optimizer(), options);
    for (int k = 0; k < 20; ++k)
      CHECK(there.train(x, y) == Approx(host.train(x, y)).epsilon(1e-10));
    CHECK(there.train.updates() == 20);
    StateDict numbers = there.train.state_dict();
    for (const auto &[key, array] : host.train.state_dict()) {
      INFO(key);
      CHECK(largest_difference(array, numbers.at(key)) < 1e-10);
    }
  };
  agree(adam, {.clip_norm = 0.1});
  agree(adam, {.continues = true, .clip_value = 0.01});
  agree([] { return Nesterov({{.rate = 0.05, .schedule = schedule::cosine_annealing(12)}}); }, {});
  agree([] { return LARS({{.rate = 0.1}}); }, {.clip_norm = 0.5, .clip_value = 0.05});
  agree([] { return Adagrad({{.rate = 0.05}}); }, {});
  agree([] { return Adadelta({.rate = 0.5}); }, {});
  agree([] { return RMSProp({{.rate = 0.01}}); }, {});
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("an update on a device has the bits of its gradients and of its arithmetic", "[gpu][training]") {
  Emulation emulation;
  Dense layer(3, 2);
  LoopOverTime loop(layer, {.cache = false, .device = cuda()});
  loop.reset_state(batch);
  Tensor data = x.to(f32), target = y.to(f32), W = layer.W.value().to(f32);
  Trainer train(loop, squares(), SGD({.rate = 0.25}), {.wrt = {layer.W}});
  for (int k = 0; k < 3; ++k) {
    loop.reset_state(batch);
    GradientResult gradient = value_and_grad(loop, squares(), {.wrt = {layer.W}})(data, target);
    for (std::int64_t n = 0; n < W.size(); ++n)
      W.values<float>()[static_cast<std::size_t>(n)] -=
          0.25f * gradient[layer.W].values<float>()[static_cast<std::size_t>(n)];
    CHECK(train(data, target) == gradient.loss);
    CHECK(same_bits(layer.W.value(), W));
  }
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("an update is copies of the data and one launch of a graph", "[gpu][training]") {
  Emulation emulation;
  Net net(cuda(), adam(), {.clip_norm = 0.1});
  for (int k = 0; k < 3; ++k) {
    emulation.fake.calls();
    net.train(x, y);
    if (k == 0) {
      std::string first = emulation.fake.calls({"cuStreamBeginCapture", "cuLaunchKernel", "cuStreamEndCapture",
                                                "cuGraphInstantiate", "cuGraphDestroy", "cuGraphLaunch"});
      std::size_t begin = first.find("cuStreamBeginCapture\n"), end = first.find("cuStreamEndCapture\n");
      REQUIRE(begin < end);
      CHECK(first.substr(end) == "cuStreamEndCapture\ncuGraphInstantiate\ncuGraphDestroy\ncuGraphLaunch\n");
    }
  }
  CHECK(emulation.fake.calls() == "cuCtxSetCurrent\ncuCtxSetCurrent\ncuMemcpyHtoDAsync 576\ncuMemcpyHtoDAsync 384\n"
                                  "cuGraphLaunch\ncuStreamSynchronize\n");
  CHECK(net.train.why_no_graph() == "");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("updates by a graph have the bits of those that are queued", "[gpu][training][graph]") {
  Emulation emulation;
  auto compare = [&](const TrainerOptions &options, const Remat &remat) {
    Net graph(cuda(), adam(), options, f64, remat), queued(cuda(), adam(), options, f64, remat);
    emulation.fake.fail_next("cuStreamBeginCapture", 2);
    for (int k = 0; k < 20; ++k) {
      double expected = queued.train(x, y);
      CHECK(graph.train(x, y) == expected);
    }
    check_same(graph, queued);
    CHECK(graph.train.why_no_graph() == "");
    CHECK(queued.train.why_no_graph() ==
          "the CUDA driver failed while beginning a graph: out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)");
    CHECK(emulation.fake.calls({"cuStreamBeginCapture"}) == "cuStreamBeginCapture\ncuStreamBeginCapture\n");
  };
  compare({.clip_norm = 0.1}, {});
  compare({.continues = true, .clip_value = 0.05}, {});
  compare({}, Remat::sqrt());
  compare({}, Remat::budget(4000));
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("sequences of several lengths have a graph each, which ends before memory that it uses",
          "[gpu][training][graph]") {
  Emulation emulation;
  Net graph(cuda(), adam()), queued(cuda(), adam());
  emulation.fake.fail_next("cuStreamBeginCapture", 900);
  emulation.fake.calls();
  for (std::int64_t length : {3, 2, 3, 6, 2, 6, 3}) { // 6 needs more memory than the device gave before
    double expected = queued.train(x.rows(0, length), y.rows(0, length));
    CHECK(graph.train(x.rows(0, length), y.rows(0, length)) == expected);
  }
  std::string made = emulation.fake.calls({"cuGraphInstantiate"});
  CHECK(made == "cuGraphInstantiate\ncuGraphInstantiate\ncuGraphInstantiate\ncuGraphInstantiate\ncuGraphInstantiate\n");
  check_same(graph, queued);
  for (Net *net : {&graph, &queued})
    net->train.optimizer().rate.set_value(0.3); // which the kernels read in memory
  for (int k = 0; k < 2; ++k) {
    double expected = queued.train(x, y);
    CHECK(graph.train(x, y) == expected);
  }
  CHECK(emulation.fake.calls({"cuGraphInstantiate"}) == "");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("failures of the driver in an update say what was done", "[gpu][training][graph]") {
  Emulation emulation;
  Net net(cuda(), adam());
  net.train(x, y);
  emulation.fake.fail_next("cuGraphLaunch", 2);
  CHECK(message_of([&] { net.train(x, y); }).find("launching a graph: out of memory") != std::string::npos);
  emulation.fake.fail_next("cuStreamSynchronize", 2);
  CHECK(message_of([&] { net.train(x, y); }).find("running a kernel: out of memory") != std::string::npos);
  Net without(cuda(), adam());
  emulation.fake.fail_next("cuMemHostAlloc", 2);
  without.train(x, y);
  CHECK(without.train.why_no_graph().find("no pinned memory") != std::string::npos);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("the host brings numbers of a training when somebody reads them, and the device what the host has set",
          "[gpu][training]") {
  Emulation emulation;
  const char *copies = "cuMemcpyHtoDAsync 576", *back = "cuMemcpyDtoHAsync 576"; // of the LSTM's Wh in f32
  auto count = [&](const std::string &call) {
    std::string calls = emulation.fake.calls();
    std::size_t found = 0;
    for (std::size_t at = calls.find(call); at != std::string::npos; at = calls.find(call, at + 1))
      ++found;
    return found;
  };
  Tensor data = x.to(f32), target = y.to(f32);
  Net net(cuda(), SGD({.rate = 0.1}), {}, f32);
  Monitor Wh = net.net.var("l1.Wh");
  net.train(data, target);
  CHECK(count(back) == 0);
  Tensor before = Wh.value();
  CHECK(count(back) == 1);
  CHECK(same_bits(Wh.value(), before));
  CHECK(count(back) == 0); // it has them
  net.train(data, target);
  CHECK(count(copies) == 0); // and the device has them still
  CHECK_FALSE(same_bits(Wh.value(), before));
  Wh.set_value(before);
  emulation.fake.calls();
  net.train(data, target);
  CHECK(count(copies) == 1);
  net.loop.reset_state(batch); // reads no parameter
  CHECK(count(back) == 0);
  {
    Net other(cuda(), SGD({.rate = 0.1}), {}, f32);
    other.train.load_state_dict(net.train.state_dict());
    net.loop.cpu(); // goes on from there on the processor, and back
    double here = net.train(data, target);
    CHECK(other.train(data, target) == Approx(here).epsilon(1e-5));
    net.loop.cuda();
    CHECK(net.train(data, target) == Approx(other.train(data, target)).epsilon(1e-5));
  }
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("numbers of a training outlive the Trainer", "[gpu][training]") {
  Emulation emulation;
  Sequential net{{"l1", Dense(3, 2)}};
  Tensor initial = net.var("l1.W").value();
  {
    LoopOverTime loop(net, {.real = f64, .cache = false, .device = cuda()});
    loop.reset_state(batch);
    Trainer train(loop, squares(), SGD({.rate = 0.1}));
    train(x, y);
    CHECK(emulation.fake.alive().find(", 1 graphs") != std::string::npos);
  }
  CHECK(emulation.fake.alive().find("graphs") == std::string::npos);
  CHECK(largest_difference(net.var("l1.W").value(), initial) > 1e-3);
  net.var("l1.W").set_value(initial);
  CHECK(same_bits(net.var("l1.W").value(), initial));
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("fit on a device trains as on the processor, with a smaller last batch, validation and an early stop",
          "[gpu][training]") {
  Emulation emulation;
  Tensor many = sample({steps, 10, 3}, 7), targets = sample({steps, 10, 2}, 9);
  auto fitted = [&](const Device &device, double rate) {
    auto net = std::make_unique<Net>(device, Momentum({{.rate = rate}}));
    std::vector<Epoch> epochs = net->train.fit(
        many, targets, {.epochs = 4, .batch = batch, .validation = x, .validation_target = y, .patience = 2});
    return std::pair(std::move(net), epochs);
  };
  for (double rate : {0.1, 1.0}) { // the second gets worse, so that the best parameters are taken back
    auto [host, expected] = fitted(cpu(), rate);
    auto [there, epochs] = fitted(cuda(), rate);
    REQUIRE(epochs.size() == expected.size());
    for (std::size_t k = 0; k < epochs.size(); ++k) {
      CHECK(epochs[k].loss == Approx(expected[k].loss).epsilon(1e-9));
      CHECK(*epochs[k].validation_loss == Approx(*expected[k].validation_loss).epsilon(1e-9));
    }
    StateDict numbers = there->train.state_dict();
    for (const auto &[key, array] : host->train.state_dict()) {
      INFO(key);
      CHECK(largest_difference(array, numbers.at(key)) < 1e-9);
    }
  }
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("training on a device that is saved and resumed has the bits of one that was not", "[gpu][training]") {
  Emulation emulation;
  Net whole(cuda(), adam(), {.continues = true}), first(cuda(), adam(), {.continues = true});
  for (int k = 0; k < 3; ++k) {
    whole.train(x, y);
    first.train(x, y);
  }
  Net second(cuda(), adam(), {.continues = true});
  second.train.load_state_dict(first.train.state_dict());
  for (int k = 0; k < 3; ++k)
    CHECK(whole.train(x, y) == second.train(x, y));
  check_same(whole, second);
  CHECK(emulation.fake.faults() == "");
}

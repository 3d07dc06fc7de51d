// SPDX-License-Identifier: Apache-2.0
// Trainings compiled ahead of time: what a library does in a step has the bits of the Trainer's.
#include "models/layers/dense.h"
#include "models/layers/dropout.h"
#include "models/layers/lstm_cell.h"
#include "models/optimizers/adam.h"
#include "models/optimizers/schedules.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <filesystem>
#include <unistd.h>

using namespace overtime;

namespace {

const Tensor x = Tensor::normal({7, 4, 3}, 0, 1, 1), y = Tensor::normal({7, 4, 2}, 0, 1, 2);

struct Folder {
  Folder() : path(std::filesystem::temp_directory_path() / ("overtime-training-" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

struct Memory {
  explicit Memory(std::size_t bytes) : data(std::aligned_alloc(64, (bytes + 63) / 64 * 64)) {}
  ~Memory() { std::free(data); }
  Memory(const Memory &) = delete;
  Memory &operator=(const Memory &) = delete;
  void *data;
};

/// A compiled training of one input.
class Library {
public:
  Library(const Folder &folder, const Artifact &artifact, std::string name) : name(std::move(name)) {
    artifact.write(folder.path.string());
    handle = ::dlopen((folder.path / ("lib" + this->name + ".so")).c_str(), RTLD_NOW | RTLD_LOCAL);
    REQUIRE(handle);
    block = std::make_unique<Memory>(function<std::uint64_t()>("state_bytes")());
    REQUIRE(function<int(void *, std::uint64_t)>("reset")(block->data, 0) == 0);
  }
  ~Library() { ::dlclose(handle); }
  Library(const Library &) = delete;
  Library &operator=(const Library &) = delete;

  template <class Type> Type *function(const std::string &suffix) const {
    void *found = ::dlsym(handle, (name + "_" + suffix).c_str());
    REQUIRE(found);
    return reinterpret_cast<Type *>(found);
  }
  double train(const Tensor &data, const Tensor &target) {
    std::int64_t steps = data.shape()[0];
    Memory work(static_cast<std::size_t>(function<std::int64_t(std::int64_t)>("work_bytes")(steps)));
    double loss = 0;
    auto *step = function<int(void *, std::int64_t, const void *, const void *, void *, double *)>("train_step");
    int status = step(block->data, steps, data.data(), target.data(), work.data, &loss);
    INFO(function<const char *(const void *)>("error")(block->data));
    CHECK(status == 0);
    return loss;
  }
  double loss(const Tensor &data, const Tensor &target) {
    double loss = 0;
    auto *f = function<int(void *, std::int64_t, const void *, const void *, double *)>("loss");
    CHECK(f(block->data, data.shape()[0], data.data(), target.data(), &loss) == 0);
    return loss;
  }
  int save(const std::string &path) { return function<int(void *, const char *)>("save")(block->data, path.c_str()); }
  int load(const std::string &path) { return function<int(void *, const char *)>("load")(block->data, path.c_str()); }
  std::int64_t updates() { return function<std::int64_t(const void *)>("updates")(block->data); }

  std::unique_ptr<Memory> block;

private:
  std::string name;
  void *handle = nullptr;
};

bool same_bits(const Tensor &a, const Tensor &b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

struct Net {
  explicit Net(const Loss &loss, const TrainerOptions &options = {}, const Remat &remat = {})
      : loop(net, {.remat = remat, .cache = false}),
        train(loop, loss, AdamW({{.rate = 0.01, .schedule = schedule::exponential(0.9), .weight_decay = 0.1}}),
              options) {
    loop.reset_state(4);
  }
  Sequential net{{"l1", LSTMCell(3, 6)}, {"drop", Dropout(0.5)}, {"l2", Dense(6, 2)}};
  LoopOverTime loop;
  Trainer train;
};

Value squares(Value out, Value target) { return (out - target) * (out - target); }
Value classes(Value out, Value label) { return -sum(log_softmax(out) * one_hot(label, 2), -1); }

} // namespace

TEST_CASE("a library trains with the bits of the Trainer that it was compiled from", "[training][library]") {
  Folder folder;
  Tensor label = Tensor::of({0, 1, 1, 0});
  struct Case {
    const char *name;
    Loss loss;
    Tensor target;
    TrainerOptions options;
    Remat remat;
  };
  const Case cases[] = {{"each", each_step(squares), y, {}, {}},
                        {"last", last_step(classes), label, {.clip_norm = 0.1}, Remat::sqrt()},
                        {"average", mean_output(classes), label, {}, true},
                        {"onward", each_step(squares), y, {.continues = true}, Remat::every(3)}};
  for (const Case &c : cases) {
    INFO(c.name);
    Net net(c.loss, c.options, c.remat);
    Artifact artifact = compile(net.train, x, c.target, {.name = c.name});
    Library library(folder, artifact, c.name);
    for (int k = 0; k < 4; ++k) {
      CHECK(library.loss(x, c.target) == Approx(net.train.loss(x, c.target)).epsilon(1e-5));
      CHECK(library.train(x, c.target) == net.train(x, c.target));
    }
    CHECK(library.updates() == 4);
    std::string file = (folder.path / c.name).string() + ".safetensors";
    REQUIRE(library.save(file) == 0);
    StateDict expected = net.train.state_dict();
    Net other(c.loss, c.options, c.remat);
    other.train.load(file);
    for (const auto &[key, array] : expected) {
      INFO(key);
      DType dtype = array.dtype() == f64 ? f32 : array.dtype(); // the rate of a Trainer is in f64
      CHECK(same_bits(other.train.state_dict().at(key).to(dtype), array.to(dtype)));
    }
    // What the Trainer saves, the library goes on from.
    Library second(folder, artifact, c.name);
    net.train.save(file);
    REQUIRE(second.load(file) == 0);
    CHECK(second.train(x, c.target) == net.train(x, c.target));
  }
}

TEST_CASE("a library for several threads trains with the same bits", "[training][library]") {
  Folder folder;
  Sequential net{{"l1", LSTMCell(24, 40)}, {"l2", Dense(40, 7)}};
  LoopOverTime loop(net, {.threads = 2, .cache = false});
  Tensor data = Tensor::normal({9, 6, 24}, 0, 1, 1), target = Tensor::normal({9, 6, 7}, 0, 1, 2);
  loop.reset_state(6);
  Trainer train(loop, each_step(squares), Adam({{.rate = 0.01}}));
  Library library(folder, compile(train, data, target, {.name = "several"}), "several");
  for (std::int32_t threads : {1, 2, 4}) {
    library.function<int(void *, std::int32_t)>("set_threads")(library.block->data, threads);
    CHECK(library.train(data, target) == train(data, target));
  }
}

TEST_CASE("a library refuses what it cannot do, and says why", "[training][library]") {
  Folder folder;
  Net net(each_step(squares), {}, Remat::budget(3000));
  Library library(folder, compile(net.train, x, y, {.name = "careful"}), "careful");
  auto error = [&] { return std::string(library.function<const char *(const void *)>("error")(library.block->data)); };
  double loss = 0;
  auto *step = library.function<int(void *, std::int64_t, const void *, const void *, void *, double *)>("train_step");
  auto *work_bytes = library.function<std::int64_t(std::int64_t)>("work_bytes");
  CHECK(work_bytes(0) == -1);
  CHECK(work_bytes(7) > 0);
  CHECK(work_bytes(7) < 4000);
  CHECK(step(library.block->data, 7, nullptr, y.data(), nullptr, &loss) != 0);
  CHECK(error().find("NULL") != std::string::npos);
  CHECK(step(library.block->data, -1, x.data(), y.data(), nullptr, &loss) != 0);
  CHECK(error().find("steps") != std::string::npos);
  CHECK(library.load((folder.path / "missing.safetensors").string()) != 0);
  std::string file = (folder.path / "other.safetensors").string();
  Dense dense(2, 3);
  dense.save_states(file);
  CHECK(library.load(file) != 0);
  CHECK(error() == "nothing has this name");
  CHECK(library.train(x, y) == net.train(x, y)); // nothing has changed
}

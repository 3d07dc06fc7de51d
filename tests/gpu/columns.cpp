// SPDX-License-Identifier: Apache-2.0
// Recurrent networks whose weights are cut into columns: the numbers of the processor, and what the blocks wait for.
#include "models/layers/dense.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"
#include "tests/gpu/emulation.h"
#include "tests/trace/helper.h"

#include <fstream>
#include <iterator>
#include <sstream>

using namespace overtime;
using namespace overtime::test;

namespace {

/// Outputs and last states of a model on the processor and on the device, in two calls.
template <class Make>
double difference_of(Make make, std::int64_t inputs, std::int64_t batch, DType real = f64,
                     MatmulPrecision precision = MatmulPrecision::Full) {
  auto run = [&](const Device &device) {
    auto model = make();
    LoopOverTime over_time(model, {.real = real, .matmul_precision = precision, .cache = false, .device = device});
    over_time.reset_state(batch);
    std::vector<Tensor> all = {over_time(sample({3, batch, inputs}, 3, real)).out.leaf(),
                               over_time(sample({2, batch, inputs}, 4, real)).out.leaf()};
    for (const auto &[path, state] : model.states())
      all.push_back(state.value());
    return all;
  };
  std::vector<Tensor> host = run(cpu()), there = run(cuda());
  double largest = 0;
  for (std::size_t k = 0; k < host.size(); ++k)
    largest = std::max(largest, largest_difference(host[k], there[k]));
  return largest;
}

} // namespace

TEST_CASE("large weights are cut into columns, one block for each processor", "[gpu]") {
  Emulation emulation;
  CHECK(difference_of([] { return RNNCell(40, 300); }, 40, 3) < 1e-12);
  CHECK(difference_of([] { return LSTMCell(64, 128); }, 64, 8) < 1e-12);
  CHECK(difference_of([] { return GRUCell(64, 128); }, 64, 8) < 1e-12);
  CHECK(emulation.fake.calls({"cuLaunchCooperativeKernel"}) ==
        "cuLaunchCooperativeKernel 4 x 225\ncuLaunchCooperativeKernel 4 x 225\n"
        "cuLaunchCooperativeKernel 4 x 128\ncuLaunchCooperativeKernel 4 x 128\n"
        "cuLaunchCooperativeKernel 4 x 128\ncuLaunchCooperativeKernel 4 x 128\n");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("many rows share the weights of a block", "[gpu]") {
  Emulation emulation;
  CHECK(difference_of([] { return RNNCell(10, 20); }, 10, 150) < 1e-12); // in groups of 12
  CHECK(difference_of([] { return GRUCell(5, 16); }, 5, 64) < 1e-12);
  auto two = [] { return Sequential{{"l1", LSTMCell(6, 16)}, {"l2", Dense(16, 3)}}; };
  CHECK(difference_of(two, 6, 40) < 1e-12);
  CHECK(emulation.fake.calls({"cuLaunchKernel"}) == "cuLaunchKernel 4 x 240\ncuLaunchKernel 4 x 240\n"
                                                    "cuLaunchKernel 4 x 256\ncuLaunchKernel 4 x 256\n"
                                                    "cuLaunchKernel 3 x 256\ncuLaunchKernel 3 x 256\n");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("the last block has the columns that are left", "[gpu]") {
  Emulation emulation;
  CHECK(difference_of([] { return LSTMCell(30, 89); }, 30, 13) < 1e-12); // 23, 23, 23 and 20
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("layers that follow each other have the same columns, and a small one is shared by all", "[gpu]") {
  Emulation emulation;
  auto make = [] {
    return Sequential{{"l1", LSTMCell(20, 128)}, {"l2", GRUCell(128, 64)}, {"l3", Dense(64, 10)}, {"l4", softmax}};
  };
  CHECK(difference_of(make, 20, 6) < 1e-12);
  CHECK(emulation.fake.calls({"cuLaunchCooperativeKernel"}) ==
        "cuLaunchCooperativeKernel 4 x 96\ncuLaunchCooperativeKernel 4 x 96\n");
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("products of f32 have the bits of the processor", "[gpu]") {
  Emulation emulation;
  auto make = [] { return RNNCell(96, 256, {.activation = relu}); };
  CHECK(difference_of(make, 96, 16, f32) == 0);
  CHECK(emulation.fake.faults() == "");
}

namespace {

/// Whole numbers from -2 to 2, which every format has.
Tensor whole_numbers(const Shape &shape, int seed) {
  Tensor numbers = sample(shape, seed, f32);
  for (std::int64_t k = 0; k < numbers.size(); ++k)
    numbers.set(k, std::round(std::fmod(numbers[k] * 100, 3)));
  return numbers;
}

} // namespace

TEST_CASE("tensor cores add up what the operands' formats have exactly", "[gpu]") {
  Emulation emulation;
  auto [inputs, width, batch] = GENERATE(table<std::int64_t, std::int64_t, std::int64_t>(
      {{96, 256, 16}, {70, 200, 13}, {16, 248, 40}})); // terms, columns and rows that fragments do not divide
  auto run = [&](const Device &device, MatmulPrecision precision) {
    RNNCell cell(inputs, width, {.activation = relu});
    cell.Wi.set_value(whole_numbers({inputs, width}, 5));
    cell.Wh.set_value(whole_numbers({width, width}, 6));
    LoopOverTime over_time(cell, {.matmul_precision = precision, .cache = false, .device = device});
    over_time.reset_state(batch);
    return over_time(whole_numbers({2, batch, inputs}, 7)).out.leaf();
  };
  Tensor host = run(cpu(), MatmulPrecision::Bf16);
  for (auto precision : {MatmulPrecision::Tf32, MatmulPrecision::Bf16})
    CHECK(largest_difference(run(cuda(), precision), host) == 0);
  CHECK(largest_difference(host, Tensor::zeros(host.shape())) > 100);
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("products of a warp stay where all of its threads come", "[gpu]") {
  Emulation emulation;
  difference_of([] { return RNNCell(70, 200); }, 70, 13, f32, MatmulPrecision::Tf32); // the last rows are no warp's
  std::string text, line;
  for (const auto &entry : std::filesystem::directory_iterator(emulation.folder))
    if (entry.path().extension() == ".ll") {
      std::ifstream file(entry.path());
      text.assign(std::istreambuf_iterator<char>(file), {});
    }
  std::istringstream lines(text);
  int products = 0;
  while (std::getline(lines, line))
    if (line.find("call") != std::string::npos && line.find("@llvm.nvvm.mma.") != std::string::npos) {
      ++products;
      std::string attributes = "attributes " + line.substr(line.rfind('#')) + " = { convergent";
      CHECK(text.find(attributes) != std::string::npos);
    }
  CHECK(products > 0);
}

TEST_CASE("tensor cores err by the operands' last bits", "[gpu]") {
  Emulation emulation;
  auto lstm = [] { return LSTMCell(64, 128); };
  auto gru = [] { return GRUCell(64, 128); };
  double tf32 = difference_of(lstm, 64, 24, f32, MatmulPrecision::Tf32);
  CHECK(tf32 < 1e-3);
  CHECK(tf32 > 1e-6); // it is used
  double bf16 = difference_of(lstm, 64, 24, f32, MatmulPrecision::Bf16);
  CHECK(bf16 < 1e-2);
  CHECK(bf16 > 1e-4);
  CHECK(difference_of(gru, 64, 24, f32, MatmulPrecision::Tf32) < 1e-3);
  CHECK_THAT(message_of([&] { difference_of(lstm, 64, 24, f64, MatmulPrecision::Tf32); }),
             Catch::Contains("matmul_precision rounds the operands of products of f32, and the loop runs in f64"));
  CHECK(emulation.fake.faults() == "");
}

TEST_CASE("gradients by large weights are added up in the columns of a block", "[gpu][gradient]") {
  Emulation emulation;
  LSTMCell cell(64, 128);
  auto run = [&](const Device &device) {
    LoopOverTime over_time(cell, {.real = f64, .cache = false, .device = device});
    over_time.reset_state(6);
    auto square_error = each_step([](Value out, Value target) { return square(out - target); });
    return value_and_grad(over_time, square_error)(sample({5, 6, 64}, 3), sample({5, 6, 128}, 5));
  };
  GradientResult host = run(cpu()), there = run(cuda());
  CHECK(there.loss == Approx(host.loss).epsilon(1e-13));
  for (const Param *by : {&cell.Wi, &cell.Wh, &cell.b})
    CHECK(largest_difference(there[*by], host[*by]) < 1e-12);
  CHECK(emulation.fake.calls({"cuLaunchCooperativeKernel"}) ==
        "cuLaunchCooperativeKernel 4 x 192\ncuLaunchCooperativeKernel 4 x 192\n");
  CHECK(emulation.fake.faults() == "");
}

// SPDX-License-Identifier: Apache-2.0
// Runs a kernel that was compiled for this processor as the threads of a grid, one after the other.
#include "tests/gpu/fake_grid.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>

#include <dlfcn.h>
#include <ucontext.h>

namespace fake {

static std::string built;

void build_kernel(const std::string &ptx) {
  const char *folder = std::getenv("OVERTIME_DUMP_KERNELS"), *command = std::getenv("FAKE_CUDA_EMULATE");
  built.clear();
  if (!folder || !command)
    return;
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    std::filesystem::path path = entry.path();
    std::ifstream file(path);
    if (path.extension() != ".ptx" || std::string(std::istreambuf_iterator<char>(file), {}) != ptx)
      continue;
    built = path.replace_extension(".so").string();
    std::string ir = path.replace_extension(".ll").string();
    if (!std::filesystem::exists(built) && std::system((command + (" " + built + " " + ir)).c_str()) != 0)
      std::abort(); // the command has said why
    return;
  }
}

Kernel find_kernel(const std::string &name) {
  const char *path = built.empty() ? std::getenv("FAKE_CUDA_KERNELS") : built.c_str();
  void *library = path ? dlopen(path, RTLD_NOW) : nullptr;
  if (path && !library) {
    std::fprintf(stderr, "fake_cuda: %s\n", dlerror());
    std::abort();
  }
  Kernel kernel;
  if (!library)
    return kernel;
  auto symbol = [&](const std::string &what) { return dlsym(library, (name + what).c_str()); };
  kernel.call = reinterpret_cast<void (*)(void **)>(symbol("__call"));
  if (!kernel.call)
    return {};
  kernel.kinds = static_cast<const char *>(symbol("__kinds"));
  while (kernel.kinds[kernel.arguments])
    ++kernel.arguments;
  kernel.ids = static_cast<std::int32_t *>(symbol("__ids"));
  kernel.wait = static_cast<void (**)(std::int32_t)>(symbol("__wait"));
  kernel.warp = static_cast<std::int32_t (**)(std::int32_t, std::int32_t, std::int32_t)>(symbol("__warp"));
  kernel.multiply = static_cast<decltype(kernel.multiply)>(symbol("__multiply"));
  kernel.shared = static_cast<char *>(symbol("__shared"));
  if (kernel.shared)
    kernel.shared_bytes = *static_cast<std::size_t *>(symbol("__shared_bytes"));
  return kernel;
}

namespace {

constexpr std::size_t stack_bytes = 64 << 10;
constexpr unsigned warp = 32;

/// What threads of a warp do together; the numbers are those of emulate.py.
enum Meeting : std::int32_t { None, Ballot, ShuffleUp, ShuffleFrom, Match, Sync, Product };

/// A thread of the grid, with a stack of its own.
struct Fiber {
  ucontext_t context;
  std::unique_ptr<char[]> stack;
  std::int32_t thread = 0, block = 0;
  bool done = false, waits = false, waits_for_grid = false;
  Meeting meeting = None;  // waits for its warp
  std::uint32_t word = 0;  // its own
  std::uint32_t there = 0; // who met it, and with what
  std::array<std::uint32_t, warp> words{};
  const std::uint32_t *operands = nullptr; // of a product of the warp
  float *sums = nullptr;
  float product[4];
  bool is_bf16 = false;
};

/// All threads that may wait for each other.
class Team {
public:
  Team(const Kernel &kernel, void **arguments, unsigned threads, unsigned blocks, std::size_t shared_bytes)
      : kernel(kernel), arguments(arguments), threads(threads), blocks(blocks), shared_bytes(shared_bytes) {}

  void run(unsigned first_block, unsigned count) {
    current_team = this;
    if (kernel.wait)
      *kernel.wait = [](std::int32_t whole_grid) { current_team->wait(whole_grid != 0); };
    if (kernel.warp)
      *kernel.warp = [](std::int32_t what, std::int32_t own, std::int32_t operand) {
        return std::int32_t(current_team->meet(Meeting(what), std::uint32_t(own), std::uint32_t(operand)));
      };
    if (kernel.multiply)
      *kernel.multiply = [](std::int32_t is_bf16, const std::uint32_t *operands, float *sums) {
        current_team->multiply(is_bf16 != 0, operands, sums);
      };
    fibers = std::vector<Fiber>(std::size_t(count) * threads);
    for (std::size_t k = 0; k < fibers.size(); ++k) {
      Fiber &fiber = fibers[k];
      fiber.thread = std::int32_t(k % threads);
      fiber.block = std::int32_t(first_block + k / threads);
      fiber.stack = std::make_unique<char[]>(stack_bytes);
      getcontext(&fiber.context);
      fiber.context.uc_stack.ss_sp = fiber.stack.get();
      fiber.context.uc_stack.ss_size = stack_bytes;
      fiber.context.uc_link = &scheduler;
      makecontext(&fiber.context, [] { current_team->body(); }, 0);
    }
    for (unsigned block = 0; block < count; ++block)
      order.push_back(block);
    for (unsigned thread = 0; thread < threads; ++thread)
      inner.push_back(thread);
    if (kernel.shared) // a block of a device finds no zeros
      shared.assign(count, std::vector<char>(shared_bytes, char(0xff)));
    while (turn())
      ;
  }

private:
  /// Every thread that can go on does so, up to its next barrier; then barriers that all have reached open.
  bool turn() {
    std::shuffle(order.begin(), order.end(), random);
    bool any = false;
    for (std::size_t block : order) {
      if (kernel.shared)
        std::copy(shared[block].begin(), shared[block].end(), kernel.shared);
      any |= turn_of_block(block);
      if (kernel.shared)
        std::copy_n(kernel.shared, shared_bytes, shared[block].begin());
    }
    open();
    return any;
  }
  bool turn_of_block(std::size_t block) {
    std::shuffle(inner.begin(), inner.end(), random);
    bool any = false;
    for (std::size_t thread : inner) {
      running = &fibers[block * threads + thread];
      if (running->done || running->waits || running->meeting != None)
        continue;
      any = true;
      kernel.ids[0] = running->thread;
      kernel.ids[1] = running->block;
      kernel.ids[2] = std::int32_t(threads);
      kernel.ids[3] = std::int32_t(blocks);
      swapcontext(&scheduler, &running->context);
    }
    return any;
  }
  /// Warps whose threads have all come know each other's words; threads that are done take no part.
  void open_warps() {
    for (std::size_t first = 0; first < fibers.size(); first += warp) {
      auto begin = fibers.begin() + std::ptrdiff_t(first);
      auto end = begin + std::ptrdiff_t(std::min<std::size_t>(warp, fibers.size() - first));
      if (!std::all_of(begin, end, [](const Fiber &f) { return f.done || f.meeting != None; }))
        continue;
      std::array<std::uint32_t, warp> words{};
      std::uint32_t there = 0;
      Meeting what = None;
      for (auto fiber = begin; fiber != end; ++fiber) {
        if (fiber->done)
          continue;
        if (what != None && fiber->meeting != what) {
          std::fprintf(stderr, "fake_cuda: threads of a warp meet for different operations\n");
          std::abort();
        }
        what = fiber->meeting;
        words[std::size_t(fiber - begin)] = fiber->word;
        there |= 1u << (fiber - begin);
      }
      if (what == Product)
        multiply(&*begin);
      for (auto fiber = begin; fiber != end; ++fiber) {
        fiber->words = words;
        fiber->there = there;
        fiber->meeting = None;
      }
    }
  }
  /// mma.sync m16n8k8 of tf32 or m16n8k16 of bf16, as the PTX ISA lays out its fragments.
  static void multiply(Fiber *lanes) {
    auto number = [](const Fiber &fiber, int word, int half) {
      std::uint32_t bits = fiber.operands[word];
      if (fiber.is_bf16)
        bits = half ? bits & 0xffff0000u : bits << 16;
      float v;
      std::memcpy(&v, &bits, sizeof v);
      return v;
    };
    int words = lanes->is_bf16 ? 2 : 1; // numbers in one
    for (unsigned lane = 0; lane < warp; ++lane)
      for (unsigned n = 0; n < 4; ++n) {
        unsigned row = lane / 4, column = lane % 4 * 2 + n % 2, second = n / 2;
        float sum = lanes[lane].sums[n];
        for (unsigned quarter = 0; quarter < 4; ++quarter)
          for (int k = 0; k < 2 * words; ++k)
            sum += number(lanes[row * 4 + quarter], int(second) + 2 * (k / words), k % words) *
                   number(lanes[column * 4 + quarter], 4 + k / words, k % words);
        lanes[lane].product[n] = sum;
      }
    for (unsigned lane = 0; lane < warp; ++lane)
      std::copy_n(lanes[lane].product, 4, lanes[lane].sums);
  }
  void open() {
    open_warps();
    auto reached = [](const Fiber &f) { return f.done || f.waits; };
    if (std::all_of(fibers.begin(), fibers.end(), [&](const Fiber &f) { return f.done || f.waits_for_grid; }))
      for (Fiber &fiber : fibers)
        fiber.waits = fiber.waits_for_grid = false;
    for (std::size_t first = 0; first < fibers.size(); first += threads) {
      auto begin = fibers.begin() + std::ptrdiff_t(first), end = begin + threads;
      bool open =
          std::all_of(begin, end, reached) && std::none_of(begin, end, [](const Fiber &f) { return f.waits_for_grid; });
      for (auto fiber = begin; open && fiber != end; ++fiber)
        fiber->waits = false;
    }
  }
  void body() {
    kernel.call(arguments);
    running->done = true;
  }
  std::uint32_t meet(Meeting what, std::uint32_t own, std::uint32_t operand) {
    Fiber &self = *running;
    self.meeting = what;
    self.word = own;
    swapcontext(&self.context, &scheduler);
    auto lane = std::uint32_t(self.thread) % warp;
    switch (what) {
    case ShuffleUp:
      return self.words[lane >= operand ? lane - operand : lane];
    case ShuffleFrom:
      return self.words[operand % warp];
    case Ballot:
    case Match: {
      std::uint32_t bits = 0, wanted = what == Ballot ? 1 : own;
      for (unsigned k = 0; k < warp; ++k)
        bits |= (self.there >> k & 1) && self.words[k] == wanted ? 1u << k : 0;
      return bits;
    }
    default:
      return 0;
    }
  }
  void multiply(bool is_bf16, const std::uint32_t *operands, float *sums) {
    running->operands = operands;
    running->sums = sums;
    running->is_bf16 = is_bf16;
    meet(Product, 0, 0);
  }
  void wait(bool whole_grid) {
    running->waits = true;
    running->waits_for_grid = whole_grid;
    swapcontext(&running->context, &scheduler);
  }

  static Team *current_team;
  const Kernel &kernel;
  void **arguments;
  unsigned threads, blocks;
  std::vector<Fiber> fibers;
  std::size_t shared_bytes;
  std::vector<std::vector<char>> shared; // of each block
  std::vector<std::size_t> order, inner; // of blocks, of the threads of a block
  std::mt19937 random{1};
  Fiber *running = nullptr;
  ucontext_t scheduler;
};
Team *Team::current_team = nullptr;

} // namespace

void run(const Kernel &kernel, const std::vector<std::uint64_t> &values, unsigned blocks, unsigned threads,
         bool cooperative, unsigned shared_bytes) {
  if (!kernel.call)
    return;
  std::vector<std::uint64_t> kept = values;
  std::vector<void *> arguments;
  for (std::uint64_t &value : kept)
    arguments.push_back(&value);
  if (!kernel.wait && !kernel.warp) { // threads that wait for nobody
    for (unsigned block = 0; block < blocks; ++block)
      for (unsigned thread = 0; thread < threads; ++thread) {
        std::int32_t ids[] = {std::int32_t(thread), std::int32_t(block), std::int32_t(threads), std::int32_t(blocks)};
        std::copy(std::begin(ids), std::end(ids), kernel.ids);
        kernel.call(arguments.data());
      }
    return;
  }
  unsigned together = cooperative ? blocks : 1;
  for (unsigned block = 0; block < blocks; block += together)
    Team(kernel, arguments.data(), threads, blocks, kernel.shared_bytes ? kernel.shared_bytes : shared_bytes)
        .run(block, together);
}

} // namespace fake

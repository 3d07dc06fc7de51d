// SPDX-License-Identifier: Apache-2.0
// The network of Vogels & Abbott written by hand in plain C++, driven by events: each thread owns a range of the cells,
// and of every row the synapses onto them.
#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <omp.h>
#include <string>
#include <vector>

namespace {

constexpr int block = 64;      // cells whose flags are looked at together
constexpr int refractory = 50; // steps

/// Arrays start at a cache line, as in populations.cpp.
template <class T> struct Aligned {
  using value_type = T;
  T *allocate(std::size_t n) { return static_cast<T *>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T *p, std::size_t) { ::operator delete(p, std::align_val_t{64}); }
  bool operator==(const Aligned &) const { return true; }
};
using Floats = std::vector<float, Aligned<float>>;
using Ints = std::vector<std::int32_t, Aligned<std::int32_t>>;

struct Network {
  Ints offsets, targets; ///< [N + 1] and [K], sorted in each row
  Floats V;              ///< at the start
  int excitatory;
};

struct State {
  Floats V, ge, gi;
  Ints held;
};

/// Potentials fill whole blocks; start() keeps the cells that are too many from firing.
bool read(const char *path, long count, Network &net) {
  std::FILE *file = std::fopen(path, "rb");
  if (!file)
    return false;
  const long padded = (count + block - 1) / block * block;
  net.offsets.resize(count + 1);
  net.V.assign(padded, -60.0f);
  net.excitatory = int(count / 5 * 4);
  bool whole = std::fread(net.offsets.data(), 4, count + 1, file) == std::size_t(count + 1);
  net.targets.resize(whole ? net.offsets[count] : 0);
  whole = whole && std::fread(net.targets.data(), 4, net.targets.size(), file) == net.targets.size() &&
          std::fread(net.V.data(), 4, count, file) == std::size_t(count);
  std::fclose(file);
  return whole;
}

/// Written out: with calls of libmvec's, around which registers are saved, a run takes 1.5 times as long.
/// x = k log 2 + r; for x from -87 to 88.
inline float exponential(float x) {
  const float k = std::floor(x * 1.44269504f + 0.5f), r = x - k * 0.693145752f - k * 1.42860677e-6f;
  float p = 0.0013981999f;
  for (float c : {0.00833344f, 0.0416664519f, 0.166666657f, 0.5f, 1.0f, 1.0f})
    p = p * r + c;
  return p * std::bit_cast<float>((std::int32_t(k) + 127) << 23);
}

/// One block: exponential Euler of V, exact decay of the conductances, threshold. Sets flags and leaves the inputs of
/// this step's spikes to `deliver`.
inline void update(float *__restrict V, float *__restrict ge, float *__restrict gi, std::int32_t *__restrict held,
                   std::uint8_t *__restrict flags, float keep_e, float keep_i) {
#pragma GCC ivdep
  for (int k = 0; k < block; ++k) {
    const float leak = 1.0f + ge[k] + gi[k], rest = (-49.0f - 80.0f * gi[k]) / leak;
    float v = rest + (V[k] - rest) * exponential(-0.005f * leak);
    v = held[k] > 0 ? V[k] : v;
    const bool fired = v > -50.0f;
    V[k] = fired ? -60.0f : v;
    held[k] = fired ? refractory : std::max(held[k] - 1, 0);
    ge[k] *= keep_e;
    gi[k] *= keep_i;
    flags[k] = fired;
  }
}

/// Appends the numbers of the cells of a block that fired.
inline int *collect(const std::uint8_t *flags, int first, int *list) {
  for (int word = 0; word < block; word += 8) {
    std::uint64_t bytes;
    std::memcpy(&bytes, flags + word, 8);
    for (; bytes; bytes &= bytes - 1)
      *list++ = first + word + std::countr_zero(bytes) / 8;
  }
  return list;
}

/// Where in each row the targets of thread k begin: [N * (threads + 1)].
Ints split(const Network &net, long count, int threads, const std::vector<int> &first) {
  Ints at(count * (threads + 1));
  for (long row = 0; row < count; ++row)
    for (int k = 0; k <= threads; ++k)
      at[row * (threads + 1) + k] = std::int32_t(
          std::lower_bound(&net.targets[net.offsets[row]], net.targets.data() + net.offsets[row + 1], first[k]) -
          net.targets.data());
  return at;
}

State start(const Network &net, long count) {
  const std::size_t n = net.V.size();
  State state{net.V, Floats(n), Floats(n), Ints(n)};
  std::fill(state.held.begin() + count, state.held.end(), std::numeric_limits<std::int32_t>::max());
  return state;
}

class Simulation {
public:
  Simulation(const Network &net, long count, int threads)
      : net(net), threads(threads), blocks(int(net.V.size()) / block), first(threads + 1) {
    for (int k = 0; k <= threads; ++k)
      first[k] = blocks * k / threads * block;
    at = split(net, count, threads, first);
    for (auto &half : lists)
      half.assign(threads, std::vector<int>(net.V.size() + 1));
    for (auto &half : counts)
      half.assign(threads * stride, 0);
  }

  /// Spikes of each step.
  std::vector<int> run(State &s, long steps) {
    std::vector<int> spikes(steps);
    if (threads == 1) {
      work(s, 0, steps, spikes.data());
    } else {
#pragma omp parallel num_threads(threads)
      work(s, omp_get_thread_num(), steps, spikes.data());
    }
    return spikes;
  }

private:
  void work(State &s, int me, long steps, int *spikes) {
    const float keep_e = std::exp(-0.1f / 5), keep_i = std::exp(-0.1f / 10);
    alignas(64) std::uint8_t flags[block];
    for (long t = 0; t < steps; ++t) {
      // Lists take turns, so that one barrier is enough: nobody writes a list again before all have read it.
      auto &list = lists[t & 1];
      int *end = list[me].data();
      for (int b = first[me]; b < first[me + 1]; b += block) {
        update(&s.V[b], &s.ge[b], &s.gi[b], &s.held[b], flags, keep_e, keep_i);
        end = collect(flags, b, end);
      }
      counts[t & 1][me * stride] = int(end - list[me].data());
      if (threads > 1) {
#pragma omp barrier
      }
      int sum = 0;
      for (int k = 0; k < threads; ++k) {
        deliver(s, me, list[k].data(), counts[t & 1][k * stride]);
        sum += counts[t & 1][k * stride];
      }
      if (me == 0)
        spikes[t] = sum;
    }
  }

  void deliver(State &s, int me, const int *list, int count) {
    for (int k = 0; k < count; ++k) {
      if (k + 1 < count) // rows lie apart: the next one comes while this one is worked on
        for (const int *p = begin(list[k + 1], me), *stop = begin(list[k + 1], me + 1); p < stop; p += 16)
          __builtin_prefetch(p);
      const bool excites = list[k] < net.excitatory;
      float *g = excites ? s.ge.data() : s.gi.data();
      const float weight = excites ? 0.6f : 6.7f;
      for (const int *p = begin(list[k], me), *stop = begin(list[k], me + 1); p < stop; ++p)
        g[*p] += weight;
    }
  }
  const int *begin(int row, int thread) const { return net.targets.data() + at[row * (threads + 1) + thread]; }

  static constexpr int stride = 16; ///< counts of two threads lie in two cache lines
  const Network &net;
  int threads, blocks;
  std::vector<int> first;
  Ints at;
  std::vector<std::vector<int>> lists[2];
  std::vector<int> counts[2];
};

} // namespace

int main(int argc, char **argv) {
  if (argc < 6)
    return std::fprintf(stderr, "usage: coba coba N T SECONDS DATA.npz, with DATA.bin beside it\n"), 2;
  const long count = std::atol(argv[2]), steps = std::atol(argv[3]);
  std::string path = argv[5];
  Network net;
  if (!read((path.substr(0, path.rfind('.')) + ".bin").c_str(), count, net))
    return std::fprintf(stderr, "cannot read %s\n", path.c_str()), 2;
  Simulation simulation(net, count, omp_get_max_threads());
  std::vector<double> runs;
  std::vector<int> spikes;
  const double budget = std::atof(argv[4]);
  for (double spent = 0; runs.size() < 4 || (spent < budget && runs.size() < 20000); spent += runs.back()) {
    auto begin = std::chrono::steady_clock::now();
    State state = start(net, count);
    spikes = simulation.run(state, steps);
    runs.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  runs.erase(runs.begin()); // warms caches
  std::sort(runs.begin(), runs.end());
  long total = 0, early = 0;
  for (long t = 0; t < steps; ++t) {
    total += spikes[t];
    early += t < 200 ? spikes[t] : 0;
  }
  std::printf("{\"peer\": \"c++\", \"workload\": \"coba\", \"N\": %ld, \"T\": %ld, \"min\": %.9g, \"median\": %.9g, "
              "\"runs\": %zu, \"check\": %ld, \"early\": %ld}\n",
              count, steps, runs.front(), runs[runs.size() / 2], runs.size(), total, early);
}

// SPDX-License-Identifier: Apache-2.0
// The populations written by hand in plain C++, for `g++ -Ofast -march=native -fopenmp`: what an expert's afternoon
// gives.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
#include <omp.h>
#include <string>
#include <vector>

namespace {

constexpr float dt = 0.1f; // ms

/// (exp(x) - 1) / x. Near 0 the quotient is 0/0, so its series stands in: without it a neuron at exactly -40 or -55 mV
/// becomes NaN and stays so.
inline float exprel(float x) {
  float quotient = (std::exp(x) - 1.0f) / x;
  float series = 1.0f + x * (0.5f + x * (1.0f / 6.0f));
  return std::fabs(x) < 0.02f ? series : quotient;
}

/// One step of exponential Euler for dy/dt = rate - decay * y.
inline float relax(float y, float rate, float decay) { return y + dt * exprel(-dt * decay) * (rate - decay * y); }

/// Arrays start at a cache line. Else vector stores straddle two, and LIF takes up to twice as long, by luck of malloc.
template <class T> struct Aligned {
  using value_type = T;
  T *allocate(std::size_t n) { return static_cast<T *>(::operator new(n * sizeof(T), std::align_val_t{64})); }
  void deallocate(T *p, std::size_t) { ::operator delete(p, std::align_val_t{64}); }
  bool operator==(const Aligned &) const { return true; }
  bool operator!=(const Aligned &) const { return false; }
};
using Floats = std::vector<float, Aligned<float>>;

// A step of one neuron on its states; whether it fired.

inline bool hh(float *s, float I, float) {
  const float v = s[0], m = s[1], h = s[2], n = s[3];
  const float am = 1.0f / exprel(-0.1f * (v + 40.0f)), bm = 4.0f * std::exp((v + 65.0f) * (-1.0f / 18.0f));
  const float ah = 0.07f * std::exp(-0.05f * (v + 65.0f)), bh = 1.0f / (1.0f + std::exp(-0.1f * (v + 35.0f)));
  const float an = 0.1f / exprel(-0.1f * (v + 55.0f)), bn = 0.125f * std::exp(-0.0125f * (v + 65.0f));
  const float sodium = 120.0f * m * m * m * h, n2 = n * n, potassium = 36.0f * n2 * n2;
  const float leak = 0.03f, conductance = sodium + potassium + leak;
  s[0] = relax(v, I + sodium * 50.0f - potassium * 77.0f - leak * 54.387f, conductance);
  s[1] = relax(m, am, am + bm);
  s[2] = relax(h, ah, ah + bh);
  s[3] = relax(n, an, an + bn);
  return (v < 20.0f) & (s[0] >= 20.0f);
}

inline bool lif(float *s, float I, float t) {
  const float keep = std::exp(-dt / 10.0f), v = I + (s[0] - I) * keep;
  const bool fired = v >= 20.0f;
  s[0] = fired ? -5.0f : v;
  s[1] = fired ? t : s[1];
  return fired;
}

inline bool izhikevich(float *s, float I, float t) {
  const float v = s[0], keep = std::exp(-dt * 0.02f);
  const float next = v + dt * exprel(dt * (0.08f * v + 5.0f)) * ((0.04f * v + 5.0f) * v + 140.0f - s[1] + I);
  const float u = 0.2f * v + (s[1] - 0.2f * v) * keep;
  const bool fired = next >= 30.0f;
  s[0] = fired ? -65.0f : next;
  s[1] = fired ? u + 8.0f : u;
  s[2] = fired ? t : s[2];
  return fired;
}

inline bool adex(float *s, float I, float t) {
  const float v = s[0], rest = v + 65.0f, keep = std::exp(-dt / 30.0f);
  const float upstroke = std::exp((v + 59.9f) * (1.0f / 3.48f));
  const float drive = 0.1f * (-v - 65.0f + 3.48f * upstroke - s[1] + I);
  const float next = v + dt * exprel(dt * 0.1f * (upstroke - 1.0f)) * drive;
  const float w = rest + (s[1] - rest) * keep;
  const bool fired = next >= -30.0f;
  s[0] = fired ? -68.0f : next;
  s[1] = fired ? w + 1.0f : w;
  s[2] = fired ? t : s[2];
  return fired;
}

struct Cells {
  std::vector<Floats> states;
  Floats I;
  long spikes = 0;
};

/// Neurons [first, last). The arrays of states that a neuron does not have are not touched.
template <bool (*neuron)(float *, float, float), int states>
int range(float *__restrict a, float *__restrict b, float *__restrict c, float *__restrict d, const float *__restrict I,
          long first, long last, float t) {
  int spikes = 0;
#pragma GCC ivdep
  for (long k = first; k < last; ++k) {
    float s[4] = {a[k], b[k], states > 2 ? c[k] : 0.0f, states > 3 ? d[k] : 0.0f};
    spikes += neuron(s, I[k], t);
    a[k] = s[0];
    b[k] = s[1];
    if constexpr (states > 2)
      c[k] = s[2];
    if constexpr (states > 3)
      d[k] = s[3];
  }
  return spikes;
}

template <bool (*neuron)(float *, float, float), int states> void step(Cells &cells, float t) {
  const long count = static_cast<long>(cells.I.size());
  float *S[4] = {};
  for (int j = 0; j < states; ++j)
    S[j] = cells.states[j].data();
  int spikes = 0;
  if (omp_get_max_threads() == 1) {
    spikes = range<neuron, states>(S[0], S[1], S[2], S[3], cells.I.data(), 0, count, t);
  } else {
#pragma omp parallel reduction(+ : spikes)
    {
      const long n = omp_get_num_threads(), k = omp_get_thread_num(), each = (count + 16 * n - 1) / (16 * n) * 16;
      spikes += range<neuron, states>(S[0], S[1], S[2], S[3], cells.I.data(), std::min(count, k * each),
                                      std::min(count, (k + 1) * each), t);
    }
  }
  cells.spikes += spikes;
}

struct Workload {
  const char *name;
  void (*step)(Cells &, float t);
  std::vector<double> start;
  double first, last; // currents
};

const std::vector<Workload> &workloads() {
  static const double am = 2.5 / std::expm1(2.5), bm = 4, ah = 0.07, bh = 1 / (1 + std::exp(3.0)),
                      an = 0.1 / std::expm1(1.0), bn = 0.125, never = -1e7;
  static const std::vector<Workload> all = {
      {"hh", step<hh, 4>, {-65, am / (am + bm), ah / (ah + bh), an / (an + bn)}, 5, 15},
      {"lif", step<lif, 2>, {0, never}, 15, 30},
      {"izhikevich", step<izhikevich, 3>, {-70, -14, never}, 5, 15},
      {"adex", step<adex, 3>, {-65, 0, never}, 15, 65}};
  return all;
}

Cells make(const Workload &workload, long count) {
  Cells cells;
  for (double x : workload.start)
    cells.states.emplace_back(count, float(x));
  const double first = workload.first, last = workload.last;
  for (long k = 0; k < count; ++k)
    cells.I.push_back(float(count == 1 ? (first + last) / 2 : first + k * ((last - first) / (count - 1))));
  return cells;
}

} // namespace

int main(int argc, char **argv) {
  std::string name = argc < 5 ? "" : argv[1];
  const bool recording = name.ends_with("_record");
  if (recording)
    name.resize(name.size() - 7);
  auto workload =
      std::find_if(workloads().begin(), workloads().end(), [&](const Workload &w) { return w.name == name; });
  if (workload == workloads().end())
    return std::fprintf(stderr, "usage: populations hh|hh_record|lif|izhikevich|adex N T SECONDS\n"), 2;
  const long count = std::atol(argv[2]), steps = std::atol(argv[3]);
  const double budget = std::atof(argv[4]);
  Cells start = make(*workload, count), cells = start;
  Floats record(recording ? count * steps : 0);
  std::vector<double> runs;
  for (double spent = 0; runs.size() < 4 || (spent < budget && runs.size() < 20000); spent += runs.back()) {
    cells = start;
    auto begin = std::chrono::steady_clock::now();
    for (long t = 0; t < steps; ++t) {
      workload->step(cells, dt * float(t));
      if (recording)
        std::memcpy(&record[t * count], cells.states[0].data(), sizeof(float) * count);
    }
    runs.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  runs.erase(runs.begin()); // warms caches
  std::sort(runs.begin(), runs.end());
  const Floats &V = cells.states[0];
  std::printf("{\"peer\": \"c++\", \"workload\": \"%s\", \"N\": %ld, \"T\": %ld, \"min\": %.9g, \"median\": %.9g, "
              "\"runs\": %zu, \"check\": %ld, \"V\": %.9g}\n",
              argv[1], count, steps, runs.front(), runs[runs.size() / 2], runs.size(), cells.spikes,
              std::accumulate(V.begin(), V.end(), 0.0) / double(count));
}

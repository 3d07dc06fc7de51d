// SPDX-License-Identifier: Apache-2.0
// The populations written by hand in plain C++, for `g++ -Ofast -march=native`: what an expert's afternoon gives.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <numeric>
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

struct Cells {
  Floats V, m, h, n, t_last, I;
  long spikes = 0;
};

void step_hh(Cells &cells, float *record) {
  const long count = static_cast<long>(cells.V.size());
  float *__restrict V = cells.V.data(), *__restrict m = cells.m.data(), *__restrict h = cells.h.data(),
                    *__restrict n = cells.n.data();
  const float *__restrict I = cells.I.data();
  int spikes = 0;
#pragma GCC ivdep
  for (long k = 0; k < count; ++k) {
    const float v = V[k];
    const float am = 1.0f / exprel(-0.1f * (v + 40.0f)), bm = 4.0f * std::exp((v + 65.0f) * (-1.0f / 18.0f));
    const float ah = 0.07f * std::exp(-0.05f * (v + 65.0f)), bh = 1.0f / (1.0f + std::exp(-0.1f * (v + 35.0f)));
    const float an = 0.1f / exprel(-0.1f * (v + 55.0f)), bn = 0.125f * std::exp(-0.0125f * (v + 65.0f));
    const float sodium = 120.0f * m[k] * m[k] * m[k] * h[k];
    const float n2 = n[k] * n[k], potassium = 36.0f * n2 * n2;
    const float leak = 0.03f, conductance = sodium + potassium + leak;
    const float next = relax(v, I[k] + sodium * 50.0f - potassium * 77.0f - leak * 54.387f, conductance);
    m[k] = relax(m[k], am, am + bm);
    h[k] = relax(h[k], ah, ah + bh);
    n[k] = relax(n[k], an, an + bn);
    spikes += (v < 20.0f) & (next >= 20.0f);
    V[k] = next;
  }
  cells.spikes += spikes;
  if (record)
    std::memcpy(record, V, sizeof(float) * cells.V.size());
}

void step_lif(Cells &cells, float t) {
  const long count = static_cast<long>(cells.V.size());
  float *__restrict V = cells.V.data(), *__restrict t_last = cells.t_last.data();
  const float *__restrict I = cells.I.data();
  const float tau = 10.0f, keep = std::exp(-dt / tau);
  int spikes = 0;
#pragma GCC ivdep
  for (long k = 0; k < count; ++k) {
    const float v = I[k] + (V[k] - I[k]) * keep;
    const bool fired = v >= 20.0f;
    V[k] = fired ? -5.0f : v;
    t_last[k] = fired ? t : t_last[k];
    spikes += fired;
  }
  cells.spikes += spikes;
}

Cells make(bool hh, long count) {
  Cells cells;
  cells.V.assign(count, hh ? -65.0f : 0.0f);
  double am = 2.5 / std::expm1(2.5), bm = 4, ah = 0.07, bh = 1 / (1 + std::exp(3.0)), an = 0.1 / std::expm1(1.0),
         bn = 0.125;
  cells.m.assign(count, float(am / (am + bm)));
  cells.h.assign(count, float(ah / (ah + bh)));
  cells.n.assign(count, float(an / (an + bn)));
  cells.t_last.assign(count, -1e7f);
  const double first = hh ? 5 : 15, last = hh ? 15 : 30;
  for (long k = 0; k < count; ++k)
    cells.I.push_back(float(count == 1 ? (first + last) / 2 : first + k * ((last - first) / (count - 1))));
  return cells;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 5)
    return std::fprintf(stderr, "usage: populations hh|hh_record|lif N T SECONDS\n"), 2;
  const char *workload = argv[1];
  const bool hh = std::strncmp(workload, "hh", 2) == 0;
  const long count = std::atol(argv[2]), steps = std::atol(argv[3]);
  const double budget = std::atof(argv[4]);
  Cells start = make(hh, count), cells = start;
  Floats record(std::strcmp(workload, "hh_record") == 0 ? count * steps : 0);
  std::vector<double> runs;
  for (double spent = 0; runs.size() < 4 || (spent < budget && runs.size() < 20000); spent += runs.back()) {
    cells = start;
    auto begin = std::chrono::steady_clock::now();
    for (long t = 0; t < steps; ++t)
      hh ? step_hh(cells, record.empty() ? nullptr : &record[t * count]) : step_lif(cells, dt * float(t));
    runs.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  runs.erase(runs.begin()); // warms caches
  std::sort(runs.begin(), runs.end());
  const double V = std::accumulate(cells.V.begin(), cells.V.end(), 0.0) / double(count);
  std::printf("{\"peer\": \"c++\", \"workload\": \"%s\", \"N\": %ld, \"T\": %ld, \"min\": %.9g, \"median\": %.9g, "
              "\"runs\": %zu, "
              "\"check\": %ld, \"V\": %.9g}\n",
              workload, count, steps, runs.front(), runs[runs.size() / 2], runs.size(), cells.spikes, V);
}

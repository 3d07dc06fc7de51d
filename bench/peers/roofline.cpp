// SPDX-License-Identifier: Apache-2.0
// What the machine can do: multiply-adds from registers and the triad a = b + s c from memory, on OMP_NUM_THREADS.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <omp.h>
#include <vector>

namespace {

typedef float Vector __attribute__((vector_size(64)));

template <class F> double seconds(const F &f) {
  double best = 1e9;
  for (int k = 0; k < 7; ++k) {
    auto begin = std::chrono::steady_clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

/// Sixteen chains of multiply-adds hide the latency of each.
float multiply_add(long turns) {
  Vector a[16], x, y;
  for (int lane = 0; lane < 16; ++lane)
    x[lane] = 0.999f, y[lane] = 1e-3f;
  for (Vector &v : a)
    v = y;
  for (long k = 0; k < turns; ++k)
#pragma GCC unroll 16
    for (int j = 0; j < 16; ++j)
      a[j] = a[j] * x + y;
  float sum = 0;
  for (Vector &v : a)
    sum += v[0];
  return sum;
}

} // namespace

int main() {
  const int threads = omp_get_max_threads();
  const long turns = 2000000, n = 1l << 25;
  volatile float keep = 0;
  double compute = seconds([&] {
#pragma omp parallel
    {
      float sum = multiply_add(turns);
#pragma omp critical
      keep = keep + sum;
    }
  });
  std::vector<float> a(n), b(n), c(n);
#pragma omp parallel for
  for (long k = 0; k < n; ++k)
    a[k] = 0, b[k] = 1, c[k] = 2;
  double triad = seconds([&] {
#pragma omp parallel for simd
    for (long k = 0; k < n; ++k)
      a[k] = b[k] + 0.5f * c[k];
  });
  std::printf("{\"threads\": %d, \"gflops\": %.4g, \"triad_gbs\": %.4g}\n", threads,
              16.0 * 16 * 2 * double(turns) * threads / compute * 1e-9, 3.0 * 4 * double(n) / triad * 1e-9);
}

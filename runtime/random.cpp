// SPDX-License-Identifier: Apache-2.0
// Philox 4x32-10 and the distributions drawn from it.
#include "runtime/random.h"

#include <math.h>

namespace {

struct Block {
  uint32_t word[4];
};

Block block(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  uint64_t at = static_cast<uint64_t>(step);
  const uint32_t counter[4] = {element, static_cast<uint32_t>(at), static_cast<uint32_t>(at >> 32), stream};
  const uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  Block out;
  overtime_philox4x32(counter, key, out.word);
  return out;
}

/// 53 bits of two words as a number in [0, 1).
double unit_f64(uint32_t w0, uint32_t w1) {
  return static_cast<double>((static_cast<uint64_t>(w0 >> 5) << 26) + (w1 >> 6)) * 0x1p-53;
}

} // namespace

extern "C" void overtime_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = uint64_t(0xD2511F53u) * c0, p1 = uint64_t(0xCD9E8D57u) * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += 0x9E3779B9u; // golden ratio
    k1 += 0xBB67AE85u; // sqrt(3) - 1
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

extern "C" float overtime_uniform_f32(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  return static_cast<float>(block(seed, stream, step, element).word[0] >> 8) * 0x1p-24f;
}

extern "C" double overtime_uniform_f64(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  Block b = block(seed, stream, step, element);
  return unit_f64(b.word[0], b.word[1]);
}

extern "C" double overtime_normal_f64(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  Block b = block(seed, stream, step, element);
  double u = 1.0 - unit_f64(b.word[0], b.word[1]); // in (0, 1], where log is finite
  double angle = 6.283185307179586476925286766559 * unit_f64(b.word[2], b.word[3]);
  return sqrt(-2.0 * log(u)) * cos(angle);
}

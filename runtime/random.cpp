// SPDX-License-Identifier: Apache-2.0
// Philox 4x32-10 and the distributions drawn from it.
#include "runtime/random.h"

#include <math.h>

namespace {

struct Block {
  uint32_t word[4];
};

Block block(uint64_t seed, uint32_t stream, int64_t step, uint32_t number) {
  uint64_t at = static_cast<uint64_t>(step);
  const uint32_t counter[4] = {number, static_cast<uint32_t>(at), static_cast<uint32_t>(at >> 32), stream};
  const uint32_t key[2] = {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
  Block out;
  overtime_philox4x32(counter, key, out.word);
  return out;
}

uint32_t block_of(uint32_t element) { return element % 16 + 16 * (element / 64); }
unsigned word_of(uint32_t element) { return element / 16 % 4; }

/// Words of an element's block followed by those that continue them, 64 bits each.
struct Bits {
  uint64_t word[4];
};
Bits bits(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  Block high = block(seed, stream, step, block_of(element));
  Block low = block(seed, stream, step, block_of(element) | 0x80000000u);
  Bits both;
  for (int w = 0; w < 4; ++w)
    both.word[w] = static_cast<uint64_t>(high.word[w]) << 32 | low.word[w];
  return both;
}

/// Box & Muller's number of an element from u in (0, 1] and the bits of the angle: swap, sign, then `turn` in [-1/2,
/// 1/2) of a quarter.
double box_muller(double u, bool first, bool sign, bool swap, double turn) {
  const double quarter = 1.5707963267948966192313216916398;
  double larger = sign ? -cos(quarter * turn) : cos(quarter * turn), smaller = sin(quarter * turn);
  return sqrt(-2.0 * log(u)) * (first != swap ? larger : smaller);
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
  Block b = block(seed, stream, step, block_of(element));
  return static_cast<float>(b.word[word_of(element)] >> 8) * 0x1p-24f;
}

extern "C" double overtime_uniform_f64(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  return static_cast<double>(bits(seed, stream, step, element).word[word_of(element)] >> 11) * 0x1p-53;
}

extern "C" double overtime_normal_f32(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  Block b = block(seed, stream, step, block_of(element));
  unsigned w = word_of(element), pair = w & 2;
  uint32_t radius = b.word[pair], angle = b.word[pair + 1];
  float u = static_cast<float>(radius >> 1) * 0x1p-31f + 0x1p-32f; // the product is exact
  return box_muller(u, w == pair, angle >> 31, angle >> 30 & 1, (angle << 2 >> 8) * 0x1p-24 - 0.5);
}

extern "C" double overtime_normal_f64(uint64_t seed, uint32_t stream, int64_t step, uint32_t element) {
  Bits b = bits(seed, stream, step, element);
  unsigned w = word_of(element), pair = w & 2;
  uint64_t radius = b.word[pair], angle = b.word[pair + 1];
  double u = static_cast<double>(radius >> 11) * 0x1p-53 + 0x1p-54;
  return box_muller(u, w == pair, angle >> 63, angle >> 62 & 1, static_cast<double>(angle << 2 >> 11) * 0x1p-53 - 0.5);
}

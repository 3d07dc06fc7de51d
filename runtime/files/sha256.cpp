// SPDX-License-Identifier: Apache-2.0
// SHA-256 of FIPS 180-4, section 6.2: portable code, and the same with the instructions that processors have for it.
#include "runtime/files/sha256.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace overtime::detail {
namespace {

// Section 4.2.2: the fractional parts of the cube roots of the first 64 primes.
alignas(16) constexpr uint32_t K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

uint32_t big_endian(const unsigned char *at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 | static_cast<uint32_t>(at[2]) << 8 |
         at[3];
}

void add_blocks_portably(uint32_t *state, const unsigned char *at, size_t blocks) {
  for (; blocks > 0; --blocks, at += 64) {
    uint32_t W[64];
    for (int t = 0; t < 16; ++t)
      W[t] = big_endian(at + 4 * t);
    for (int t = 16; t < 64; ++t) {
      uint32_t s0 = rotated(W[t - 15], 7) ^ rotated(W[t - 15], 18) ^ W[t - 15] >> 3;
      uint32_t s1 = rotated(W[t - 2], 17) ^ rotated(W[t - 2], 19) ^ W[t - 2] >> 10;
      W[t] = W[t - 16] + s0 + W[t - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int t = 0; t < 64; ++t) {
      uint32_t S1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25), choice = (e & f) ^ (~e & g);
      uint32_t S0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22), majority = (a & b) ^ (a & c) ^ (b & c);
      uint32_t T1 = h + S1 + choice + K[t] + W[t], T2 = S0 + majority;
      h = g, g = f, f = e, e = d + T1;
      d = c, c = b, b = a, a = T1 + T2;
    }
    uint32_t next[8] = {a, b, c, d, e, f, g, h};
    for (int k = 0; k < 8; ++k)
      state[k] += next[k];
  }
}

#if defined(__x86_64__)
bool has_sha_instructions() {
  uint32_t eax, ebx = 0, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_SSE4_1) || !(ecx & bit_SSSE3))
    return false;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA);
}

/// The instructions keep the state as (a b e f) and (c d g h), and do two rounds each.
__attribute__((target("sha,sse4.1,ssse3"))) void add_blocks_by_instructions(uint32_t *state, const unsigned char *at,
                                                                            size_t blocks) {
  const __m128i bytes_of_words = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  auto *halves = reinterpret_cast<__m128i *>(state);
  __m128i low = _mm_shuffle_epi32(_mm_loadu_si128(halves), 0xb1);      // c d a b
  __m128i high = _mm_shuffle_epi32(_mm_loadu_si128(halves + 1), 0x1b); // e f g h
  __m128i abef = _mm_alignr_epi8(low, high, 8), cdgh = _mm_blend_epi16(high, low, 0xf0);
  for (; blocks > 0; --blocks, at += 64) {
    __m128i abef_before = abef, cdgh_before = cdgh, W[4];
    for (int k = 0; k < 4; ++k)
      W[k] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i *>(at) + k), bytes_of_words);
    for (int t = 0; t < 16; ++t) { // four rounds each, with W[4 t .. 4 t + 3]
      __m128i &now = W[t % 4];
      if (t >= 4) {
        const __m128i &before = W[(t + 3) % 4];
        now = _mm_add_epi32(_mm_sha256msg1_epu32(now, W[(t + 1) % 4]), _mm_alignr_epi8(before, W[(t + 2) % 4], 4));
        now = _mm_sha256msg2_epu32(now, before);
      }
      __m128i sum = _mm_add_epi32(now, _mm_load_si128(reinterpret_cast<const __m128i *>(K) + t));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  low = _mm_shuffle_epi32(abef, 0x1b);  // a b e f
  high = _mm_shuffle_epi32(cdgh, 0xb1); // g h c d
  _mm_storeu_si128(halves, _mm_blend_epi16(low, high, 0xf0));
  _mm_storeu_si128(halves + 1, _mm_alignr_epi8(high, low, 8));
}
#endif

} // namespace

Sha256::Sha256(bool portable) : add_blocks_(add_blocks_portably) {
#if defined(__x86_64__)
  if (!portable && has_sha_instructions())
    add_blocks_ = add_blocks_by_instructions;
#else
  (void)portable;
#endif
}

void Sha256::add(const void *from, size_t size) {
  auto *at = static_cast<const unsigned char *>(from);
  if (size == 0) // `from` may be NULL
    return;
  total_ += size;
  if (pending_bytes_ > 0) {
    size_t taken = size < block_bytes - pending_bytes_ ? size : block_bytes - pending_bytes_;
    memcpy(pending_ + pending_bytes_, at, taken);
    pending_bytes_ += taken;
    at += taken;
    size -= taken;
    if (pending_bytes_ < block_bytes)
      return;
    add_blocks_(state_, pending_, 1);
  }
  add_blocks_(state_, at, size / block_bytes);
  pending_bytes_ = size % block_bytes;
  if (pending_bytes_ > 0)
    memcpy(pending_, at + size - pending_bytes_, pending_bytes_);
}

void Sha256::finish(char *hex) {
  unsigned char tail[block_bytes + 8 + 1] = {0x80}; // section 5.1.1: a 1, zeros, the length in bits
  uint64_t bits = total_ * 8;
  size_t zeros_to = (2 * block_bytes - 8 - 1 - pending_bytes_) % block_bytes + 1;
  for (size_t k = 0; k < 8; ++k)
    tail[zeros_to + k] = static_cast<unsigned char>(bits >> (56 - 8 * k));
  add(tail, zeros_to + 8);
  for (size_t k = 0; k < hex_digits; ++k)
    hex[k] = "0123456789abcdef"[state_[k / 8] >> (28 - 4 * (k % 8)) & 15];
}

} // namespace overtime::detail

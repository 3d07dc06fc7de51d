// SPDX-License-Identifier: Apache-2.0
// Draws the targets of a source, by the gaps between them or as a number of them.
#include "runtime/rows.h"

#include "runtime/processor.h"

#include <stddef.h>
#include <string.h>

namespace {

constexpr int group = 64, blocks = 16; // words that are drawn together, four of each block
constexpr uint64_t everyone = uint64_t(1) << 32;

struct Key {
  uint32_t low, high;
};
Key key_of(const overtime_rows &rows) {
  auto seed = static_cast<uint64_t>(rows.seed);
  return {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)};
}

/// Group `number` of the words of a stream at a row: block b of the group holds words b, b + 16, b + 32 and b + 48. The
/// loops over blocks become vectors.
[[gnu::always_inline]] inline void philox(Key key, uint32_t stream, int64_t row, uint32_t number, uint32_t *words) {
  uint32_t c0[blocks], c1[blocks], c2[blocks], c3[blocks];
  for (uint32_t b = 0; b < blocks; ++b) {
    c0[b] = blocks * number + b;
    c1[b] = static_cast<uint32_t>(row);
    c2[b] = static_cast<uint32_t>(static_cast<uint64_t>(row) >> 32);
    c3[b] = stream;
  }
  for (int round = 0; round < 10; ++round) {
    for (int b = 0; b < blocks; ++b) {
      uint64_t p0 = uint64_t(0xD2511F53u) * c0[b], p1 = uint64_t(0xCD9E8D57u) * c2[b];
      c0[b] = static_cast<uint32_t>(p1 >> 32) ^ c1[b] ^ key.low;
      c1[b] = static_cast<uint32_t>(p1);
      c2[b] = static_cast<uint32_t>(p0 >> 32) ^ c3[b] ^ key.high;
      c3[b] = static_cast<uint32_t>(p0);
    }
    key.low += 0x9E3779B9u;
    key.high += 0xBB67AE85u;
  }
  for (int b = 0; b < blocks; ++b) {
    words[b] = c0[b];
    words[blocks + b] = c1[b];
    words[2 * blocks + b] = c2[b];
    words[3 * blocks + b] = c3[b];
  }
}

/// The same code for what the processor has.
using Draw = void (*)(Key, uint32_t stream, int64_t row, uint32_t number, uint32_t *words);
void draw_plain(Key key, uint32_t stream, int64_t row, uint32_t number, uint32_t *words) {
  philox(key, stream, row, number, words);
}
#if defined(__x86_64__)
[[gnu::target("avx2")]] void draw_avx2(Key key, uint32_t stream, int64_t row, uint32_t number, uint32_t *words) {
  philox(key, stream, row, number, words);
}
[[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]] void draw_avx512(Key key, uint32_t stream, int64_t row,
                                                                       uint32_t number, uint32_t *words) {
  philox(key, stream, row, number, words);
}
Draw choose() {
  uint32_t found = overtime::detail::instructions_of_processor();
  return found & OVERTIME_AVX512 ? draw_avx512 : found & OVERTIME_AVX2 ? draw_avx2 : draw_plain;
}
#else
Draw choose() { return draw_plain; }
#endif

Draw drawing() {
  static Draw known = nullptr; // all threads find the same
  Draw choice = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (!choice)
    __atomic_store_n(&known, choice = choose(), __ATOMIC_RELAXED);
  return choice;
}

/// Of the table of what is taken: four places for each.
constexpr uint32_t table_bits(int64_t number) {
  uint32_t bits = 4;
  while ((int64_t(1) << bits) < 4 * number)
    ++bits;
  return bits;
}

/// Whether a source has any target.
bool has_targets(const overtime_rows &rows, int64_t source) {
  if (static_cast<uint64_t>(rows.share) >= everyone)
    return true;
  uint32_t words[group];
  drawing()(key_of(rows), 0xffffffffu, source, 0, words); // a stream that is no segment's
  return words[0] < static_cast<uint64_t>(rows.share);
}

/// The distance from one target to the next is geometric, which forgets what was before, so a row may begin anew at
/// every segment.
template <class Visit>
void each_by_gaps(const overtime_rows &rows, int64_t source, int64_t first, int64_t last, const Visit &visit) {
  Draw draw = drawing();
  uint32_t bits = static_cast<uint32_t>(rows.gap_bits), mask = (1u << bits) - 1, words[group];
  auto self = static_cast<uint64_t>(rows.skips_self ? source : -1), inside = static_cast<uint64_t>(last - first);
  for (int64_t s = first / rows.segment; s * rows.segment < last; ++s) {
    int64_t end = (s + 1) * rows.segment, target = s * rows.segment - 1;
    end = end < rows.posts ? end : rows.posts;
    for (uint32_t number = 0; target < end; ++number) {
      draw(key_of(rows), static_cast<uint32_t>(s), source, number, words);
      for (uint32_t word : words) {
        uint32_t column = word & mask;
        uint64_t entry = rows.gaps[column];
        uint32_t outcome = (word >> bits) < (entry >> 32) ? column : static_cast<uint32_t>(entry);
        target += outcome + 1;
        if (target >= end)
          break;
        if (outcome == mask) {
          --target;
          continue;
        }
        if (static_cast<uint64_t>(target - first) < inside && static_cast<uint64_t>(target) != self)
          visit(target);
      }
    }
  }
}

/// Different numbers out of n (Floyd; Bentley & Floyd 1987, Commun. ACM 30, 754). What is taken already is in a table
/// that is at most a quarter full.
template <class Visit>
void each_by_number(const overtime_rows &rows, int64_t source, uint32_t *table, const Visit &visit) {
  constexpr uint32_t none = 0xffffffffu;
  Draw draw = drawing();
  bool skips = rows.skips_self && source < rows.posts;
  auto n = static_cast<uint32_t>(rows.posts - (skips ? 1 : 0)), number = static_cast<uint32_t>(rows.number);
  uint32_t bits = table_bits(rows.number), mask = (1u << bits) - 1, words[group];
  memset(table, 0xff, sizeof(uint32_t) << bits);
  auto slot_of = [&](uint32_t v) {
    uint32_t slot = (v * 0x9E3779B1u) >> (32 - bits); // golden ratio
    while (table[slot] != none && table[slot] != v)
      slot = (slot + 1) & mask;
    return slot;
  };
  for (uint32_t k = 0; k < number; ++k) {
    if (k % group == 0)
      draw(key_of(rows), 0, source, k / group, words);
    uint32_t last = n - number + k, chosen = static_cast<uint32_t>((uint64_t(words[k % group]) * (last + 1)) >> 32);
    uint32_t slot = slot_of(chosen);
    if (table[slot] == chosen)
      slot = slot_of(chosen = last);
    table[slot] = chosen;
    visit(static_cast<int64_t>(chosen) + (skips && chosen >= source));
  }
}

template <class Visit>
void each_target(const overtime_rows &rows, int64_t source, int64_t first, int64_t last, const Visit &visit) {
  if (!has_targets(rows, source))
    return;
  if (rows.number < 0)
    return each_by_gaps(rows, source, first, last, visit);
  uint32_t table[1 << table_bits(OVERTIME_MOST_DRAWN)];
  auto inside = static_cast<uint64_t>(last - first);
  each_by_number(rows, source, table, [&](int64_t target) {
    if (static_cast<uint64_t>(target - first) < inside)
      visit(target);
  });
}

/// Columns of one height, each of at most two outcomes (Vose 1991, IEEE Trans. Softw. Eng. 17, 972).
void fill_gaps(overtime_rows &rows, double p) {
  int bits = 2;
  while (bits < OVERTIME_MOST_GAP_BITS && (1 << bits) * p < 4.0) // 2 % of the draws find nothing
    ++bits;
  const uint32_t columns = 1u << bits;
  double height[1 << OVERTIME_MOST_GAP_BITS], left = 1.0;
  for (uint32_t k = 0; k + 1 < columns; ++k) {
    height[k] = left * p * columns;
    left *= 1.0 - p;
  }
  height[columns - 1] = left * columns;
  uint32_t low[1 << OVERTIME_MOST_GAP_BITS], high[1 << OVERTIME_MOST_GAP_BITS];
  size_t lows = 0, highs = 0;
  for (uint32_t k = 0; k < columns; ++k)
    (height[k] < 1.0 ? low[lows++] : high[highs++]) = k;
  auto chances = static_cast<double>(everyone >> bits);
  auto set = [&](uint32_t k, double stays, uint32_t other) {
    rows.gaps[k] = static_cast<uint64_t>(stays * chances + 0.5) << 32 | other;
  };
  while (lows > 0 && highs > 0) {
    uint32_t k = low[--lows], other = high[highs - 1];
    set(k, height[k], other);
    height[other] -= 1.0 - height[k];
    if (height[other] < 1.0)
      low[lows++] = high[--highs];
  }
  while (lows > 0 || highs > 0) { // by rounding alone they are not 1
    uint32_t k = lows > 0 ? low[--lows] : high[--highs];
    set(k, 1.0, k);
  }
  rows.gap_bits = bits;
}

template <class Real>
void add_row(const overtime_rows &rows, int64_t source, Real amount, Real *to, int64_t first, int64_t last) {
  each_target(rows, source, first, last, [&](int64_t target) { to[target - first] += amount; });
}

template <class Real> Real sum_row(const overtime_rows &rows, int64_t source, Real weight, const Real *values) {
  Real sum = 0;
  each_target(rows, source, 0, rows.posts, [&](int64_t target) { sum += weight * values[target]; });
  return sum;
}

} // namespace

extern "C" {

void overtime_add_row_f32(const overtime_rows *rows, int64_t source, float amount, float *to, int64_t first,
                          int64_t last) {
  add_row(*rows, source, amount, to, first, last);
}
void overtime_add_row_f64(const overtime_rows *rows, int64_t source, double amount, double *to, int64_t first,
                          int64_t last) {
  add_row(*rows, source, amount, to, first, last);
}
float overtime_sum_row_f32(const overtime_rows *rows, int64_t source, float weight, const float *values) {
  return sum_row(*rows, source, weight, values);
}
double overtime_sum_row_f64(const overtime_rows *rows, int64_t source, double weight, const double *values) {
  return sum_row(*rows, source, weight, values);
}

size_t overtime_row_table(const overtime_rows *rows) {
  return rows->number < 0 ? 0 : size_t(1) << table_bits(rows->number);
}

int64_t overtime_draw_row(const overtime_rows *rows, int64_t source, uint32_t *table, int32_t *targets) {
  int64_t count = 0;
  auto write = [&](int64_t target) { targets[count++] = static_cast<int32_t>(target); };
  if (!has_targets(*rows, source))
    return 0;
  if (rows->number < 0)
    each_by_gaps(*rows, source, 0, rows->posts, write);
  else
    each_by_number(*rows, source, table, write);
  return count;
}

size_t overtime_describe_rows(overtime_rows *rows, int64_t seed, int64_t posts, double probability, int64_t number,
                              int skips_self, double share) {
  rows->seed = seed;
  rows->posts = posts;
  rows->number = number < 0 && probability <= 0.0 ? 0 : number;
  rows->skips_self = skips_self;
  rows->share = static_cast<int64_t>(share * static_cast<double>(everyone) + 0.5);
  rows->segment = posts > 1 ? posts : 1;
  rows->gap_bits = 0;
  if (rows->number >= 0)
    return offsetof(overtime_rows, gaps) / sizeof(int64_t);
  fill_gaps(*rows, probability);
  double mean = 128.0 / probability; // several segments for a thread, and each worth its beginning
  int64_t segment = mean < 1024.0 ? 1024 : mean > 0x1p30 ? int64_t(1) << 30 : static_cast<int64_t>(mean);
  rows->segment = (segment + 63) / 64 * 64;
  return offsetof(overtime_rows, gaps) / sizeof(int64_t) + (size_t(1) << rows->gap_bits);
}
}

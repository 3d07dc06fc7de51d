// SPDX-License-Identifier: Apache-2.0
// Loads golden cases and compares runs with them.
#include "tests/golden/golden_test.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace overtime::golden {
namespace {

const Tensor &find(const Arrays &arrays, const std::string &key, const std::string &file) {
  auto it = arrays.find(key);
  if (it == arrays.end())
    throw Error(ErrorKind::Name, "golden case " + file + " has no array '" + key + "'");
  return it->second;
}

std::string number(double v) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", v);
  return text;
}

std::int64_t row_size(const Tensor &t) { return t.rank() == 0 || t.shape()[0] == 0 ? 1 : t.size() / t.shape()[0]; }

/// Numbers in the rows that are compared.
std::int64_t compared(const Tensor &t, std::int64_t steps) {
  return steps < 0 ? t.size() : std::min(t.size(), steps * row_size(t));
}

std::string place(const Tensor &t, std::int64_t flat) {
  return "step " + std::to_string(flat / row_size(t)) + ", element " + std::to_string(flat % row_size(t));
}

} // namespace

Tensor Case::input(const std::string &key) const { return find(in, key, name + ".in").to(overtime::f64); }
const Tensor &Case::expected(const std::string &key) const { return find(f64, key, name + ".f64"); }
Tensor Case::expected_f32(const std::string &key) const { return find(f32, key, name + ".f32").to(overtime::f64); }

Case load(const std::string &name) {
  std::string stem = std::string(OVERTIME_GOLDEN_DATA) + "/pub_" + name;
  return {name, load_tensors(stem + ".in.npz"), load_tensors(stem + ".f64.npz"), load_tensors(stem + ".f32.npz")};
}

std::string difference(const std::string &what, const Tensor &got, const Tensor &expected, const Tolerance &tolerance,
                       std::int64_t steps) {
  if (got.shape() != expected.shape())
    return what + ": got shape " + to_string(got.shape()) + ", expected " + to_string(expected.shape());
  double allowed = tolerance.absolute + tolerance.relative * largest(expected);
  std::int64_t first = -1, count = 0, worst = 0, all = compared(expected, steps);
  double worst_difference = 0.0;
  for (std::int64_t k = 0; k < all; ++k) {
    double apart = std::abs(got[k] - expected[k]);
    if (apart <= allowed)
      continue;
    ++count;
    if (first < 0)
      first = k;
    if (!(apart <= worst_difference)) { // a NaN is the worst
      worst = k;
      worst_difference = apart;
    }
  }
  if (count == 0)
    return "";
  return what + ": first at " + place(expected, first) + ": got " + number(got[first]) + ", expected " +
         number(expected[first]) + ", allowed " + number(allowed) + "; " + std::to_string(count) + " of " +
         std::to_string(all) + " numbers differ, most by " + number(worst_difference) + " at " + place(expected, worst);
}

std::string raster_difference(const Tensor &got, const Tensor &expected, std::int64_t steps) {
  if (got.shape() != expected.shape())
    return "spikes: got shape " + to_string(got.shape()) + ", expected " + to_string(expected.shape());
  std::int64_t first = -1, count = 0, spikes = 0, all = compared(expected, steps);
  for (std::int64_t k = 0; k < all; ++k) {
    spikes += expected[k] != 0.0;
    if ((got[k] != 0.0) == (expected[k] != 0.0))
      continue;
    ++count;
    if (first < 0)
      first = k;
  }
  if (count == 0)
    return "";
  return "spikes: first at " + place(expected, first) + ": got " + number(got[first]) + ", expected " +
         number(expected[first]) + "; " + std::to_string(count) + " mismatches, " + std::to_string(spikes) +
         " spikes expected";
}

double largest_difference(const Tensor &a, const Tensor &b, std::int64_t steps) {
  double most = 0.0;
  for (std::int64_t k = 0; k < compared(a, steps); ++k)
    most = std::max(most, std::abs(a[k] - b[k]));
  return most;
}

double largest(const Tensor &a) {
  double most = 0.0;
  for (std::int64_t k = 0; k < a.size(); ++k)
    most = std::max(most, std::abs(a[k]));
  return most;
}

Tensor repeated(const Tensor &row, std::int64_t steps) {
  Shape shape = row.shape();
  shape.insert(shape.begin(), steps);
  Tensor all(shape, row.dtype());
  for (std::int64_t k = 0; k < all.size(); ++k)
    all.set(k, row[k % row.size()]);
  return all;
}

std::int64_t steps_comparable_in_f32(const Case &c, const std::vector<std::string> &columns) {
  std::int64_t steps = c.expected(columns.front()).shape()[0];
  for (const std::string &column : columns) {
    const Tensor &exact = c.expected(column);
    Tensor rounded = c.expected_f32(column);
    double apart = column == "spike" ? 0.0 : 0.01 * largest(exact);
    std::int64_t k = 0, end = compared(exact, steps);
    while (k < end && std::abs(exact[k] - rounded[k]) <= apart)
      ++k;
    steps = std::min(steps, k / row_size(exact));
  }
  return steps;
}

Tolerance f32_tolerance(const Case &c, const std::string &column, std::int64_t steps) {
  const Tensor &exact = c.expected(column);
  double spread = largest_difference(exact, c.expected_f32(column), steps);
  return {/*relative=*/4e-7, /*absolute=*/4.0 * spread};
}

} // namespace overtime::golden

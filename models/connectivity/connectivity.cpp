// SPDX-License-Identifier: Apache-2.0
// Connectivity: lists of synapses, their transposes, and rules without chance.
#include "models/connectivity/connectivity.h"

#include "models/connectivity/row_builder.h"

#include <algorithm>
#include <numeric>

namespace overtime {

using detail::RowBuilder;

double Csr::density() const { return double(synapses()) / (double(sources) * double(posts)); }

std::vector<std::int64_t> Csr::in_degrees() const {
  std::vector<std::int64_t> degrees(static_cast<std::size_t>(posts), 0);
  with_places(targets, [&](auto to) {
    for (auto j : to)
      ++degrees[std::size_t(j)];
  });
  return degrees;
}

Csr Csr::transposed(Tensor *positions) const {
  Csr turned{posts, sources, Tensor({posts + 1}, i32), Tensor({synapses()}, type_of_places(sources))};
  auto starts = turned.offsets.values<std::int32_t>();
  std::vector<std::int64_t> degrees = in_degrees();
  for (std::int64_t j = 0; j < posts; ++j)
    starts[std::size_t(j) + 1] = std::int32_t(starts[std::size_t(j)] + degrees[std::size_t(j)]);
  std::vector<std::int32_t> next(starts.begin(), starts.end());
  Tensor places({synapses()}, i32);
  auto place = places.values<std::int32_t>();
  with_places(turned.targets, [&](auto from) {
    using Source = typename decltype(from)::value_type;
    each([&](std::int64_t i, std::int64_t k, std::int64_t j) {
      auto at = std::size_t(next[std::size_t(j)]++);
      from[at] = static_cast<Source>(i);
      place[at] = static_cast<std::int32_t>(k);
    });
  });
  if (positions)
    *positions = places;
  return turned;
}

Tensor Csr::matrix() const {
  Tensor m({sources, posts}, f64);
  auto numbers = m.values<double>();
  each([&](std::int64_t i, std::int64_t, std::int64_t j) { numbers[std::size_t(i * posts + j)] = 1.0; });
  return m;
}

Csr Connectivity::draw(std::int64_t sources, std::int64_t posts, std::uint64_t seed) const {
  if (sources < 1 || posts < 1)
    throw Error(ErrorKind::Value, name_ + " connects at least one source and one target");
  Csr rows = draw_(sources, posts, seed);
  if (rows.sources != sources || rows.posts != posts)
    throw Error(ErrorKind::Shape, name_ + " is for " + std::to_string(rows.sources) + " sources and " +
                                      std::to_string(rows.posts) + " targets, got " + std::to_string(sources) +
                                      " and " + std::to_string(posts));
  return rows;
}

Connectivity all_to_all(bool include_self) {
  auto draw = [include_self](std::int64_t n, std::int64_t m, std::uint64_t) {
    RowBuilder rows(n, m);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < m; ++j)
        if (include_self || i != j)
          rows.add(j);
      rows.end_row();
    }
    return rows.finish();
  };
  return {"all_to_all", draw, include_self ? Connectivity::Kind::AllToAll : Connectivity::Kind::Sparse};
}

Connectivity one_to_one() {
  auto draw = [](std::int64_t n, std::int64_t m, std::uint64_t) {
    if (n != m)
      throw Error(ErrorKind::Shape, "one_to_one connects populations of one size, got " + std::to_string(n) + " and " +
                                        std::to_string(m));
    RowBuilder rows(n, m);
    for (std::int64_t i = 0; i < n; ++i) {
      rows.add(i);
      rows.end_row();
    }
    return rows.finish();
  };
  return {"one_to_one", draw, Connectivity::Kind::OneToOne};
}

Connectivity from_pairs(const std::vector<std::int64_t> &pre, const std::vector<std::int64_t> &post) {
  if (pre.size() != post.size())
    throw Error(ErrorKind::Shape, "from_pairs takes as many sources as targets, got " + std::to_string(pre.size()) +
                                      " and " + std::to_string(post.size()));
  auto draw = [pre, post](std::int64_t n, std::int64_t m, std::uint64_t) {
    std::vector<std::size_t> order(pre.size());
    std::iota(order.begin(), order.end(), std::size_t(0));
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return std::pair(pre[a], post[a]) < std::pair(pre[b], post[b]); });
    RowBuilder rows(n, m);
    std::int64_t row = 0, before = -1;
    for (std::size_t k : order) {
      if (pre[k] < 0 || pre[k] >= n)
        throw Error(ErrorKind::Value, "from_pairs has source " + std::to_string(pre[k]) + " of " + std::to_string(n));
      for (; row < pre[k]; ++row, before = -1)
        rows.end_row();
      if (post[k] == before)
        throw Error(ErrorKind::Value,
                    "from_pairs connects " + std::to_string(row) + " to " + std::to_string(before) + " twice");
      rows.add(before = post[k]);
    }
    for (; row < n; ++row)
      rows.end_row();
    return rows.finish();
  };
  return {"from_pairs", draw};
}

Connectivity from_csr(const Tensor &offsets, const Tensor &targets) {
  auto draw = [offsets = offsets.to(i64), targets = targets.to(i64)](std::int64_t n, std::int64_t m, std::uint64_t) {
    auto begin = offsets.values<std::int64_t>(), to = targets.values<std::int64_t>();
    if (std::ssize(begin) != n + 1 || begin[0] != 0 || begin[std::size_t(n)] != std::ssize(to))
      throw Error(ErrorKind::Shape, "from_csr takes " + std::to_string(n + 1) + " offsets for " + std::to_string(n) +
                                        " sources, from 0 to the number of targets, " + std::to_string(to.size()));
    RowBuilder rows(n, m);
    for (std::int64_t i = 0; i < n; ++i) {
      std::int64_t first = begin[std::size_t(i)], last = begin[std::size_t(i) + 1];
      if (first > last || last > std::ssize(to))
        throw Error(ErrorKind::Value, "the offsets of from_csr do not ascend");
      std::vector<std::int64_t> row(to.begin() + first, to.begin() + last);
      std::sort(row.begin(), row.end());
      for (std::int64_t j : row)
        rows.add(j);
      rows.end_row();
    }
    return rows.finish();
  };
  return {"from_csr", draw};
}

Connectivity from_matrix(const Tensor &matrix) {
  if (matrix.rank() != 2)
    throw Error(ErrorKind::Shape, "from_matrix takes [sources, targets], got " + to_string(matrix.shape()));
  auto draw = [matrix](std::int64_t, std::int64_t, std::uint64_t) {
    std::int64_t n = matrix.shape()[0], m = matrix.shape()[1];
    RowBuilder rows(n, m);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < m; ++j)
        if (matrix[i * m + j] != 0.0)
          rows.add(j);
      rows.end_row();
    }
    return rows.finish();
  };
  return {"from_matrix", draw};
}

} // namespace overtime

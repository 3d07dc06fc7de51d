// SPDX-License-Identifier: Apache-2.0
// Connectivity: who is connected to whom, as a rule that is drawn when the sizes are known.
#pragma once

#include "compiler/overtime.h"

#include <source_location>
#include <utility>
#include <vector>

namespace overtime {

/// Synapses by rows of their sources, with targets in ascending order.
struct Csr {
  std::int64_t sources = 0, posts = 0;
  Tensor offsets, targets; ///< [sources + 1] of i32, and [K] of type_of_places(posts)
  std::int64_t synapses() const { return targets.size(); }
  double density() const;
  std::vector<std::int64_t> in_degrees() const; ///< of every target

  /// visit(i, k, j) for every synapse k, from source i to target j.
  template <class Visit> void each(const Visit &visit) const {
    auto begin = offsets.values<std::int32_t>();
    with_places(targets, [&](auto to) {
      for (std::int64_t i = 0; i < sources; ++i)
        for (std::int64_t k = begin[std::size_t(i)]; k < begin[std::size_t(i) + 1]; ++k)
          visit(i, k, std::int64_t(to[std::size_t(k)]));
    });
  }
  /// The same synapses by rows of their targets; `positions[k]` is the number that synapse k has here.
  Csr transposed(Tensor *positions = nullptr) const;
  /// 1 where there is a synapse: [sources, posts].
  Tensor matrix() const;
};

/// All rows of sources 0, 1, ..., stored.
Csr stored(const DrawnRows &rows, std::int64_t sources);

/// A rule of connection. The same sizes and seed give the same synapses.
class Connectivity {
public:
  enum class Kind { Sparse, OneToOne, AllToAll }; ///< the last two need no list
  using Draw = std::function<Csr(std::int64_t sources, std::int64_t posts, std::uint64_t seed)>;

  Connectivity(std::string name, Draw draw, Kind kind = Kind::Sparse)
      : name_(std::move(name)), draw_(std::move(draw)), kind_(kind) {}

  /// A rule that gives every source its targets by itself; of `rows`, sizes and seed are those of the draw.
  Connectivity(std::string name, const DrawnRows &rows, std::uint64_t salt);

  const std::string &name() const { return name_; }
  Kind kind() const { return kind_; }
  /// Whether nothing is stored, and how synapses are drawn then.
  bool is_just_in_time() const { return just_in_time_; }
  DrawnRows drawn_rows(std::int64_t posts, std::uint64_t seed) const;
  /// Errors: a rule that does not fit the sizes.
  Csr draw(std::int64_t sources, std::int64_t posts, std::uint64_t seed = 0) const;

private:
  friend Connectivity just_in_time(Connectivity, std::source_location);
  std::string name_;
  Draw draw_;
  Kind kind_;
  std::optional<DrawnRows> rows_;
  std::uint64_t salt_ = 0;
  bool just_in_time_ = false;
};

/// Every source to every target; without those of the same number unless `include_self`.
Connectivity all_to_all(bool include_self = true);
/// Source i to target i; as many of one as of the other.
Connectivity one_to_one();

struct RandomOptions {
  bool include_self = true; ///< synapses from i to i
  double pre_ratio = 1.0;   ///< share of the sources that have synapses at all
};
/// Each pair with a probability, independent of the others.
Connectivity fixed_probability(double p, const RandomOptions &options = {});
/// A number of synapses, each pair at most once.
Connectivity fixed_total_number(std::int64_t number, bool include_self = true);
/// As many sources for every target.
Connectivity fixed_pre_number(std::int64_t number, bool include_self = true);
/// As many targets for every source.
Connectivity fixed_post_number(std::int64_t number, bool include_self = true);

/// The same synapses, drawn again each time their source has an event, so that they take no memory: for
/// fixed_probability, and fixed_post_number of up to 16,384 targets, with one weight for all. Errors: another rule,
/// whose synapses are no matter of a single source.
Connectivity just_in_time(Connectivity connect, std::source_location at = std::source_location::current());

/// Pairs of numbers: pre[k] to post[k]. Errors: a pair that comes twice.
Connectivity from_pairs(const std::vector<std::int64_t> &pre, const std::vector<std::int64_t> &post);
/// CSR arrays of any integer type.
Connectivity from_csr(const Tensor &offsets, const Tensor &targets);
/// A matrix [sources, posts]: a synapse where it is not 0.
Connectivity from_matrix(const Tensor &matrix);

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Takes from a failing random model what it does not need to fail.
#include "tests/trace/random_model.h"

#include <algorithm>
#include <set>

namespace overtime::test {
namespace {

/// Puts `other` where `line` is read, or takes the line away with all that it needs.
Program without_line(Program p, int line, std::optional<int> other) {
  auto renamed = [&](int &k) {
    if (k == line)
      k = *other;
    k -= k > line;
  };
  p.lines.erase(p.lines.begin() + line);
  for (Line &l : p.lines)
    for (int &arg : l.args)
      renamed(arg);
  for (int &k : p.outputs)
    renamed(k);
  return p;
}

bool is_read(const Program &p, int line) {
  for (const Line &l : p.lines)
    if (std::find(l.args.begin(), l.args.end(), line) != l.args.end())
      return true;
  return std::find(p.outputs.begin(), p.outputs.end(), line) != p.outputs.end();
}

/// Drops values that nothing reads.
Program without_dead_lines(Program p) {
  for (int k = static_cast<int>(p.lines.size()); k-- > 0;)
    if (has_value(p.lines[static_cast<std::size_t>(k)]) && !is_read(p, k))
      p = without_line(std::move(p), k, {});
  return p;
}

/// Drops state, parameter or data number k of the lines that `mine` picks; none if one reads it.
template <class Mine> std::optional<Program> without_declared(Program p, int k, Mine mine) {
  for (Line &l : p.lines)
    if (mine(l)) {
      if (l.which == k)
        return std::nullopt;
      l.which -= l.which > k;
    }
  return p;
}

std::optional<Program> without_state(Program p, int k) {
  auto is_state = [](const Line &l) { return l.what == Do::ReadState || l.what == Do::Assign || l.what == Do::Rate; };
  auto monitored = std::find(p.monitors.begin(), p.monitors.end(), k);
  if (p.states.size() < 2 || monitored != p.monitors.end())
    return std::nullopt;
  p.states.erase(p.states.begin() + k);
  for (int &m : p.monitors)
    m -= m > k;
  return without_declared(std::move(p), k, is_state);
}
std::optional<Program> without_param(Program p, int k) {
  p.params.erase(p.params.begin() + k);
  return without_declared(std::move(p), k, [](const Line &l) { return l.what == Do::ReadParam; });
}
std::optional<Program> without_data(Program p, int k) {
  p.data.erase(p.data.begin() + k);
  return without_declared(std::move(p), k, [](const Line &l) { return l.what == Do::ReadData; });
}

/// Every extent n becomes m.
Program with_extent(Program p, std::int64_t n, std::int64_t m) {
  auto changed = [&](Shape &shape) { std::replace(shape.begin(), shape.end(), n, m); };
  for (auto *all : {&p.states, &p.params})
    for (Declared &d : *all)
      changed(d.shape);
  for (Shape &shape : p.data)
    changed(shape);
  if (p.batch == n)
    p.batch = m;
  for (Line &l : p.lines) {
    changed(l.shape);
    if (l.end == n)
      l.end = m;
    if (l.end == n - 1)
      l.end = m - 1;
  }
  return p;
}

/// The line reads a new parameter instead of computing.
Program with_parameter(Program p, int line) {
  Line &l = p.lines[static_cast<std::size_t>(line)];
  p.params.push_back({l.shape});
  l = {.what = Do::ReadParam, .which = static_cast<int>(p.params.size()) - 1, .shape = l.shape};
  return p;
}

class Minimiser {
public:
  Minimiser(Program program, const std::string &failure, Check check)
      : best(std::move(program)), kind(kind_of(failure)), check(check) {}

  Program run() {
    for (std::size_t size = ~std::size_t(0); left > 0 && size_now() < size;) {
      size = size_now();
      outputs();
      lines();
      declarations();
      extents();
      if (best.method != "euler")
        keep_if_failing([&](Program &p) { p.method = "euler"; });
      keep_if_failing([&](Program &p) { p.t0 = 0.0, p.i0 = 0; });
    }
    return std::move(best);
  }

private:
  /// "f64"; a message of the compiler is a kind of its own, but for its numbers.
  static std::string kind_of(std::string failure) {
    if (!failure.starts_with("compile") && !failure.starts_with("invalid"))
      return failure.substr(0, failure.find(':'));
    std::erase_if(failure, [](char c) { return (c >= '0' && c <= '9') || c == 'x' || c == '?'; });
    return failure.substr(0, failure.find('\n'));
  }
  std::size_t size_now() const {
    std::int64_t total = 0;
    for (const Line &l : best.lines)
      total += 1000 + element_count(l.shape);
    return static_cast<std::size_t>(total) + 100 * (best.outputs.size() + best.monitors.size() + best.states.size() +
                                                    best.params.size() + best.data.size());
  }
  bool keep_if_failing(Program p) {
    if (left == 0 || kind_of(failure_apart(p, check)) != kind)
      return false;
    --left;
    best = std::move(p);
    return true;
  }
  bool keep_if_failing(const std::function<void(Program &)> &change) {
    Program p = best;
    change(p);
    return keep_if_failing(std::move(p));
  }

  void outputs() {
    for (std::size_t k = best.outputs.size(); k-- > 0;)
      keep_if_failing([&](Program &p) { p.outputs.erase(p.outputs.begin() + static_cast<int>(k)); });
    for (std::size_t k = best.monitors.size(); k-- > 0;)
      keep_if_failing([&](Program &p) { p.monitors.erase(p.monitors.begin() + static_cast<int>(k)); });
    keep_if_failing(without_dead_lines(best));
  }

  void lines() {
    for (int k = static_cast<int>(best.lines.size()); k-- > 0;) {
      if (k >= static_cast<int>(best.lines.size()))
        continue;
      const Line line = best.lines[static_cast<std::size_t>(k)];
      if (line.what == Do::Equations || line.what == Do::Integrate)
        continue;
      if (!has_value(line)) {
        if (keep_if_failing(without_line(best, k, {})))
          keep_if_failing(without_dead_lines(best));
        continue;
      }
      if (!is_read(best, k) && keep_if_failing(without_line(best, k, {})))
        continue;
      for (int other : replacements(k))
        if (keep_if_failing(without_dead_lines(without_line(best, k, other))))
          break;
      if (k < static_cast<int>(best.lines.size()) && line.args.size() && line.type == f64 &&
          best.lines[static_cast<std::size_t>(k)].what == line.what)
        keep_if_failing(without_dead_lines(with_parameter(best, k)));
    }
  }
  /// Operands and earlier lines of the same shape.
  std::vector<int> replacements(int line) const {
    const Line &l = best.lines[static_cast<std::size_t>(line)];
    std::vector<int> all(l.args);
    for (int k = 0; k < line; ++k)
      if (const Line &other = best.lines[static_cast<std::size_t>(k)];
          has_value(other) && other.type == l.type && other.shape == l.shape)
        all.push_back(k);
    if (all.size() > 5)
      all.resize(5);
    return all;
  }

  void declarations() {
    for (std::size_t k = best.states.size(); k-- > 0;)
      try_without(without_state(best, static_cast<int>(k)));
    for (std::size_t k = best.params.size(); k-- > 0;)
      try_without(without_param(best, static_cast<int>(k)));
    for (std::size_t k = best.data.size(); k-- > 0;)
      try_without(without_data(best, static_cast<int>(k)));
  }
  void try_without(std::optional<Program> p) {
    if (p)
      keep_if_failing(std::move(*p));
  }

  void extents() {
    std::set<std::int64_t> all;
    for (const Line &l : best.lines)
      all.insert(l.shape.begin(), l.shape.end());
    for (std::int64_t n : all)
      for (std::int64_t m : {1, 2, 3, 4, 7, 8})
        if (m < n && keep_if_failing(with_extent(best, n, m)))
          break;
  }

  Program best;
  std::string kind;
  Check check;
  int left = 400; // changes
};

} // namespace

Program minimised(Program program, const std::string &failure, Check check) {
  return Minimiser(std::move(program), failure, check).run();
}

} // namespace overtime::test

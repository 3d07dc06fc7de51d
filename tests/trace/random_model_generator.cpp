// SPDX-License-Identifier: Apache-2.0
// Draws random stateful models whose numbers stay finite: declarations, assignments, equations.
#include "tests/trace/random_values.h"

namespace overtime::test {
namespace {

class Generator : RandomValues {
public:
  using RandomValues::RandomValues;

  Program run() {
    declare();
    for (int k = 0, n = 2 + pick(14); k < n; ++k)
      step();
    for (int k = 0, n = 1 + pick(6); k < n; ++k) {
      int kind = pick(10);
      if (kind < 6)
        assign(pick(static_cast<int>(program.states.size())));
      else if (kind == 6)
        swap();
      else if (kind == 7)
        feed();
      else
        equations();
      for (int extra = pick(5); extra > 0; --extra)
        step();
    }
    finish();
    return std::move(program);
  }

private:
  Shape new_shape() {
    if (lanes && !program.states.empty())
      return program.states[0].shape;
    auto size = [&] { return any<std::int64_t>({1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 100}); };
    if (lanes && chance(20)) // several tiles
      return {any<std::int64_t>({200, 257, 515})};
    int kind = pick(10);
    Shape shape = kind == 0 ? Shape{} : kind < 6 ? Shape{size()} : Shape{size(), size()};
    if (kind == 9)
      shape.insert(shape.begin(), any<std::int64_t>({1, 2, 3}));
    while (element_count(shape) > (chance(10) ? most_elements : 300))
      shape[static_cast<std::size_t>(pick(static_cast<int>(shape.size())))] = any<std::int64_t>({1, 2, 3, 7});
    return shape;
  }

  void declare() {
    lanes = chance(30);
    if (chance(35))
      program.batch = any<std::int64_t>({1, 2, 3, 5, 8});
    for (int k = 0, n = 1 + pick(4); k < n; ++k) {
      Shape shape = k > 0 && chance(lanes ? 100 : 70) ? any(program.states).shape : new_shape();
      if (element_count(shape) * program.batch.value_or(1) > most_elements)
        shape = {any<std::int64_t>({1, 3, 8, 17})};
      program.states.push_back({shape, chance(12)});
    }
    for (int k = 0, n = pick(3); k < n; ++k)
      program.params.push_back({chance(30) ? Shape{} : chance(60) ? any(program.states).shape : new_shape()});
    if (chance(20))
      program.params.push_back({program.states[0].shape, true});
    for (int k = 0, n = pick(3); k < n; ++k) {
      Shape shape = chance(30) ? Shape{} : chance(70) ? any(program.states).shape : new_shape();
      if (program.batch)
        shape.insert(shape.begin(), *program.batch);
      program.data.push_back(shape);
    }
    program.method = any<std::string>({"exp_euler", "exp_euler", "euler", "rk2", "midpoint", "heun", "rk3", "rk4",
                                       "ssprk3", "ralston4", "bs", "rkf45", "rkdp"});
    program.t0 = chance(30) ? 12.5 : 0.0;
    program.i0 = chance(30) ? 9 : 0;
    for (int k = 0; k < static_cast<int>(program.states.size()); ++k)
      if (chance(60))
        read_state(k);
    for (std::size_t k = 0; k < program.data.size(); ++k)
      add({.what = Do::ReadData, .which = static_cast<int>(k), .shape = program.data[k]}, 2);
  }

  const Declared &state(int k) { return program.states[static_cast<std::size_t>(k)]; }
  /// Another state of this one's shape and type, or itself.
  int alike(int k) {
    std::vector<int> all;
    for (int other = 0; other < static_cast<int>(program.states.size()); ++other)
      if (state(other).shape == state(k).shape && state(other).flag == state(k).flag)
        all.push_back(other);
    int other = any(all);
    return other == k ? any(all) : other; // rather not itself
  }
  void bind(int k, const Known &x) {
    Known next = x.type == f64 && x.most > largest_state ? squashed(x) : x;
    put({.what = Do::Assign, .args = {next.line}, .which = k});
  }

  void assign(int k) {
    Shape full = program.full(state(k));
    char type = state(k).flag ? 'b' : 'r';
    if (lanes)
      return bind(k, chance(80) ? shaped(full, type) : read_state(alike(k)));
    if (type == 'r' && !full.empty() && chance(20))
      return bind(k, gated(k));
    if (full.empty() || chance(50))
      return bind(k, shaped(full, type));
    Known now = read_state(k);
    int axis = pick(static_cast<int>(full.size()));
    std::int64_t n = full[static_cast<std::size_t>(axis)];
    Shape part = full;
    switch (pick(5)) {
    case 0: { // another state as it is
      int other = alike(k);
      return bind(k, other == k && chance(85) ? shaped(full, type) : read_state(other));
    }
    case 1: { // a shift register
      part[static_cast<std::size_t>(axis)] = 1;
      auto next = value(type, [&](const Known &x) { return x.shape == part && x.most <= largest_state; });
      Known first = next ? *next : slice_of(now, axis, 0, 1);
      if (n == 1)
        return bind(k, first);
      return bind(k, chance(50) ? concat_of({slice_of(now, axis, 1, n), first}, axis)
                                : concat_of({first, slice_of(now, axis, 0, n - 1)}, axis));
    }
    case 2: { // a part of it, or of another one, turned or kept
      if (n < 2)
        return bind(k, shaped(full, type));
      std::int64_t cut = 1 + pick(static_cast<int>(n) - 1);
      Known other = read_state(alike(k));
      Known low = slice_of(now, axis, 0, cut), high = slice_of(other, axis, cut, n);
      if (type == 'r' && chance(50))
        low = apply("tanh($0)", {low});
      return bind(k, now.line == other.line || chance(50) ? concat_of({low, high}, axis)
                                                          : concat_of({slice_of(other, axis, cut, n), low}, axis));
    }
    case 3: // here and there
      return bind(k, apply(type == 'b' ? "where($0, bool $1, $2)" : "where($0, $1, $2)",
                           {shaped(full, 'b'), now, shaped(full, type)}));
    default:
      if (full.size() < 2 || full[full.size() - 1] != full[full.size() - 2])
        return bind(k, now);
      return bind(k, add({.what = Do::Transpose, .args = {now.line}, .shape = full, .type = now.type}, now.most));
    }
  }

  /// A cell: products of what there is and of the state, a bias, and gates cut from the sum.
  Known gated(int k) {
    Known now = read_state(k);
    Shape full = now.shape;
    std::int64_t n = full.back(), rows = element_count(full) / n;
    std::int64_t gates = rows * n * n <= (chance(20) ? 10000 : 3000) ? 1 + pick(4) : 1; // some weights are packed
    auto product = [&](const Known &x) {
      std::int64_t inner = x.shape.back();
      Known weight = new_param({inner, gates * n});
      Line line{.what = Do::Matmul, .args = {x.line, weight.line}, .shape = full};
      line.shape.back() = gates * n;
      return add_plain(line, static_cast<double>(inner) * x.most);
    };
    auto beside = [&](const Known &x) {
      bool fits = !x.shape.empty() && x.shape.back() <= 64 && x.most <= largest_state;
      return fits && Shape(x.shape.begin(), x.shape.end() - 1) == Shape(full.begin(), full.end() - 1);
    };
    Known sum = product(now);
    for (int more = pick(3); more > 0; --more)
      if (auto x = value('r', beside))
        sum = apply_plain("$0 + $1", {sum, product(*x)});
    if (chance(60))
      sum = apply_plain("$0 + $1", {sum, new_param({gates * n})});
    int axis = static_cast<int>(full.size()) - 1;
    Known next = gates == 1 ? sum : slice_of(squashed(sum), axis, 0, n);
    for (std::int64_t g = 1; g < gates; ++g) {
      Known gate = squashed(slice_of(sum, axis, g * n, (g + 1) * n));
      next = apply(any<const char *>({"$0 * $1", "$0 + $1", "maximum($0, $1)"}), {gate, g == 1 ? now : next});
    }
    return next;
  }
  Known new_param(const Shape &shape) {
    program.params.push_back({shape});
    return add({.what = Do::ReadParam, .which = static_cast<int>(program.params.size()) - 1, .shape = shape}, 1);
  }

  void swap() {
    int a = pick(static_cast<int>(program.states.size())), b = alike(a);
    if (a == b && chance(85))
      return assign(a);
    Known old = read_state(a);
    bind(a, read_state(b));
    bind(b, old);
  }

  void feed() {
    auto more = value('r', [&](const Known &k) { return k.most <= 4 && (fed.empty() || broadcasts(k.shape, fed)); });
    if (!more)
      return;
    put({.what = Do::Feed, .args = {more->line}});
    if (fed.empty())
      fed = more->shape;
  }

  void equations() {
    std::vector<int> chosen;
    for (int k = 0; k < static_cast<int>(program.states.size()); ++k)
      if (!state(k).flag && chance(70)) {
        chosen.push_back(k);
        integrated |= 1u << k;
      }
    if (chosen.empty())
      return;
    std::size_t outside = pool.size();
    put({.what = Do::Equations});
    for (int extra = pick(7); extra > 0; --extra)
      step();
    for (int k : chosen)
      put({.what = Do::Rate, .args = {rate(k).line}, .which = k});
    put({.what = Do::Integrate});
    pool.resize(outside);
    integrated = 0;
  }
  /// exp_euler wants an equation to be elementwise in its own state.
  Known rate(int k) {
    Shape full = program.full(state(k));
    Known now = read_state(k);
    auto found = value('r', [&](const Known &x) { return broadcasts(x.shape, full) && !(x.nonlocal & (1u << k)); });
    Known drive = found ? *found : now;
    if (drive.most > 4)
      drive = squashed(drive);
    return chance(50) ? drive : apply("$0 - $1", {drive, now});
  }

  /// What nothing reads is put out, as far as it is not too much; and a few more, as old values of states.
  void finish() {
    for (const Known &k : pool)
      if (!k.read && program.outputs.size() < 8 && chance(lanes && k.shape != program.full(state(0)) ? 5 : 80))
        program.outputs.push_back(k.line);
    for (int k = lanes ? 0 : pick(3); k > 0 && !pool.empty(); --k)
      program.outputs.push_back(any(pool).line);
    if (program.outputs.empty())
      program.outputs.push_back(scalar('r').line);
    for (int k = 0; k < static_cast<int>(program.states.size()); ++k)
      if (chance(60))
        program.monitors.push_back(k);
  }
};

} // namespace

Program random_program(std::uint64_t seed) { return Generator(seed).run(); }

} // namespace overtime::test

// SPDX-License-Identifier: Apache-2.0
// Draws the values of a random model's step.
#include "tests/trace/random_values.h"

#include <algorithm>

namespace overtime::test {

static char letter(DType type) { return type == DType::Bool ? 'b' : type == DType::I64 ? 'i' : 'r'; }

bool broadcasts(const Shape &from, const Shape &to) {
  bool fits = from.size() <= to.size();
  for (std::size_t d = 0; fits && d < from.size(); ++d)
    fits = from[d] == 1 || from[d] == to[d + to.size() - from.size()];
  return fits;
}

static std::optional<Shape> common(const Shape &a, const Shape &b) {
  Shape result(std::max(a.size(), b.size()));
  for (std::size_t d = 0; d < result.size(); ++d) {
    std::int64_t x = d + a.size() < result.size() ? 1 : a[d + a.size() - result.size()];
    std::int64_t y = d + b.size() < result.size() ? 1 : b[d + b.size() - result.size()];
    if (x != y && x != 1 && y != 1)
      return std::nullopt;
    result[d] = x == 1 ? y : x;
  }
  return result;
}

int RandomValues::put(Line line) {
  for (int arg : line.args)
    for (Known &k : pool)
      k.read |= k.line == arg;
  program.lines.push_back(std::move(line));
  return static_cast<int>(program.lines.size()) - 1;
}

Known RandomValues::add(Line line, double most, unsigned nonlocal) {
  Known known = add_plain(std::move(line), most, nonlocal);
  return known.type == f64 && most > largest ? squashed(known) : known;
}

Known RandomValues::add_plain(Line line, double most, unsigned nonlocal) {
  Known known{.shape = line.shape, .type = line.type, .most = most, .nonlocal = nonlocal};
  for (int arg : line.args)
    for (const Known &k : pool)
      if (k.line == arg) {
        known.depends |= k.depends;
        known.nonlocal |= k.nonlocal;
      }
  if (line.what > Do::Apply) // not element by element
    known.nonlocal |= known.depends;
  known.line = put(std::move(line));
  pool.push_back(known);
  return known;
}

static std::size_t rule_of(const char *text) {
  auto same = [&](const Rule &r) { return std::string(r.text) == text; };
  return static_cast<std::size_t>(std::find_if(rules().begin(), rules().end(), same) - rules().begin());
}
Known RandomValues::apply(const char *text, const std::vector<Known> &args) { return apply(rule_of(text), args); }
Known RandomValues::apply_plain(const char *text, const std::vector<Known> &args) {
  return apply(rule_of(text), args, true);
}

Known RandomValues::apply(std::size_t number, const std::vector<Known> &args, bool plain) {
  const Rule &rule = rules()[number];
  Line line{.what = Do::Apply, .which = static_cast<int>(number)};
  std::vector<double> most;
  for (const Known &k : args) {
    line.args.push_back(k.line);
    line.shape = *common(line.shape, k.shape);
    most.push_back(k.most);
  }
  unsigned spread = 0;
  for (const Known &k : args)
    if (k.shape != line.shape)
      spread |= k.depends;
  line.type = rule.result == 'r' ? f64 : rule.result == 'b' ? DType::Bool : i64;
  double bound = rule.most(most.data());
  return plain ? add_plain(line, bound, spread) : add(line, bound, spread);
}

Known RandomValues::squashed(const Known &x) {
  return apply(any<const char *>({"tanh($0)", "sin($0)", "soft_sign($0)", "erf($0)"}), {x});
}

Known RandomValues::literal() {
  double number = any<double>({0, 1, -1, 2, 0.5, -0.25, 0.1, 1.7, -3});
  return {put({.what = Do::Literal, .number = number}), {}, f64, 3}; // not in the pool: both sides must not be numbers
}

Known RandomValues::read_state(int k) {
  const Declared &s = program.states[static_cast<std::size_t>(k)];
  Line line{.what = Do::ReadState, .which = k, .shape = program.full(s), .type = s.flag ? DType::Bool : f64};
  add(line, s.flag ? 1 : largest_state);
  pool.back().depends = integrated & (1u << k);
  return pool.back();
}

std::optional<Known> RandomValues::leaf(char type) {
  std::vector<std::function<Known()>> ways;
  for (std::size_t k = 0; k < program.states.size(); ++k)
    if (type != 'i' && program.states[k].flag == (type == 'b'))
      for (int twice = 0; twice < 2; ++twice)
        ways.push_back([this, k] { return read_state(static_cast<int>(k)); });
  if (type == 'r') {
    for (std::size_t k = 0; k < program.params.size(); ++k)
      ways.push_back([this, k] {
        return add({.what = Do::ReadParam, .which = static_cast<int>(k), .shape = program.params[k].shape}, 1);
      });
    if (chance(15))
      ways.push_back([this] { return add({.what = Do::Time}, 15); });
    if (chance(20))
      ways.push_back([this] { return add({.what = Do::ReadInput, .shape = fed}, 8); });
    if (chance(20))
      ways.push_back([this] {
        return add({.what = Do::Uniform, .which = streams++, .shape = program.full(any(program.states))}, 1);
      });
  }
  if (type == 'i')
    ways.push_back([this] { return add({.what = Do::Index, .type = i64}, 30); });
  if (ways.empty())
    return std::nullopt;
  return any(ways)();
}

Known RandomValues::scalar(char type) {
  if (type == 'r')
    return add({.what = Do::Time}, 15);
  Known index = add({.what = Do::Index, .type = i64}, 30);
  return type == 'i' ? index : apply("$0 == 3", {index});
}

std::optional<Known> RandomValues::value(char type, const Fits &fits) {
  std::vector<Known> found, unread;
  for (const Known &k : pool)
    if (letter(k.type) == type && fits(k)) {
      found.push_back(k);
      if (!k.read)
        unread.push_back(k);
    }
  if (!unread.empty() && chance(60))
    return any(unread);
  if (!found.empty() && chance(75)) { // rather a late one
    int last = static_cast<int>(found.size());
    return found[static_cast<std::size_t>(chance(60) ? last - 1 - pick(std::min(4, last)) : pick(last))];
  }
  for (int tries = 0; tries < 4; ++tries) {
    std::size_t lines = program.lines.size(), known = pool.size();
    if (std::optional<Known> k = leaf(type); k && fits(*k))
      return k;
    program.lines.resize(lines);
    pool.resize(known);
  }
  return found.empty() ? std::nullopt : std::optional(any(found));
}

/// Nothing is computed from its second operand alone.
static bool takes_literal(const Rule &rule) {
  std::string text = rule.text;
  return text == "$0 + $1" || text == "$0 - $1" || text == "$0 * $1" || text == "minimum($0, $1)" ||
         text == "maximum($0, $1)";
}

Known RandomValues::elementwise(char result) {
  std::vector<std::size_t> fitting;
  for (std::size_t k = 0; k < rules().size(); ++k)
    if (rules()[k].result == result)
      fitting.push_back(k);
  std::size_t number = any(fitting);
  std::string types = rules()[number].operands;
  std::vector<Known> args;
  Shape shape;
  for (std::size_t k = 0; k < types.size(); ++k) {
    if (k == 1 && takes_literal(rules()[number]) && chance(15)) {
      args.push_back(literal());
      continue;
    }
    auto found = value(types[k], [&](const Known &v) {
      std::optional<Shape> both = common(shape, v.shape);
      return both && element_count(*both) <= most_elements;
    });
    args.push_back(found ? *found : scalar(types[k]));
    shape = *common(shape, args.back().shape);
  }
  return apply(number, args);
}

Known RandomValues::step() {
  int kind = lanes ? 38 + pick(62) : pick(100);
  std::optional<Known> made;
  if (kind < 18)
    made = moved();
  else if (kind < 30)
    made = reduced();
  else if (kind < 38)
    made = product();
  return made ? *made : elementwise(kind < 86 ? 'r' : kind < 96 ? 'b' : 'i');
}

} // namespace overtime::test

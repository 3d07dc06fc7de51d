// SPDX-License-Identifier: Apache-2.0
// Draws lines that move, join, reduce and multiply the values of a random model's step.
#include "tests/trace/random_values.h"

#include <algorithm>

namespace overtime::test {

static int last_axis(const Known &x) { return static_cast<int>(x.shape.size()) - 1; }

Known RandomValues::slice_of(const Known &x, int axis, std::int64_t begin, std::int64_t end) {
  Line line{.what = Do::Slice, .args = {x.line}, .shape = x.shape, .type = x.type, .axis = axis};
  line.begin = begin;
  line.end = end;
  line.shape[static_cast<std::size_t>(axis)] = end - begin;
  return add(line, x.most);
}

Known RandomValues::concat_of(const std::vector<Known> &parts, int axis) {
  Line line{.what = Do::Concat, .shape = parts[0].shape, .type = parts[0].type, .axis = axis};
  std::int64_t extent = 0;
  double most = 0;
  for (const Known &part : parts) {
    line.args.push_back(part.line);
    extent += part.shape[static_cast<std::size_t>(axis)];
    most = std::max(most, part.most);
  }
  line.shape[static_cast<std::size_t>(axis)] = extent;
  return add(line, most);
}

/// Reshape, transpose, broadcast, slice or concatenation of any type.
std::optional<Known> RandomValues::moved() {
  auto found = value(chance(80) ? 'r' : chance(80) ? 'b' : 'i', [](const Known &k) { return !k.shape.empty(); });
  if (!found)
    return found;
  const Known &x = *found;
  int axis = pick(last_axis(x) + 1);
  auto extent = x.shape[static_cast<std::size_t>(axis)];
  Line line{.what = Do::Reshape, .args = {x.line}, .shape = x.shape, .type = x.type};
  switch (pick(5)) {
  case 0: { // to another factorisation
    line.what = Do::Reshape;
    std::int64_t count = element_count(x.shape);
    std::vector<Shape> shapes = {{count}, {1, count}, {count, 1}};
    for (std::int64_t n : {2, 3, 8, 16})
      if (count % n == 0)
        shapes.insert(shapes.end(), {{n, count / n}, {count / n, n}});
    if (count == 1)
      shapes.push_back({});
    line.shape = any(shapes);
    return add(line, x.most);
  }
  case 1:
    if (x.shape.size() < 2)
      return std::nullopt;
    line.what = Do::Transpose;
    std::swap(line.shape[line.shape.size() - 1], line.shape[line.shape.size() - 2]);
    return add(line, x.most);
  case 2: // new axes in front
    line.what = Do::Broadcast;
    if (x.shape.size() > 2 || element_count(x.shape) * 3 > most_elements)
      return std::nullopt;
    line.shape.insert(line.shape.begin(), any<std::int64_t>({1, 2, 3}));
    return add(line, x.most);
  case 3: {
    std::int64_t begin = pick(static_cast<int>(extent));
    return slice_of(x, axis, begin, begin + 1 + pick(static_cast<int>(extent - begin)));
  }
  default: {
    auto beside = [&](const Known &k) {
      if (k.type != x.type || k.shape.size() != x.shape.size())
        return false;
      for (int d = 0; d <= last_axis(k); ++d)
        if (d != axis && k.shape[static_cast<std::size_t>(d)] != x.shape[static_cast<std::size_t>(d)])
          return false;
      return element_count(k.shape) + element_count(x.shape) <= most_elements;
    };
    auto other = value(x.type == f64 ? 'r' : x.type == i64 ? 'i' : 'b', beside);
    if (!other)
      return other;
    return concat_of(chance(50) ? std::vector{x, *other} : std::vector{*other, x}, axis);
  }
  }
}

/// A sum, mean, maximum, minimum or softmax.
std::optional<Known> RandomValues::reduced() {
  auto found = value(chance(85) ? 'r' : 'b', [](const Known &k) { return !k.shape.empty(); });
  if (!found)
    return found;
  const Known &x = *found;
  Line line{.what = Do::Reshape, .args = {x.line}, .shape = x.shape, .axis = pick(last_axis(x) + 1)};
  auto extent = x.shape[static_cast<std::size_t>(line.axis)];
  if (chance(20) && x.type == f64) {
    line.what = Do::Softmax;
    line.keep = chance(30);
    return add(line, line.keep ? 2 * x.most + 5 : 1);
  }
  line.what = any<Do>({Do::Sum, Do::Mean, Do::Max, Do::Min});
  line.keep = chance(40);
  if (chance(25)) { // over everything
    extent = element_count(x.shape);
    line.shape.assign(line.keep ? x.shape.size() : 0, 1);
    line.axis = -1;
  } else if (line.keep) {
    line.shape[static_cast<std::size_t>(line.axis)] = 1;
  } else {
    line.shape.erase(line.shape.begin() + line.axis);
  }
  return add(line, line.what == Do::Sum ? static_cast<double>(extent) * x.most : x.most);
}

/// A matrix product, rather with a weight made for it.
std::optional<Known> RandomValues::product() {
  auto a = value('r', [](const Known &k) { return !k.shape.empty() && k.shape.back() <= 100; });
  if (!a)
    return a;
  std::int64_t inner = a->shape.back(), rows = element_count(a->shape) / inner;
  auto b = chance(30) ? value('r', [&](const Known &k) { return k.shape.size() == 2 && k.shape[0] == inner; })
                      : std::nullopt;
  if (!b) {
    std::int64_t columns = chance(40) ? inner : any<std::int64_t>({1, 2, 3, 8, 16, 17, 33});
    program.params.push_back({{inner, columns}});
    Line weight{.what = Do::ReadParam, .which = static_cast<int>(program.params.size()) - 1, .shape = {inner, columns}};
    b = add(weight, 1);
  }
  Line line{.what = Do::Matmul, .args = {a->line, b->line}, .shape = a->shape};
  line.shape.back() = b->shape[1];
  if (rows * b->shape[1] > most_elements || rows * b->shape[1] * inner > 20000)
    return std::nullopt;
  return add(line, static_cast<double>(inner) * a->most * b->most);
}

Known RandomValues::shaped(const Shape &shape, char type) {
  bool computed = chance(85), exact = chance(80);
  auto found = value(type, [&](const Known &k) {
    bool leaf = program.lines[static_cast<std::size_t>(k.line)].what <= Do::Literal;
    return (exact ? k.shape == shape : broadcasts(k.shape, shape)) && !(computed && leaf);
  });
  if (found)
    return *found;
  std::string rule = type == 'b' ? "$0 > 0.5 * $1 - 0.0917" : "$0 + $1";
  auto fits = [&](const Known &k) { return broadcasts(k.shape, shape); };
  auto a = value('r', fits), b = value('r', fits);
  return apply(rule.c_str(), {a ? *a : scalar('r'), b ? *b : scalar('r')});
}

} // namespace overtime::test

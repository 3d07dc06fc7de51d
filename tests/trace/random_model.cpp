// SPDX-License-Identifier: Apache-2.0
// Random stateful models: the table of elementwise operations, and tracing of the lines of a step.
#include "tests/trace/random_model.h"

#include <algorithm>
#include <cmath>

namespace overtime::test {
namespace {

using Most = const double *;
using Args = const Operand *;

double one(Most) { return 1; }
double same(Most m) { return m[0]; }
double either(Most m) { return std::max(m[0], m[1]); }
double added(Most m) { return m[0] + m[1]; }

} // namespace

/// Operands are kept where functions are tame; comparisons and steps have odd constants, so that rounding does not
/// decide them.
const std::vector<Rule> &rules() {
  static const std::vector<Rule> all = {
      {"$0 + $1", "rr", 'r', true, added, [](Args x) { return x[0] + x[1]; }},
      {"$0 - $1", "rr", 'r', true, added, [](Args x) { return x[0] - x[1]; }},
      {"$0 * $1", "rr", 'r', true, [](Most m) { return m[0] * m[1]; }, [](Args x) { return x[0] * x[1]; }},
      {"$0 / (1.5 + abs($1))", "rr", 'r', true, same, [](Args x) { return x[0] / (1.5 + abs(x[1])); }},
      {"$0 / 3", "r", 'r', true, same, [](Args x) { return x[0] / 3; }},
      {"1 / (0.5 + abs($0))", "r", 'r', true, [](Most) { return 2.0; }, [](Args x) { return 1 / (0.5 + abs(x[0])); }},
      {"minimum($0, $1)", "rr", 'r', true, either, [](Args x) { return minimum(x[0], x[1]); }},
      {"maximum($0, $1)", "rr", 'r', true, either, [](Args x) { return maximum(x[0], x[1]); }},
      {"where($0, $1, $2)", "brr", 'r', true, [](Most m) { return std::max(m[1], m[2]); },
       [](Args x) { return where(x[0], x[1], x[2]); }},
      {"pow(0.5 + abs($0), hard_tanh($1))", "rr", 'r', true, [](Most m) { return 2 + m[0]; },
       [](Args x) { return pow(0.5 + abs(x[0]), hard_tanh(x[1])); }},
      {"pow($0, 3)", "r", 'r', true, [](Most m) { return m[0] * m[0] * m[0]; }, [](Args x) { return pow(x[0], 3); }},
      {"pow(1.5 + abs($0), -2)", "r", 'r', true, one, [](Args x) { return pow(1.5 + abs(x[0]), -2); }},
      {"-$0", "r", 'r', true, same, [](Args x) { return -x[0]; }},
      {"abs($0)", "r", 'r', true, same, [](Args x) { return abs(x[0]); }},
      {"square($0)", "r", 'r', true, [](Most m) { return m[0] * m[0]; }, [](Args x) { return square(x[0]); }},
      {"sqrt(0.25 + abs($0))", "r", 'r', true, [](Most m) { return 1 + m[0]; },
       [](Args x) { return sqrt(0.25 + abs(x[0])); }},
      {"exp(minimum($0, 2))", "r", 'r', true, [](Most) { return 7.4; }, [](Args x) { return exp(minimum(x[0], 2)); }},
      {"exp(-$0 * $0)", "r", 'r', true, one, [](Args x) { return exp(-x[0] * x[0]); }},
      {"expm1(minimum($0, 2))", "r", 'r', true, [](Most) { return 6.4; },
       [](Args x) { return expm1(minimum(x[0], 2)); }},
      {"exprel(minimum($0, 2))", "r", 'r', true, [](Most) { return 3.2; },
       [](Args x) { return exprel(minimum(x[0], 2)); }},
      {"log(1.25 + abs($0))", "r", 'r', true, [](Most m) { return 1 + m[0]; },
       [](Args x) { return log(1.25 + abs(x[0])); }},
      {"log1p(abs($0))", "r", 'r', true, same, [](Args x) { return log1p(abs(x[0])); }},
      {"tanh($0)", "r", 'r', true, one, [](Args x) { return tanh(x[0]); }},
      {"sinh(hard_tanh($0))", "r", 'r', true, [](Most) { return 1.2; }, [](Args x) { return sinh(hard_tanh(x[0])); }},
      {"cosh(hard_tanh($0))", "r", 'r', true, [](Most) { return 1.6; }, [](Args x) { return cosh(hard_tanh(x[0])); }},
      {"sin($0)", "r", 'r', true, one, [](Args x) { return sin(x[0]); }},
      {"cos($0)", "r", 'r', true, one, [](Args x) { return cos(x[0]); }},
      {"erf($0)", "r", 'r', true, one, [](Args x) { return erf(x[0]); }},
      {"sigmoid($0)", "r", 'r', true, one, [](Args x) { return sigmoid(x[0]); }},
      {"relu($0)", "r", 'r', true, same, [](Args x) { return relu(x[0]); }},
      {"leaky_relu($0)", "r", 'r', true, same, [](Args x) { return leaky_relu(x[0]); }},
      {"selu($0)", "r", 'r', true, [](Most m) { return 2 + 1.1 * m[0]; }, [](Args x) { return selu(x[0]); }},
      {"gelu($0)", "r", 'r', true, same, [](Args x) { return gelu(x[0]); }},
      {"silu($0)", "r", 'r', true, same, [](Args x) { return silu(x[0]); }},
      {"softplus($0)", "r", 'r', true, [](Most m) { return 1 + m[0]; }, [](Args x) { return softplus(x[0]); }},
      {"soft_sign($0)", "r", 'r', true, one, [](Args x) { return soft_sign(x[0]); }},
      {"hard_sigmoid($0)", "r", 'r', true, one, [](Args x) { return hard_sigmoid(x[0]); }},
      {"mish($0)", "r", 'r', true, same, [](Args x) { return mish(x[0]); }},
      {"identity($0)", "r", 'r', true, same, [](Args x) { return identity(x[0]); }},
      {"floor(1.37 * $0 + 0.1373)", "r", 'r', false, [](Most m) { return 2 + 1.37 * m[0]; },
       [](Args x) { return floor(1.37 * x[0] + 0.1373); }},
      {"ceil(1.37 * $0 + 0.1373)", "r", 'r', false, [](Most m) { return 2 + 1.37 * m[0]; },
       [](Args x) { return ceil(1.37 * x[0] + 0.1373); }},
      {"round(1.37 * $0 + 0.1373)", "r", 'r', false, [](Most m) { return 2 + 1.37 * m[0]; },
       [](Args x) { return round(1.37 * x[0] + 0.1373); }},
      {"$0 * $1", "rb", 'r', true, same, [](Args x) { return x[0] * x[1]; }},
      {"$0 - $1", "br", 'r', true, [](Most m) { return 1 + m[1]; }, [](Args x) { return x[0] - x[1]; }},
      {"as_real($0)", "b", 'r', true, one, [](Args x) { return as_real(x[0]); }},
      {"0.05 * $0", "i", 'r', true, one, [](Args x) { return 0.05 * x[0]; }},
      {"$1 + $0 / 40", "ir", 'r', true, [](Most m) { return 2 + m[1]; }, [](Args x) { return x[1] + x[0] / 40; }},
      {"$0 < 1.0009 * $1 + 0.1373", "rr", 'b', false, one, [](Args x) { return x[0] < 1.0009 * x[1] + 0.1373; }},
      {"$0 <= 0.2171", "r", 'b', false, one, [](Args x) { return x[0] <= 0.2171; }},
      {"$0 > 0.5 * $1 - 0.0917", "rr", 'b', false, one, [](Args x) { return x[0] > 0.5 * x[1] - 0.0917; }},
      {"$0 >= -0.0531", "r", 'b', false, one, [](Args x) { return x[0] >= -0.0531; }},
      {"$0 != 0.7713", "r", 'b', false, one, [](Args x) { return x[0] != 0.7713; }},
      {"$0 && $1", "bb", 'b', true, one, [](Args x) { return x[0] && x[1]; }},
      {"$0 || $1", "bb", 'b', true, one, [](Args x) { return x[0] || x[1]; }},
      {"!$0", "b", 'b', true, one, [](Args x) { return !x[0]; }},
      {"$0 == $1", "bb", 'b', true, one, [](Args x) { return x[0] == x[1]; }},
      {"$0 < $1", "bb", 'b', true, one, [](Args x) { return x[0] < x[1]; }},
      {"where($0, bool $1, $2)", "bbb", 'b', true, one, [](Args x) { return where(x[0], x[1], x[2]); }},
      {"$0 == 3", "i", 'b', true, one, [](Args x) { return x[0] == 3; }},
      {"$0 < $1", "ii", 'b', true, one, [](Args x) { return x[0] < x[1]; }},
      {"$0 >= 2.5", "i", 'b', true, one, [](Args x) { return x[0] >= 2.5; }},
      {"2 * $0 - 7", "i", 'i', true, one, [](Args x) { return 2 * x[0] - 7; }},
      {"minimum($0, $1)", "ii", 'i', true, one, [](Args x) { return minimum(x[0], x[1]); }},
      {"maximum(-$0, 4 - $1)", "ii", 'i', true, one, [](Args x) { return maximum(-x[0], 4 - x[1]); }},
      {"where($0, $1, 5)", "bi", 'i', true, one, [](Args x) { return where(x[0], x[1], 5); }},
  };
  return all;
}

Shape Program::full(const Declared &state) const {
  Shape shape = state.shape;
  if (batch)
    shape.insert(shape.begin(), *batch);
  return shape;
}
bool Program::smooth() const {
  return std::none_of(lines.begin(), lines.end(), [](const Line &line) {
    return line.what == Do::Apply && !rules()[static_cast<std::size_t>(line.which)].smooth;
  });
}
bool Program::draws() const {
  return std::any_of(lines.begin(), lines.end(), [](const Line &line) { return line.what == Do::Uniform; });
}

RandomModel::RandomModel(const Program &program)
    : Model(program.states.empty() ? Shape{} : program.states[0].shape), fed(input("I")), program(program) {
  method(program.method);
  for (const Declared &s : program.states) {
    std::string name = "s" + std::to_string(variables.size());
    variables.push_back(state(name, s.flag ? Init(true) : Init(0.0), s.shape));
  }
  for (const Declared &p : program.params) {
    std::string name = "p" + std::to_string(weights.size());
    Tensor numbers = Tensor::uniform(p.shape, -1, 1, program.seed + 100 + weights.size(), f32);
    weights.push_back(param(name, p.flag ? Init(0.0) : Init(numbers.to(f64))));
    if (p.flag) // declared as a number, one for each element of the model now
      weights.back().set_value(numbers.to(f64));
  }
}

Tree<Monitor> RandomModel::monitored() const {
  std::vector<Tree<Monitor>> all;
  for (int k : program.monitors)
    all.push_back(Monitor(variables[static_cast<std::size_t>(k)]));
  return all.empty() ? Tree<Monitor>() : Tree<Monitor>::list(all);
}

Tree<Value> RandomModel::update(const Tree<Value> &data) {
  x = &data;
  values.clear();
  while (values.size() < program.lines.size())
    run_line(program.lines[values.size()]);
  std::vector<Tree<Value>> outputs;
  for (int k : program.outputs)
    outputs.push_back(identity(values[static_cast<std::size_t>(k)]));
  return outputs.empty() ? Tree<Value>() : Tree<Value>::list(outputs);
}

/// The lines behind Do::Equations; their values do not leave it.
void RandomModel::equations() {
  std::size_t first = values.size();
  while (values.size() < program.lines.size() && program.lines[values.size()].what != Do::Integrate)
    run_line(program.lines[values.size()]);
  for (; first < values.size(); ++first)
    values[first] = Operand(Value());
}

void RandomModel::run_line(const Line &line) {
  auto which = static_cast<std::size_t>(line.which);
  auto arg = [&] { return values[static_cast<std::size_t>(line.args[0])]; };
  Value result;
  switch (line.what) {
  case Do::Literal:
    values.push_back(Operand(line.number));
    return;
  case Do::Assign:
    variables[which] = arg();
    break;
  case Do::Feed:
    fed += arg();
    break;
  case Do::Rate:
    ddt(variables[which]) = arg() / ms;
    break;
  case Do::Equations:
    values.push_back(Operand(Value()));
    integrate();
    return;
  case Do::Integrate:
    break;
  default:
    result = value_of(line);
  }
  values.push_back(Operand(result));
}

Value RandomModel::value_of(const Line &line) {
  std::vector<Operand> a;
  for (int k : line.args)
    a.push_back(values[static_cast<std::size_t>(k)]);
  auto which = static_cast<std::size_t>(line.which);
  std::optional<int> axis;
  if (line.axis >= 0)
    axis = line.axis;
  switch (line.what) {
  case Do::ReadState:
    return *variables[which];
  case Do::ReadParam:
    return *weights[which];
  case Do::ReadInput:
    return *fed;
  case Do::ReadData:
    return (*x)[which].leaf();
  case Do::Time:
    return t() / ms;
  case Do::Index:
    return i();
  case Do::Apply:
    return rules()[which].apply(a.data());
  case Do::Reshape:
    return reshape(a[0], line.shape);
  case Do::Transpose:
    return transpose(a[0]);
  case Do::Broadcast:
    return broadcast_to(a[0], line.shape);
  case Do::Slice:
    return slice(a[0], line.begin, line.end, line.axis);
  case Do::Concat: {
    std::vector<Value> parts;
    for (const Operand &part : a)
      parts.push_back(part.value());
    return concat(parts, line.axis);
  }
  case Do::Sum:
    return sum(a[0], axis, line.keep);
  case Do::Mean:
    return mean(a[0], axis, line.keep);
  case Do::Max:
    return max(a[0], axis, line.keep);
  case Do::Min:
    return min(a[0], axis, line.keep);
  case Do::Softmax:
    return line.keep ? log_softmax(a[0], line.axis) : softmax(a[0], line.axis);
  case Do::Matmul:
    return matmul(a[0], a[1]);
  case Do::Uniform:
    return random_uniform("u" + std::to_string(line.which), line.shape);
  default:
    throw Error(ErrorKind::Usage, "a line without a value");
  }
}

} // namespace overtime::test

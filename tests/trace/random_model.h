// SPDX-License-Identifier: Apache-2.0
// Random stateful models as data: the lines of a step, which can be printed, traced, and taken away one by one.
#pragma once

#include "compiler/overtime.h"

namespace overtime::test {

/// An elementwise operation, in so many words. Types: r real, b bool, i integer.
struct Rule {
  const char *text;               // with $0, $1, ... for the operands
  const char *operands;           // their types, and so their number
  char result;                    // type
  bool smooth;                    // a small change of an operand makes a small change of the result
  double (*most)(const double *); // bound of the result's magnitude from those of the operands
  Value (*apply)(const Operand *);
};
const std::vector<Rule> &rules();

/// What a line of a step does. Those from Assign on have no value.
enum class Do {
  ReadState,
  ReadParam,
  ReadInput,
  ReadData,
  Time,
  Index,
  Literal,
  Apply,
  Reshape,
  Transpose,
  Broadcast,
  Slice,
  Concat,
  Sum,
  Mean,
  Max,
  Min,
  Softmax,
  Matmul,
  Uniform,
  Assign,    // a state
  Feed,      // the input
  Equations, // what follows is inside equations()
  Rate,      // of a state
  Integrate
};

struct Line {
  Do what = Do::Literal;
  std::vector<int> args = {}; // earlier lines
  int which = 0;              // number of the state, parameter, data or rule
  Shape shape = {};           // of the value
  DType type = f64;           // f64 stands for the run's real type
  int axis = -1;
  std::int64_t begin = 0, end = 0; // of a slice
  bool keep = false;               // the reduced axis
  double number = 0.0;             // of a literal
};
inline bool has_value(const Line &line) { return line.what < Do::Assign; }

struct Declared {
  Shape shape; // without the batch axis
  bool flag = false;
};

/// Everything that decides the model and its run.
struct Program {
  std::uint64_t seed = 0; // of the initial numbers and the data
  std::optional<std::int64_t> batch;
  std::string method = "exp_euler";
  std::vector<Declared> states, params;
  std::vector<Shape> data; // of one step, with the batch axis
  std::vector<Line> lines;
  std::vector<int> outputs;  // lines
  std::vector<int> monitors; // states
  double t0 = 0.0;
  std::int64_t i0 = 0;

  Shape full(const Declared &state) const;
  bool smooth() const; // in all that it does
  bool draws() const;  // random numbers
};

Program random_program(std::uint64_t seed);

/// As a reader wants it: declarations, then a line for each line.
std::string text_of(const Program &program);

/// Traces the lines of a program.
class RandomModel : public Model {
public:
  explicit RandomModel(const Program &program);
  Tree<Value> update(const Tree<Value> &x) override;
  Tree<Monitor> monitored() const;

  std::vector<State> variables;
  std::vector<Param> weights;
  Input fed;

protected:
  void equations() override;

private:
  void run_line(const Line &line);
  Value value_of(const Line &line);

  const Program &program;
  const Tree<Value> *x = nullptr;
  std::vector<Operand> values; // of the lines so far
};

/// "" when compiled code agrees with the interpreter and with itself; else the kind of the failure, a colon, details.
/// A program that is no valid model gives "invalid: ...".
std::string failure_of(const Program &program);
using Check = std::string (*)(const Program &);
/// What a check says in a process of its own, so that a crash or an endless loop is a failure too.
std::string failure_apart(const Program &program, Check check);

/// A smaller program that fails in the same way.
Program minimised(Program program, const std::string &failure, Check check);

/// Draws programs until OVERTIME_FUZZ_MODELS, or `count`, are checked, from seed OVERTIME_FUZZ_SEED or 1 on; Catch2
/// hears of each that fails, and of a smaller one.
void check_random_models(std::uint64_t count, Check check);

/// Numbers of a run, exact in f32 but for a disturbance of that relative size.
Tensor drawn_numbers(const Program &program, const Shape &shape, double low, double high, std::uint64_t stream,
                     double disturbed = 0.0);
/// What the states of a program's model have before the first step.
void set_first_states(const Program &program, RandomModel &model, double disturbed = 0.0);

} // namespace overtime::test

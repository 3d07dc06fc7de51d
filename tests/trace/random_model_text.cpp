// SPDX-License-Identifier: Apache-2.0
// Random models as a reader wants them.
#include "tests/trace/random_model.h"

#include <sstream>

namespace overtime::test {
namespace {

std::string plain(double number) {
  std::ostringstream text;
  text << number;
  return text.str();
}

class Printer {
public:
  explicit Printer(const Program &program) : program(program) {}

  std::string run() {
    text << "seed " << program.seed << ", method " << program.method << ", t0 " << program.t0 << ", i0 " << program.i0;
    if (program.batch)
      text << ", batch " << *program.batch;
    declarations("s", program.states);
    declarations("p", program.params);
    for (std::size_t k = 0; k < program.data.size(); ++k)
      text << (k ? ", " : "\ndata of a step ") << "x" << k << " " << to_string(program.data[k]);
    for (std::size_t k = 0; k < program.lines.size(); ++k)
      if (program.lines[k].what != Do::Literal)
        text << "\n  " << line(k);
    list("\noutputs", "%", program.outputs);
    list("\nmonitors", "s", program.monitors);
    text << "\n";
    return text.str();
  }

private:
  void declarations(const std::string &letter, const std::vector<Declared> &all) {
    for (std::size_t k = 0; k < all.size(); ++k)
      text << (k == 0 ? letter == "s" ? "\nstates " : "\nparameters " : ", ") << letter << k << " "
           << to_string(all[k].shape)
           << (!all[k].flag    ? ""
               : letter == "s" ? " bool"
                               : " set to an array");
  }
  void list(const char *title, const char *letter, const std::vector<int> &all) {
    text << title;
    for (int k : all)
      text << " " << letter << k;
  }

  std::string arg(const Line &line, std::size_t k) const {
    const Line &from = program.lines[static_cast<std::size_t>(line.args[k])];
    return from.what == Do::Literal ? plain(from.number) : "%" + std::to_string(line.args[k]);
  }
  std::string line(std::size_t k) const {
    const Line &line = program.lines[k];
    std::string which = std::to_string(line.which);
    switch (line.what) {
    case Do::Assign:
      return "s" + which + " = " + arg(line, 0);
    case Do::Feed:
      return "I += " + arg(line, 0);
    case Do::Equations:
      return "equations {";
    case Do::Rate:
      return "ddt(s" + which + ") = " + arg(line, 0);
    case Do::Integrate:
      return "}";
    default: {
      std::string shown = "%" + std::to_string(k) + " = " + value(line);
      std::string type = line.type == f64 ? "" : " " + name_of(line.type);
      return shown + std::string(shown.size() < 50 ? 50 - shown.size() : 1, ' ') + "// " + to_string(line.shape) + type;
    }
    }
  }
  std::string value(const Line &line) const {
    auto call = [&](const std::string &name, const std::string &more = "") {
      std::string all;
      for (std::size_t k = 0; k < line.args.size(); ++k)
        all += (k ? ", " : "") + arg(line, k);
      return name + "(" + all + more + ")";
    };
    std::string which = std::to_string(line.which), axis = line.axis < 0 ? "" : ", axis " + std::to_string(line.axis);
    if (line.what != Do::Softmax)
      axis += line.keep ? ", kept" : "";
    switch (line.what) {
    case Do::ReadState:
      return "s" + which;
    case Do::ReadParam:
      return "p" + which;
    case Do::ReadInput:
      return "I";
    case Do::ReadData:
      return "x" + which;
    case Do::Time:
      return "t / ms";
    case Do::Index:
      return "i";
    case Do::Apply: {
      std::string all = rules()[static_cast<std::size_t>(line.which)].text;
      for (std::size_t at = all.find('$'); at != std::string::npos; at = all.find('$'))
        all.replace(at, 2, arg(line, static_cast<std::size_t>(all[at + 1] - '0')));
      return all;
    }
    case Do::Reshape:
      return call("reshape", ", " + to_string(line.shape));
    case Do::Transpose:
      return call("transpose");
    case Do::Broadcast:
      return call("broadcast_to", ", " + to_string(line.shape));
    case Do::Slice:
      return call("slice", ", " + std::to_string(line.begin) + ", " + std::to_string(line.end) + axis);
    case Do::Concat:
      return call("concat", axis);
    case Do::Sum:
      return call("sum", axis);
    case Do::Mean:
      return call("mean", axis);
    case Do::Max:
      return call("max", axis);
    case Do::Min:
      return call("min", axis);
    case Do::Softmax:
      return call(line.keep ? "log_softmax" : "softmax", axis);
    case Do::Matmul:
      return call("matmul");
    default:
      return call("random_uniform", "u" + which + ", " + to_string(line.shape));
    }
  }

  const Program &program;
  std::ostringstream text;
};

} // namespace

std::string text_of(const Program &program) { return Printer(program).run(); }

} // namespace overtime::test

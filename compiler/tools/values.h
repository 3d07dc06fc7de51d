// SPDX-License-Identifier: Apache-2.0
// Values on the command line: numbers, lists and arrays of files, and the variables they are given to.
#pragma once

#include "compiler/overtime.h"

#include <string>
#include <utility>
#include <vector>

namespace overtime::tools {

/// The user of the tool has written no source file that an error could point at.
inline constexpr std::source_location nowhere{};

/// "NAME=VALUE" in two; `option` is for the message: "--set".
std::pair<std::string, std::string> split_assignment(const std::string &option, const std::string &text);

/// The parts of "a,b" of all texts. An empty one is an error, which the parser would overlook.
std::vector<std::string> split_list(const std::string &option, const std::vector<std::string> &texts);

/// A finite number, all of the text. `what` is for the message: "--t0".
double parse_number(const std::string &what, const std::string &text);
/// A count such as 1000 or 1e6.
std::int64_t parse_count(const std::string &what, const std::string &text);
/// 64 bits for random numbers.
std::uint64_t parse_seed(const std::string &what, const std::string &text);
/// A shape such as 128,100.
Shape parse_shape(const std::string &what, const std::string &text);
/// true, false, an integer, a number, or text.
SharedValue parse_shared(const std::string &text);

/// Reads values and remembers which files were converted to the run's element type.
class ValueReader {
public:
  explicit ValueReader(DType real) : real_(real) {}

  /// A number, a list "1,2,3", "@FILE.npz:KEY" or "@FILE.npy".
  Tensor value(const std::string &what, const std::string &text);
  /// An array of a file in the run's element type; "@" before the file's name is allowed.
  Tensor data(const std::string &source);
  /// One line that says what was converted; empty when nothing was.
  std::string conversions() const;

private:
  Tensor converted(const std::string &source, const Tensor &array);
  DType real_;
  std::string converted_;
};

/// Gives each NAME=VALUE of --set to a parameter or input, or each of --init to a state. `model_name` is the zoo's, for
/// messages.
void set_params(Model &model, const std::string &model_name, const std::vector<std::string> &set, ValueReader &reader);
void set_initial_states(Model &model, const std::string &model_name, const std::vector<std::string> &init,
                        ValueReader &reader);

/// Gives parameters, inputs and initial states what a file of save_states holds for them; returns all of the file. A
/// key that the model does not have is an error, a variable that the file does not have keeps its value.
StateDict load_values(Model &model, const std::string &model_name, const std::string &file);

/// Those of --set that are numbers, by name: what a model may want to know before it is built.
std::map<std::string, double> scalars_of(const std::vector<std::string> &set);

} // namespace overtime::tools

// SPDX-License-Identifier: Apache-2.0
// Values on the command line: numbers, lists and arrays of files, and the variables they are given to.
#include "compiler/tools/values.h"

#include "compiler/trace/host/nearest.h"

#include <charconv>
#include <cmath>

namespace overtime::tools {
namespace {

/// std::from_chars knows no locale; strtod would read "0,1" in some.
std::optional<double> number_in(const std::string &text) {
  const char *begin = text.data(), *end = begin + text.size();
  if (begin != end && *begin == '+')
    ++begin;
  double value = 0;
  auto [rest, status] = std::from_chars(begin, end, value);
  if (status != std::errc() || rest != end || begin == end)
    return std::nullopt;
  return value;
}

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    if (c == separator)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::string without_at(const std::string &source) {
  return !source.empty() && source.front() == '@' ? source.substr(1) : source;
}

/// The library would refuse it as well, without the file's name.
void check_range(const std::string &source, const Tensor &numbers) {
  for (std::int64_t k = 0; k < numbers.size(); ++k)
    if (std::isfinite(numbers[k]) && !std::isfinite(static_cast<float>(numbers[k])))
      throw Error(ErrorKind::Value,
                  source + ": element " + std::to_string(k) + " is too large for f32; run with --real f64");
}

std::string names_of(const std::map<std::string, Monitor> &variables, std::vector<std::string> &known) {
  std::string list;
  for (const auto &[name, variable] : variables) {
    known.push_back(name);
    list += (list.empty() ? "" : ", ") + name;
  }
  return list;
}

} // namespace

std::pair<std::string, std::string> split_assignment(const std::string &option, const std::string &text) {
  std::size_t at = text.find('=');
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    throw Error(ErrorKind::Usage, option + " takes NAME=VALUE, got '" + text + "'");
  return {text.substr(0, at), text.substr(at + 1)};
}

std::vector<std::string> split_list(const std::string &option, const std::vector<std::string> &texts) {
  std::vector<std::string> all;
  for (const std::string &text : texts)
    for (const std::string &part : split(text, ',')) {
      if (part.empty())
        throw Error(ErrorKind::Usage, option + " takes a list such as a,b; got '" + text + "'");
      all.push_back(part);
    }
  return all;
}

double parse_number(const std::string &what, const std::string &text) {
  auto value = number_in(text);
  if (!value)
    throw Error(ErrorKind::Value, what + " takes a number, got '" + text + "'");
  if (!std::isfinite(*value))
    throw Error(ErrorKind::Value, what + " takes a finite number, got '" + text + "'");
  return *value;
}

std::int64_t parse_count(const std::string &what, const std::string &text) {
  std::int64_t count = 0;
  auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (status != std::errc() || rest != text.data() + text.size()) {
    double value = number_in(text).value_or(0.5);
    if (value != std::floor(value) || std::abs(value) > 0x1p53) // false for NaN
      throw Error(ErrorKind::Value, what + " takes a whole number, got '" + text + "'");
    count = static_cast<std::int64_t>(value);
  }
  return count;
}

std::uint64_t parse_seed(const std::string &what, const std::string &text) {
  std::uint64_t seed = 0;
  auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (status != std::errc() || rest != text.data() + text.size())
    throw Error(ErrorKind::Value, what + " takes a whole number from 0 to 18446744073709551615, got '" + text + "'");
  return seed;
}

Shape parse_shape(const std::string &what, const std::string &text) {
  Shape shape;
  for (const std::string &part : split(text, ',')) {
    shape.push_back(parse_count(what, part));
    if (shape.back() < 1)
      throw Error(ErrorKind::Shape, what + " takes dimensions of at least 1, such as 128,100; got '" + text + "'");
  }
  return shape;
}

SharedValue parse_shared(const std::string &text) {
  if (text == "true" || text == "false")
    return text == "true";
  std::int64_t integer = 0;
  auto [rest, status] = std::from_chars(text.data(), text.data() + text.size(), integer);
  if (status == std::errc() && rest == text.data() + text.size())
    return integer;
  if (auto value = number_in(text))
    return *value;
  return text;
}

Tensor ValueReader::converted(const std::string &source, const Tensor &array) {
  if (array.dtype() == real_)
    return array;
  if (real_ == f32)
    check_range(source, array);
  Tensor result = array.to(real_);
  converted_ += (converted_.empty() ? "" : ", ") + source + " (" + name_of(array.dtype()) + ")";
  return result;
}

Tensor ValueReader::data(const std::string &source) {
  std::string file = without_at(source);
  return converted(file, load_tensor(file));
}

Tensor ValueReader::value(const std::string &what, const std::string &text) {
  if (text.front() == '@') {
    std::string file = without_at(text);
    Tensor array = load_tensor(file);
    return array.dtype() == DType::Bool ? array : converted(file, array); // a bool is the same in any type
  }
  std::vector<double> numbers;
  for (const std::string &part : split(text, ','))
    if (auto value = number_in(part); value && std::isfinite(*value))
      numbers.push_back(*value);
    else
      throw Error(ErrorKind::Value,
                  what + " takes a finite number, a list such as 1,2,3, or @FILE.npz:KEY; got '" + text + "'");
  if (numbers.size() == 1)
    return Tensor(numbers.front(), f64);
  return Tensor::of({static_cast<std::int64_t>(numbers.size())}, numbers, f64);
}

std::string ValueReader::conversions() const {
  if (converted_.empty())
    return "";
  std::string hint = real_ == f32 ? "; --real f64 runs in f64" : "";
  return "converted to " + name_of(real_) + ": " + converted_ + hint;
}

void set_params(Model &model, const std::string &model_name, const std::vector<std::string> &set, ValueReader &reader) {
  std::map<std::string, Monitor> variables = model.params(), inputs = model.inputs(), states = model.states();
  variables.insert(inputs.begin(), inputs.end());
  for (const std::string &assignment : set) {
    auto [name, text] = split_assignment("--set", assignment);
    auto found = variables.find(name);
    if (found == variables.end()) {
      if (states.contains(name))
        throw Error(ErrorKind::Name, "'" + name + "' of " + model_name +
                                         " is a state; give its initial value with --init " + assignment);
      std::vector<std::string> known;
      std::string list = names_of(variables, known);
      throw Error(ErrorKind::Name, model_name + " has no parameter or input '" + name + "'; it has: " + list +
                                       did_you_mean(name, known));
    }
    Tensor array = reader.value("--set " + name, text);
    try {
      found->second.set_value(array, nowhere);
    } catch (Error &error) {
      if (inputs.contains(name) && array.rank() > 0)
        error.note("data that changes from step to step is given with --input");
      throw;
    }
  }
}

void set_initial_states(Model &model, const std::string &model_name, const std::vector<std::string> &init,
                        ValueReader &reader) {
  std::map<std::string, Monitor> states = model.states(), params = model.params(), inputs = model.inputs();
  for (const std::string &assignment : init) {
    auto [name, text] = split_assignment("--init", assignment);
    auto found = states.find(name);
    if (found == states.end()) {
      if (params.contains(name) || inputs.contains(name))
        throw Error(ErrorKind::Name, "'" + name + "' of " + model_name +
                                         " is a parameter or input; give its value with --set " + assignment);
      std::vector<std::string> known;
      std::string list = names_of(states, known);
      throw Error(ErrorKind::Name, model_name + " has no state '" + name + "'; it has " +
                                       (list.empty() ? "none" : list) + did_you_mean(name, known));
    }
    found->second.set_initial(reader.value("--init " + name, text), nowhere);
  }
}

StateDict load_values(Model &model, const std::string &model_name, const std::string &file) {
  StateDict arrays = load_tensors(file);
  std::map<std::string, Monitor> variables = model.vars();
  for (const auto &[name, array] : arrays) {
    if (name == LoopOverTime::steps_key)
      continue;
    auto found = variables.find(name);
    if (found == variables.end()) {
      std::vector<std::string> known;
      std::string list = names_of(variables, known);
      throw Error(ErrorKind::Name, "--load " + file + ": " + model_name + " has no '" + name + "'; it has: " + list +
                                       did_you_mean(name, known));
    }
    if (found->second.is_state())
      found->second.set_initial(array, nowhere);
    else
      found->second.set_value(array, nowhere);
  }
  return arrays;
}

std::map<std::string, double> scalars_of(const std::vector<std::string> &set) {
  std::map<std::string, double> scalars;
  for (const std::string &assignment : set) {
    auto [name, text] = split_assignment("--set", assignment);
    if (auto value = number_in(text))
      scalars[name] = *value;
  }
  return scalars;
}

} // namespace overtime::tools

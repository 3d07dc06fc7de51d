// SPDX-License-Identifier: Apache-2.0
// JsonCursor: a place in a JSON text that is read strictly; errors name the path to it, such as projections[2].weight.
#pragma once

#include "compiler/trace/host/error.h"

#include "llvm/Support/JSON.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace overtime::tools {

class JsonCursor {
public:
  JsonCursor(std::string file, const llvm::json::Value &value, std::string path = "")
      : file(std::move(file)), value(&value), path(std::move(path)) {}

  [[noreturn]] void fail(const std::string &message, ErrorKind kind = ErrorKind::Value) const;
  /// Runs something whose errors are of this place.
  template <class Work> decltype(auto) at(const Work &work) const {
    try {
      return work();
    } catch (const Error &error) {
      failAgain(error);
    }
  }

  bool isNumber() const { return value->kind() == llvm::json::Value::Number; }
  bool isText() const { return value->kind() == llvm::json::Value::String; }
  bool isArray() const { return value->kind() == llvm::json::Value::Array; }
  bool isObject() const { return value->kind() == llvm::json::Value::Object; }

  double number() const;
  std::int64_t count(std::int64_t least) const;
  bool flag() const;
  std::string text() const;
  /// One of a few names.
  std::string oneOf(const std::vector<std::string> &known) const;
  std::vector<JsonCursor> items() const;
  std::vector<double> numbers() const;
  /// The members of an object, which may have no others than these; all of them when none are named.
  std::vector<std::pair<std::string, JsonCursor>> members(const std::vector<std::string> &known = {}) const;
  std::optional<JsonCursor> get(const std::string &key) const;
  JsonCursor need(const std::string &key) const;

private:
  [[noreturn]] void failAgain(const Error &error) const;
  std::string file;
  const llvm::json::Value *value;
  std::string path;
};

} // namespace overtime::tools

// SPDX-License-Identifier: Apache-2.0
// JsonCursor: a place in a JSON text that is read strictly; errors name the path to it, such as projections[2].weight.
#include "compiler/tools/JsonCursor.h"

#include "compiler/trace/host/nearest.h"

#include <algorithm>
#include <cmath>

namespace overtime::tools {

void JsonCursor::fail(const std::string &message, ErrorKind kind) const {
  throw Error(kind, file + ": " + (path.empty() ? "" : path + ": ") + message);
}

void JsonCursor::failAgain(const Error &error) const {
  std::string text = error.what();
  if (text.starts_with("error: "))
    text = text.substr(7);
  if (text.starts_with(file + ": ")) // of a place below this one
    throw error;
  fail(text, error.kind());
}

static std::string listed(const std::vector<std::string> &names) {
  std::string list;
  for (const std::string &name : names)
    list += (list.empty() ? "" : ", ") + name;
  return list;
}

double JsonCursor::number() const {
  if (auto number = value->getAsNumber(); number && std::isfinite(*number))
    return *number;
  fail("expected a number");
}

std::int64_t JsonCursor::count(std::int64_t least) const {
  double given = number();
  if (given != std::floor(given) || given < static_cast<double>(least) || given > 0x1p53)
    fail("expected a whole number of at least " + std::to_string(least));
  return static_cast<std::int64_t>(given);
}

bool JsonCursor::flag() const {
  if (auto flag = value->getAsBoolean())
    return *flag;
  fail("expected true or false");
}

std::string JsonCursor::text() const {
  if (auto text = value->getAsString())
    return text->str();
  fail("expected a text in quotes");
}

std::string JsonCursor::oneOf(const std::vector<std::string> &known) const {
  std::string given = text();
  if (std::ranges::find(known, given) == known.end())
    fail("'" + given + "' is none of " + listed(known) + did_you_mean(given, known), ErrorKind::Name);
  return given;
}

std::vector<JsonCursor> JsonCursor::items() const {
  const llvm::json::Array *array = value->getAsArray();
  if (!array)
    fail("expected a list in [ ]");
  std::vector<JsonCursor> all;
  for (const llvm::json::Value &item : *array)
    all.emplace_back(file, item, path + "[" + std::to_string(all.size()) + "]");
  return all;
}

std::vector<double> JsonCursor::numbers() const {
  std::vector<double> all;
  for (const JsonCursor &item : items())
    all.push_back(item.number());
  return all;
}

std::vector<std::pair<std::string, JsonCursor>> JsonCursor::members(const std::vector<std::string> &known) const {
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    fail("expected an object in { }");
  std::vector<std::pair<std::string, JsonCursor>> all;
  for (const auto &[key, member] : *object) {
    std::string name = llvm::StringRef(key).str();
    if (!known.empty() && std::ranges::find(known, name) == known.end())
      fail("'" + name + "' is not known here; known are " + listed(known) + did_you_mean(name, known), ErrorKind::Name);
    all.emplace_back(name, JsonCursor(file, member, path.empty() ? name : path + "." + name));
  }
  std::ranges::sort(all, {}, &std::pair<std::string, JsonCursor>::first);
  return all;
}

std::optional<JsonCursor> JsonCursor::get(const std::string &key) const {
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    fail("expected an object in { }");
  if (const llvm::json::Value *member = object->get(key))
    return JsonCursor(file, *member, path.empty() ? key : path + "." + key);
  return std::nullopt;
}

JsonCursor JsonCursor::need(const std::string &key) const {
  if (auto member = get(key))
    return *member;
  fail("'" + key + "' is missing", ErrorKind::Usage);
}

} // namespace overtime::tools

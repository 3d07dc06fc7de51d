// SPDX-License-Identifier: Apache-2.0
// What a model consists of: its variables and models by path, and all numbers as a dictionary or a file.
#include "compiler/trace/detail.h"
#include "compiler/trace/host/nearest.h"

#include <set>

namespace overtime {

using detail::ModelData;
using detail::Slot;

namespace {

/// What a walk over the tree finds; models and variables of other places come last, those that are there already not
/// at all.
struct Found {
  std::vector<std::pair<std::string, ModelData *>> models;
  std::vector<std::pair<std::string, std::shared_ptr<Slot>>> implicit; // variables
};

std::string joined(const std::string &path, const std::string &name) { return path.empty() ? name : path + "." + name; }

/// The models that options choose, with their paths.
Found chosen(const Model &from, const NodeOptions &options, std::source_location at) {
  if (options.method != "relative" && options.method != "absolute")
    throw Error(ErrorKind::Name,
                "method is relative or absolute, got '" + options.method + "'" +
                    did_you_mean(options.method, {"relative", "absolute"}),
                at);
  Found found;
  std::vector<std::pair<std::string, std::shared_ptr<ModelData>>> elsewhere;
  std::set<const ModelData *> seen;
  std::function<void(ModelData &, const std::string &, int)> visit = [&](ModelData &model, const std::string &path,
                                                                         int depth) {
    if (!seen.insert(&model).second)
      return;
    bool deeper = options.level < 0 || depth < options.level;
    if (depth > 0 || options.include_self) {
      found.models.emplace_back(path, &model);
      for (const auto &[name, slot] : model.implicit_vars)
        if (auto alive = slot.lock())
          found.implicit.emplace_back(joined(path, name), alive);
    }
    for (const auto &child : model.children)
      if (deeper)
        visit(*child, joined(path, child->name), depth + 1);
    for (const auto &[name, node] : model.implicit_nodes)
      if (auto alive = node.lock(); alive && deeper)
        elsewhere.emplace_back(joined(path, name), alive);
  };
  visit(*from.data(), options.method == "absolute" ? from.path() : "", 0);
  for (std::size_t k = 0; k < elsewhere.size(); ++k) // grows while it runs
    visit(*elsewhere[k].second, std::string(elsewhere[k].first), 1);
  return found;
}

std::map<std::string, Monitor> select(const Model &from, const NodeOptions &options, std::source_location at,
                                      const std::function<bool(const Slot &)> &wanted) {
  std::map<std::string, Monitor> all;
  std::set<const Slot *> seen;
  Found found = chosen(from, options, at);
  auto add = [&](const std::string &path, const std::shared_ptr<Slot> &slot) {
    if (wanted(*slot) && seen.insert(slot.get()).second)
      all.emplace(path, Monitor(slot));
  };
  for (const auto &[path, model] : found.models)
    for (const auto &slot : model->slots)
      add(joined(path, slot->name), slot);
  for (const auto &[path, slot] : found.implicit)
    add(path, slot);
  return all;
}

std::string listed(const std::vector<std::string> &keys) {
  std::string list;
  for (const std::string &key : keys)
    list += (list.empty() ? "'" : ", '") + key + "'";
  return list;
}

} // namespace

std::map<std::string, Monitor> Model::vars(const NodeOptions &options, At at) const {
  return select(*this, options, at, [](const Slot &) { return true; });
}
std::map<std::string, Monitor> Model::states(const NodeOptions &options, At at) const {
  return select(*this, options, at, [](const Slot &s) { return s.is_state(); });
}
std::map<std::string, Monitor> Model::params(const NodeOptions &options, At at) const {
  return select(*this, options, at, [](const Slot &s) { return s.kind == Slot::Kind::Param; });
}
std::map<std::string, Monitor> Model::train_vars(const NodeOptions &options, At at) const {
  return select(*this, options, at, [](const Slot &s) { return s.trainable; });
}
std::map<std::string, Monitor> Model::inputs(const NodeOptions &options, At at) const {
  return select(*this, options, at, [](const Slot &s) { return s.kind == Slot::Kind::Input; });
}

std::map<std::string, Model *> Model::nodes(const NodeOptions &options, At at) const {
  std::map<std::string, Model *> found;
  for (const auto &[path, model] : chosen(*this, options, at).models)
    found.emplace(path, &model->model());
  return found;
}

std::vector<Model *> Model::children() const {
  std::vector<Model *> all;
  for (const auto &child : data_->children)
    all.push_back(&child->model());
  return all;
}

Monitor Model::var(const std::string &path, At at) const {
  auto all = vars();
  auto it = all.find(path);
  if (it != all.end())
    return it->second;
  std::vector<std::string> known;
  for (const auto &[name, monitor] : all)
    known.push_back(name);
  throw Error(ErrorKind::Name, "'" + name() + "' has no variable '" + path + "'" + did_you_mean(path, known), at);
}

StateDict Model::state_dict() const {
  StateDict dict;
  for (const auto &[path, variable] : vars())
    dict.emplace(path, variable.value());
  return dict;
}

LoadResult Model::load_state_dict(const StateDict &dict, const LoadOptions &options, At at) {
  if (options.compatible != "v1" && options.compatible != "v2")
    throw Error(ErrorKind::Name, "compatible is v1 or v2, got '" + options.compatible + "'", at);
  auto variables = vars({.method = options.compatible == "v1" ? "absolute" : "relative"});
  LoadResult result;
  for (const auto &[key, variable] : variables)
    if (!dict.contains(key))
      result.missing_keys.push_back(key);
  std::vector<std::string> known;
  for (const auto &[key, variable] : variables)
    known.push_back(key);
  for (const auto &[key, array] : dict)
    if (!variables.contains(key) && key != detail::steps_key)
      result.unexpected_keys.push_back(key);
  if (options.warn && !(result.missing_keys.empty() && result.unexpected_keys.empty())) {
    Error error(ErrorKind::Name, "the keys are not those of '" + name() + "'; load with warn = false to take what fits",
                at);
    if (!result.missing_keys.empty())
      error.note("missing: " + listed(result.missing_keys));
    if (!result.unexpected_keys.empty())
      error.note("unexpected: " + listed(result.unexpected_keys) + did_you_mean(result.unexpected_keys.front(), known));
    throw error;
  }
  detail::ensure_initialised(data_->root());
  std::vector<std::pair<Slot *, detail::Numbers>> before;
  try {
    for (const auto &[key, variable] : variables)
      if (auto found = dict.find(key); found != dict.end()) {
        before.emplace_back(variable.slot().get(), variable.slot()->numbers);
        variable.set_value(found->second, at);
      }
  } catch (...) { // all or nothing
    for (auto &[slot, numbers] : before)
      slot->restore(std::move(numbers));
    throw;
  }
  return result;
}

std::pair<std::vector<Tensor>, std::vector<std::string>> Model::tree_flatten() const {
  std::pair<std::vector<Tensor>, std::vector<std::string>> flat;
  for (const auto &[path, numbers] : state_dict()) {
    flat.first.push_back(numbers);
    flat.second.push_back(path);
  }
  return flat;
}

void Model::tree_unflatten(const std::vector<std::string> &paths, const std::vector<Tensor> &numbers, At at) {
  if (paths.size() != numbers.size())
    throw Error(ErrorKind::Shape,
                std::to_string(paths.size()) + " paths for " + std::to_string(numbers.size()) + " arrays", at);
  StateDict dict;
  for (std::size_t k = 0; k < paths.size(); ++k)
    dict.emplace(paths[k], numbers[k]);
  load_state_dict(dict, {}, at);
}

void Model::save_states(const std::string &path) const { save_tensors(path, state_dict()); }
LoadResult Model::load_states(const std::string &path, const LoadOptions &options, At at) {
  return load_state_dict(load_tensors(path), options, at);
}

} // namespace overtime

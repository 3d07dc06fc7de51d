// SPDX-License-Identifier: Apache-2.0
// Network: who takes which data, and the order of a step.
#include "models/networks/network.h"

#include "compiler/trace/host/nearest.h"

#include <algorithm>

namespace overtime {

namespace {

Tree<Value> data_of(const Tree<Value> &x, const Model &model) {
  for (const auto &[name, item] : x.items())
    if (name == model.name())
      return item;
  return {};
}

} // namespace

Tree<Value> Network::update(const Tree<Value> &x) {
  check_names(x);
  std::vector<Model *> all = children();
  for (Model *one : all)
    if (dynamic_cast<Connection *>(one))
      one->update(data_of(x, *one));
  std::vector<std::pair<std::string, Tree<Value>>> outputs;
  for (Model *one : all)
    if (dynamic_cast<Neuron *>(one))
      outputs.emplace_back(one->name(), one->update(data_of(x, *one)));
  for (Model *one : all)
    if (!dynamic_cast<Connection *>(one) && !dynamic_cast<Neuron *>(one))
      one->update(data_of(x, *one));
  return Tree<Value>::map(std::move(outputs));
}

/// Data that nobody takes would be lost without a word.
void Network::check_names(const Tree<Value> &x) const {
  if (x.empty())
    return;
  std::vector<std::string> known;
  for (const Model *one : children())
    known.push_back(one->name());
  if (x.kind() != Tree<Value>::Kind::Map)
    throw Error(ErrorKind::Usage, "'" + path() +
                                      "' is a network and takes a map from names of its models to their data" +
                                      (known.empty() ? "" : ", such as {{\"" + known.front() + "\", data}}") +
                                      ", got " + (x.is_leaf() ? "an array" : "a list"));
  for (const auto &[name, item] : x.items())
    if (std::find(known.begin(), known.end(), name) == known.end())
      throw Error(ErrorKind::Name,
                  "'" + path() + "' has no model '" + name + "' to take data" + did_you_mean(name, known));
}

} // namespace overtime

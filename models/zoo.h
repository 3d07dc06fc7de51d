// SPDX-License-Identifier: Apache-2.0
// The zoo: models of this folder by name, for programs that learn at run time what to simulate.
#pragma once

#include "models/projections/ends.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace overtime {

/// What is known about a model before it is built.
struct ZooArgs {
  std::int64_t size = 1;                      ///< neurons of a population, outputs of a layer
  std::optional<std::int64_t> n_in = {};      ///< inputs of a layer; `size` unless given
  std::map<std::string, double> scalars = {}; ///< values of parameters, for instance {"tau_ref", 5.0} [ms]
};

/// Where projections begin and end; none where a model has no spikes, or no input or potential.
struct ZooEnds {
  std::optional<Source> source = {};
  std::optional<Target> target = {};
};

struct ZooEntry {
  std::string name;
  std::string kind; ///< "neuron", "rate", "input" or "layer"
  std::string summary;
  std::vector<std::string> aliases; ///< other names that find it
  std::function<std::unique_ptr<Model>(const ZooArgs &)> make;
  std::function<ZooEnds(Model &)> ends = {}; ///< of a model that `make` made; empty for layers
};

/// All models: neurons, rate models, inputs, then layers, each in alphabetical order.
const std::vector<ZooEntry> &zoo_entries();

/// The entry of a name or alias; an unknown name is an error that gives the nearest.
const ZooEntry &find_model(const std::string &name);

/// Builds a model of the zoo and sets its scalars; an unknown scalar is an error that gives the nearest parameter.
std::unique_ptr<Model> make_model(const std::string &name, const ZooArgs &args = {});

} // namespace overtime

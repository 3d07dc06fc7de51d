// SPDX-License-Identifier: Apache-2.0
// Parts of a projection, and values of variables, from a JSON file.
#include "compiler/tools/NetworkParts.h"

#include "models/connectivity/structured.h"
#include "models/initializers.h"
#include "models/synapses/exponential.h"
#include "models/synapses/receptors.h"
#include "models/synapses/stdp.h"

namespace overtime::tools {
namespace {

/// "exponential", or {"kind": "exponential", "tau": 5}: the kind, and where its numbers are.
struct Part {
  std::string kind;
  std::optional<JsonCursor> members;

  /// A number of the part, or what the library has.
  Init get(const std::string &name, const Init &otherwise) const {
    auto member = members ? members->get(name) : std::nullopt;
    return member ? initOf(*member) : otherwise;
  }
  std::optional<JsonCursor> member(const std::string &name) const {
    return members ? members->get(name) : std::nullopt;
  }
  double number(const std::string &name, double otherwise) const {
    auto given = member(name);
    return given ? given->number() : otherwise;
  }
  bool flag(const std::string &name, bool otherwise) const {
    auto given = member(name);
    return given ? given->flag() : otherwise;
  }
};

struct Kind {
  std::string name;
  std::vector<std::string> members;
};

Part partOf(const JsonCursor &json, const std::vector<Kind> &kinds) {
  std::vector<std::string> names;
  for (const Kind &kind : kinds)
    names.push_back(kind.name);
  if (json.isText())
    return {json.oneOf(names), std::nullopt};
  Part part{json.need("kind").oneOf(names), json};
  for (const Kind &kind : kinds)
    if (kind.name == part.kind) {
      std::vector<std::string> known = kind.members;
      known.push_back("kind");
      (void)json.members(known);
    }
  return part;
}

/// Whole numbers of a list, or of "FILE.npz:KEY".
std::vector<std::int64_t> wholes(const JsonCursor &json) {
  std::vector<std::int64_t> all;
  if (json.isText()) {
    Tensor numbers = json.at([&] { return load_tensor(json.text()); });
    for (std::int64_t k = 0; k < numbers.size(); ++k) {
      all.push_back(static_cast<std::int64_t>(numbers[k]));
      if (static_cast<double>(all.back()) != numbers[k])
        json.fail("expected whole numbers, got " + std::to_string(numbers[k]), ErrorKind::Value);
    }
    return all;
  }
  for (const JsonCursor &item : json.items())
    all.push_back(item.count(0));
  return all;
}

Tensor places(const JsonCursor &json) {
  std::vector<std::int64_t> all = wholes(json);
  return Tensor::of({std::ssize(all)}, std::vector<double>(all.begin(), all.end()), i64);
}

const std::vector<std::string> receptor = {"alpha", "beta", "T", "T_dur"};

ReceptorOptions receptorOf(const Part &part, ReceptorOptions options) {
  options.alpha = part.get("alpha", options.alpha);
  options.beta = part.get("beta", options.beta);
  options.T = part.get("T", options.T);
  options.T_dur = part.get("T_dur", options.T_dur);
  return options;
}

} // namespace

Tensor tensorOf(const JsonCursor &json) {
  if (json.isNumber())
    return Tensor(json.number(), f64);
  if (json.isText())
    return json.at([&] { return load_tensor(json.text()); });
  if (json.isArray()) {
    std::vector<double> numbers = json.numbers();
    return Tensor::of({std::ssize(numbers)}, numbers, f64);
  }
  json.fail("expected a number, a list of numbers, or \"FILE.npz:KEY\"");
}

Init initOf(const JsonCursor &json) {
  if (json.isNumber())
    return json.number();
  if (!json.isObject())
    return tensorOf(json);
  auto members = json.members({"uniform", "normal"});
  if (members.size() != 1 || members.front().second.items().size() != 2)
    json.fail("expected {\"uniform\": [low, high]} or {\"normal\": [mean, deviation]}");
  std::vector<double> two = members.front().second.numbers();
  return members.front().first == "uniform" ? uniform(two[0], two[1]) : normal(two[0], two[1]);
}

Connectivity connectivityOf(const JsonCursor &json) {
  const std::string self = "include_self";
  Part part = partOf(json, {{"all_to_all", {self}},
                            {"one_to_one", {}},
                            {"fixed_probability", {"p", self, "pre_ratio", "just_in_time"}},
                            {"fixed_total_number", {"number", self}},
                            {"fixed_pre_number", {"number", self}},
                            {"fixed_post_number", {"number", self, "just_in_time"}},
                            {"small_world", {"neighbors", "p"}},
                            {"scale_free", {"m"}},
                            {"gaussian_probability", {"grid", "spacing", "periodic", "sigma", self}},
                            {"within_distance", {"grid", "spacing", "periodic", "most", self}},
                            {"pairs", {"pre", "post"}},
                            {"csr", {"offsets", "targets"}},
                            {"matrix", {"file"}}});
  auto needed = [&](const std::string &name) { return part.members ? part.members->need(name) : json.need(name); };
  if (!part.members && part.kind != "all_to_all" && part.kind != "one_to_one")
    json.fail("'" + part.kind + "' has numbers of its own: {\"kind\": \"" + part.kind + "\", ...}", ErrorKind::Usage);
  bool include_self = part.flag(self, true);
  auto grid = [&] { return Grid{wholes(needed("grid")), part.number("spacing", 1.0), part.flag("periodic", false)}; };
  auto drawn = [&](Connectivity connect) {
    return part.flag("just_in_time", false) ? just_in_time(std::move(connect)) : connect;
  };
  return json.at([&]() -> Connectivity {
    if (part.kind == "all_to_all")
      return all_to_all(include_self);
    if (part.kind == "one_to_one")
      return one_to_one();
    if (part.kind == "fixed_probability")
      return drawn(fixed_probability(needed("p").number(),
                                     {.include_self = include_self, .pre_ratio = part.number("pre_ratio", 1.0)}));
    if (part.kind == "fixed_total_number")
      return fixed_total_number(needed("number").count(0), include_self);
    if (part.kind == "fixed_pre_number")
      return fixed_pre_number(needed("number").count(0), include_self);
    if (part.kind == "fixed_post_number")
      return drawn(fixed_post_number(needed("number").count(0), include_self));
    if (part.kind == "small_world")
      return small_world(needed("neighbors").count(0), needed("p").number());
    if (part.kind == "scale_free")
      return scale_free(needed("m").count(1));
    if (part.kind == "gaussian_probability")
      return gaussian_probability(grid(), needed("sigma").number(), include_self);
    if (part.kind == "within_distance")
      return within_distance(grid(), needed("most").number(), include_self);
    if (part.kind == "csr")
      return from_csr(places(needed("offsets")), places(needed("targets")));
    if (part.kind == "pairs")
      return from_pairs(wholes(needed("pre")), wholes(needed("post")));
    return from_matrix(load_tensor(needed("file").text()));
  });
}

SynapseKind synapseOf(const JsonCursor &json) {
  Part part = partOf(json, {{"exponential", {"tau"}},
                            {"dual_exponential", {"tau_decay", "tau_rise"}},
                            {"alpha", {"tau"}},
                            {"nmda", {"tau_decay", "tau_rise", "a"}},
                            {"bio_nmda", {"alpha1", "beta1", "alpha2", "beta2", "T", "T_dur"}},
                            {"ampa", receptor},
                            {"gabaa", receptor}});
  if (part.kind == "exponential")
    return exponential(part.get("tau", 8 * ms));
  if (part.kind == "dual_exponential")
    return dual_exponential(part.get("tau_decay", 10 * ms), part.get("tau_rise", 1 * ms));
  if (part.kind == "alpha")
    return alpha(part.get("tau", 10 * ms));
  if (part.kind == "nmda") {
    NMDAOptions options;
    options.tau_decay = part.get("tau_decay", options.tau_decay);
    options.tau_rise = part.get("tau_rise", options.tau_rise);
    options.a = part.get("a", options.a);
    return nmda(options);
  }
  if (part.kind == "bio_nmda") {
    BioNMDAOptions options;
    options.alpha1 = part.get("alpha1", options.alpha1);
    options.beta1 = part.get("beta1", options.beta1);
    options.alpha2 = part.get("alpha2", options.alpha2);
    options.beta2 = part.get("beta2", options.beta2);
    options.T = part.get("T", options.T);
    options.T_dur = part.get("T_dur", options.T_dur);
    return bio_nmda(options);
  }
  if (part.kind == "ampa")
    return ampa(receptorOf(part, {}));
  return gabaa(receptorOf(part, {.alpha = 0.53 / ms, .beta = 0.18 / ms, .T = 1.0, .T_dur = 1 * ms}));
}

OutputFactory outputOf(const JsonCursor &json) {
  Part part = partOf(json, {{"cuba", {}}, {"coba", {"E"}}, {"mg_block", {"E", "cc_Mg", "alpha", "beta"}}});
  if (part.kind == "cuba")
    return cuba();
  if (part.kind == "coba")
    return coba(part.get("E", 0 * mV));
  MgBlockOptions options;
  options.E = part.get("E", options.E);
  options.cc_Mg = part.get("cc_Mg", options.cc_Mg);
  options.alpha = part.get("alpha", options.alpha);
  options.beta = part.get("beta", options.beta);
  return mg_block(options);
}

ShortTermFactory plasticityOf(const JsonCursor &json) {
  Part part = partOf(json, {{"std", {"tau", "U"}}, {"stp", {"U", "tau_f", "tau_d"}}});
  if (part.kind == "std")
    return std_depression(part.get("tau", 200 * ms), part.get("U", 0.07));
  STPOptions options;
  options.U = part.get("U", options.U);
  options.tau_f = part.get("tau_f", options.tau_f);
  options.tau_d = part.get("tau_d", options.tau_d);
  return stp(options);
}

LearningFactory learningOf(const JsonCursor &json) {
  Part part = partOf(json, {{"stdp", {"A_plus", "A_minus", "tau_plus", "tau_minus", "w_min", "w_max", "mu", "pairs"}}});
  STDPOptions options;
  options.A_plus = part.get("A_plus", options.A_plus);
  options.A_minus = part.get("A_minus", options.A_minus);
  options.tau_plus = part.get("tau_plus", options.tau_plus);
  options.tau_minus = part.get("tau_minus", options.tau_minus);
  options.w_min = {part.number("w_min", options.w_min.value), {}};
  options.w_max = {part.number("w_max", options.w_max.value), {}};
  options.mu = part.number("mu", options.mu);
  if (auto pairs = part.member("pairs"))
    options.pairs = pairs->oneOf({"all", "nearest"}) == "all" ? Pairs::All : Pairs::Nearest;
  return stdp(options);
}

} // namespace overtime::tools

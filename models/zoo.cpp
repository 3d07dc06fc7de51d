// SPDX-License-Identifier: Apache-2.0
// The zoo: the table of models by name.
#include "models/zoo.h"

#include "compiler/trace/host/nearest.h"
#include "models/inputs/ou_process.h"
#include "models/inputs/poisson_group.h"
#include "models/layers/dense.h"
#include "models/layers/dropout.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/reservoir.h"
#include "models/layers/rnn_cell.h"
#include "models/neurons/adex_if.h"
#include "models/neurons/adqua_if.h"
#include "models/neurons/alif.h"
#include "models/neurons/exp_if.h"
#include "models/neurons/fhn.h"
#include "models/neurons/gif.h"
#include "models/neurons/hh.h"
#include "models/neurons/hindmarsh_rose.h"
#include "models/neurons/izhikevich.h"
#include "models/neurons/leaky_integrator.h"
#include "models/neurons/lif.h"
#include "models/neurons/morris_lecar.h"
#include "models/neurons/qua_if.h"
#include "models/neurons/wang_buzsaki.h"
#include "models/rates/feedback_fhn.h"
#include "models/rates/rate_fhn.h"
#include "models/rates/rate_qif.h"
#include "models/rates/stuart_landau.h"
#include "models/rates/threshold_linear.h"
#include "models/rates/wilson_cowan.h"

#include <algorithm>
#include <cctype>

namespace overtime {
namespace {

/// No place in a source file: the user of the zoo has written none.
constexpr std::source_location nowhere{};

std::int64_t at_least_one(std::int64_t size, const std::string &name, const char *what) {
  if (size < 1)
    throw Error(ErrorKind::Value, "'" + name + "' needs " + what + " of at least 1, got " + std::to_string(size));
  return size;
}

/// A model of n elements; `defaults` are what its constructor takes between n and the place.
template <class M, class... Defaults>
ZooEntry population(const std::string &kind, const std::string &name, const std::string &summary,
                    std::vector<std::string> aliases, const Defaults &...defaults) {
  auto make = [name, defaults...](const ZooArgs &args) -> std::unique_ptr<Model> {
    return std::make_unique<M>(at_least_one(args.size, name, "a size"), defaults..., nowhere);
  };
  auto ends = [](Model &model) {
    ZooEnds found;
    auto &own = dynamic_cast<M &>(model);
    if constexpr (requires { own.spike.same(); })
      found.source.emplace(Source::of(own));
    if constexpr (requires { own.I.same(), own.V.same(); })
      found.target.emplace(Target::of(own));
    return found;
  };
  return {name, kind, summary, std::move(aliases), make, ends};
}

template <class M>
ZooEntry neuron(const std::string &name, const std::string &summary, std::vector<std::string> aliases = {}) {
  if constexpr (std::is_constructible_v<M, std::int64_t, std::source_location>)
    return population<M>("neuron", name, summary, std::move(aliases));
  else
    return population<M>("neuron", name, summary, std::move(aliases), SpikingOptions{});
}

template <class M, class Options = RateOptions>
ZooEntry rate(const std::string &name, const std::string &summary, std::vector<std::string> aliases = {}) {
  return population<M>("rate", name, summary, std::move(aliases), Options{});
}

template <class M, class Options> ZooEntry layer(const std::string &name, const std::string &summary) {
  auto make = [name](const ZooArgs &args) -> std::unique_ptr<Model> {
    std::int64_t n_out = at_least_one(args.size, name, "a size");
    std::int64_t n_in = at_least_one(args.n_in.value_or(n_out), name, "a number of inputs");
    return std::make_unique<M>(n_in, n_out, Options{}, nowhere);
  };
  return {name, "layer", summary, {}, make};
}

std::string lower(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

/// A dropout of unknown keep_prob would do nothing unseen, so it has to be given.
std::unique_ptr<Model> make_dropout(const ZooArgs &args) {
  auto keep = args.scalars.find("keep_prob");
  if (keep == args.scalars.end())
    throw Error(ErrorKind::Usage,
                "Dropout needs keep_prob, the probability to keep an element; set keep_prob=0.5 for instance");
  return std::make_unique<Dropout>(keep->second, nowhere);
}

} // namespace

const std::vector<ZooEntry> &zoo_entries() {
  static const std::vector<ZooEntry> entries = {
      neuron<AdExIF>("AdExIF", "adaptive exponential integrate-and-fire (Brette & Gerstner 2005)"),
      neuron<AdQuaIF>("AdQuaIF", "adaptive quadratic integrate-and-fire (Izhikevich 2004)"),
      neuron<ALIF>("ALIF", "integrate-and-fire with an adaptive threshold (Bellec et al. 2020)", {"ALIFBellec2020"}),
      neuron<ExpIF>("ExpIF", "exponential integrate-and-fire (Fourcaud-Trocme et al. 2003)"),
      neuron<FHN>("FHN", "excitable system of two variables (FitzHugh 1961, Nagumo et al. 1962)"),
      neuron<GIF>("GIF", "generalized integrate-and-fire (Mihalas & Niebur 2009)"),
      neuron<HH>("HH", "squid giant axon (Hodgkin & Huxley 1952)"),
      neuron<HindmarshRose>("HindmarshRose", "bursting neuron of three variables (Hindmarsh & Rose 1984)"),
      neuron<Izhikevich>("Izhikevich", "simple model of spiking neurons (Izhikevich 2003)"),
      neuron<LeakyIntegrator>("LeakyIntegrator", "passive membrane without spikes (Lapicque 1907)"),
      neuron<LIF>("LIF", "leaky integrate-and-fire, with a refractory period when tau_ref > 0 (Abbott 1999)"),
      neuron<MorrisLecar>("MorrisLecar", "barnacle muscle fibre (Morris & Lecar 1981)"),
      neuron<QuaIF>("QuaIF", "quadratic integrate-and-fire (Latham et al. 2000)"),
      neuron<WangBuzsaki>("WangBuzsaki", "hippocampal interneuron (Wang & Buzsaki 1996)", {"WangBuzsakiModel"}),
      rate<FeedbackFHN, FeedbackFHNOptions>("FeedbackFHN", "FitzHugh-Nagumo with delayed feedback (Plant 1981)"),
      rate<RateFHN>("RateFHN", "FitzHugh-Nagumo with general coefficients (Kostova et al. 2004)"),
      rate<RateQIF>("RateQIF", "mean field of quadratic integrate-and-fire neurons (Montbrio et al. 2015)"),
      rate<StuartLandauOscillator>("StuartLandauOscillator", "normal form of a Hopf bifurcation (Landau 1944)"),
      rate<ThresholdLinear, ThresholdLinearOptions>("ThresholdLinear",
                                                    "rates that follow their inputs above 0 (Chaudhuri et al. 2015)",
                                                    {"ThresholdLinearModel"}),
      rate<WilsonCowan>("WilsonCowan", "excitatory and inhibitory populations (Wilson & Cowan 1972)",
                        {"WilsonCowanModel"}),
      population<OUProcess>("input", "OUProcess", "coloured noise (Uhlenbeck & Ornstein 1930)", {}, OUOptions{},
                            Quantity{1, dimensionless}),
      population<PoissonGroup>("input", "PoissonGroup", "neurons that fire at random with a given rate", {},
                               Init(100 * Hz)),
      layer<Dense, DenseOptions>("Dense", "y = x W + b"),
      {"Dropout",
       "layer",
       "keeps elements with probability keep_prob while fitting (Srivastava et al. 2014)",
       {},
       make_dropout},
      layer<GRUCell, GRUCellOptions>("GRUCell", "gated recurrent unit (Cho et al. 2014)"),
      layer<LSTMCell, LSTMCellOptions>("LSTMCell", "long short-term memory (Hochreiter & Schmidhuber 1997)"),
      layer<Reservoir, ReservoirOptions>("Reservoir",
                                         "fixed random recurrent layer of an echo-state network (Jaeger 2001)"),
      layer<RNNCell, RNNCellOptions>("RNNCell", "recurrent layer with relu (Elman 1990)"),
  };
  return entries;
}

const ZooEntry &find_model(const std::string &name) {
  std::vector<std::string> known;
  for (const ZooEntry &entry : zoo_entries()) {
    if (entry.name == name || std::ranges::find(entry.aliases, name) != entry.aliases.end())
      return entry;
    known.push_back(entry.name);
    known.insert(known.end(), entry.aliases.begin(), entry.aliases.end());
  }
  auto same = std::ranges::find_if(known, [&](const std::string &other) { return lower(other) == lower(name); });
  std::string guess = same != known.end() ? "; did you mean '" + *same + "'?" : did_you_mean(name, known);
  throw Error(ErrorKind::Name, "there is no model '" + name + "'" + guess);
}

std::unique_ptr<Model> make_model(const std::string &name, const ZooArgs &args) {
  std::unique_ptr<Model> model = find_model(name).make(args);
  for (const auto &[scalar, value] : args.scalars)
    model->var(scalar, nowhere).set_value(Tensor(value, f64));
  return model;
}

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Lesson 17: inhibition that outweighs sparse excitation makes cells fire irregularly, though each hears hundreds of
// others: Brunel 2000, J. Comput. Neurosci. 8, 183-208, model A. Rate and variation of the intervals are what the
// paper's theory says.
//
//   build/bin/example_17 balanced.npz      writes a second of spikes and of the rate of the population
#include "models/initializers.h"
#include "models/measures/spikes.h"
#include "models/networks/network.h"
#include "models/neurons/lif.h"
#include "models/projections/poisson_input.h"

#include <cmath>
#include <cstdio>
#include <numbers>

using namespace overtime;

constexpr std::int64_t NE = 4000, NI = 1000, CE = 400, CI = 100;     // cells, and how many of them each cell hears
constexpr double tau = 20, theta = 20, Vr = 10, tau_rp = 2, D = 1.5; // ms, threshold and reset in mV, ms, ms
constexpr double J = 0.2, g = 8;                                     // mV, and how much stronger inhibition is
// Rate of each of CE sources outside [1/ms]: twice what just fires a cell.
constexpr double outside = 2 * theta / (CE * J * tau);

/// tau dV/dt = -V, and V jumps: by J at a spike of an excitatory cell or from outside, by -g J of an inhibitory cell.
struct Balanced : Network {
  LIF E = child("E", cells(NE)), I = child("I", cells(NI));
  Balanced() {
    std::uint64_t seed = 0;
    for (LIF *to : {&E, &I}) {
      add("E" + to->name(), Projection(E, *to, between(CE, J, ++seed)));
      add("I" + to->name(), Projection(I, *to, between(CI, -g * J, ++seed)));
      add("X" + to->name(), PoissonInput(*to, {.rate = CE * outside / ms, .weight = J}));
    }
  }
  static ProjectionParts between(std::int64_t number, double weight, std::uint64_t seed) {
    return {.connect = fixed_pre_number(number), .weight = weight, .delay = D * ms, .seed = seed};
  }
  static LIF cells(std::int64_t n) {
    LIF lif(n, {.tau_ref = tau_rp});
    lif.V_th.set_value(theta);
    lif.V_reset.set_value(Vr);
    lif.tau.set_value(tau);
    lif.V.set_initial(uniform(0, theta));
    return lif;
  }
};

/// A cell whose input is white noise of mean mu and deviation sigma (Brunel 2000; Siegert 1951). With x = (V - mu) /
/// sigma, and integrals over x from reset to threshold:
///
///   1 / rate = tau_rp + tau sqrt(pi) integral of e^(x^2) (1 + erf x)
///   CV^2 = 2 pi (rate tau)^2 integral of e^(x^2) (integral up to x of e^(y^2) (1 + erf y)^2 dy)
struct Theory {
  double rate, cv; // 1/ms, 1
  Theory(double mu, double sigma) {
    double low = (Vr - mu) / sigma, high = (theta - mu) / sigma, dx = 1e-3, passage = 0, inner = 0, outer = 0;
    for (double x = low - 8; x < high; x += dx) {
      double e = std::exp(x * x), one = std::erfc(-x); // 1 + erf x
      inner += e * one * one * dx;
      passage += x < low ? 0 : e * one * dx;
      outer += x < low ? 0 : e * inner * dx;
    }
    rate = 1 / (tau_rp + tau * std::sqrt(std::numbers::pi) * passage);
    cv = rate * tau * std::sqrt(2 * std::numbers::pi * outer);
  }
};

/// All cells fire at the rate that comes of an input of this rate.
Theory self_consistent() {
  auto cell = [](double rate) {
    double gamma = double(CI) / CE, mu = CE * J * tau * (outside + rate * (1 - gamma * g));
    return Theory(mu, J * std::sqrt(CE * tau * (outside + rate * (1 + gamma * g * g))));
  };
  double rate = 0.005;
  for (int k = 0; k < 60; ++k)
    rate += 0.2 * (cell(rate).rate - rate);
  return cell(rate);
}

int main(int argc, char **argv) {
  Balanced net;
  LoopOverTime over_time(net);
  over_time(300_ms); // transients
  Tensor spikes = over_time(2_s).out["E"].leaf();
  double rate = mean_rate(spikes), cv = mean_cv(spikes, 8);
  Theory theory = self_consistent();
  std::printf("excitatory cells fire at %.1f Hz, intervals vary with a CV of %.2f\n", rate, cv);
  std::printf("theory:                  %.1f Hz                               %.2f\n", 1000 * theory.rate, theory.cv);
  if (argc > 1)
    save_tensors(argv[1], {{"spike", spikes.rows(0, 10000)}, {"rate", firing_rate(spikes.rows(0, 10000), 2_ms)}});
  return std::abs(rate / (1000 * theory.rate) - 1) < 0.08 && std::abs(cv - 1) < 0.1 && std::abs(cv - theory.cv) < 0.06
             ? 0
             : 1;
}

// SPDX-License-Identifier: Apache-2.0
// The populations that are timed, in the same state and with the same input as the peers' versions in bench/peers.
#pragma once

#include "models/neurons/adex_if.h"
#include "models/neurons/hh.h"
#include "models/neurons/izhikevich.h"
#include "models/neurons/lif.h"

namespace bench {

/// `n` numbers from `first` to `last`, NumPy's linspace; the middle when there is one.
inline overtime::Tensor linspace(double first, double last, std::int64_t n) {
  overtime::Tensor numbers({n}, overtime::f64);
  for (std::int64_t k = 0; k < n; ++k)
    numbers.set(k, n == 1 ? (first + last) / 2 : first + double(k) * ((last - first) / double(n - 1)));
  return numbers;
}

/// All neurons start at -65 mV with the gates at rest there, and differ in their current alone: 5 to 15 uA/cm2.
class Squid : public overtime::HH {
public:
  explicit Squid(std::int64_t n) : HH(n) { I.set_value(linspace(5, 15, n)); }

  void initial() override {
    V = overtime::Quantity(-65 * overtime::mV);
    HH::initial();
  }
};

/// Currents from 15 to 30 nA: the third below 20 nA never fires.
class Leaky : public overtime::LIF {
public:
  explicit Leaky(std::int64_t n) : LIF(n) { I.set_value(linspace(15, 30, n)); }
};

/// Currents from 5 to 15.
class Simple : public overtime::Izhikevich {
public:
  explicit Simple(std::int64_t n) : Izhikevich(n) { I.set_value(linspace(5, 15, n)); }
};

/// All start at -65 mV with currents from 15 to 65 nA.
class Adaptive : public overtime::AdExIF {
public:
  explicit Adaptive(std::int64_t n) : AdExIF(n) { I.set_value(linspace(15, 65, n)); }

  void initial() override { V = overtime::Quantity(-65 * overtime::mV); }
};

/// The same cells with a count of spikes, so that a run without outputs leaves something to compare.
template <class Cells> class Counting : public Cells {
public:
  using Cells::Cells;
  overtime::State spikes = this->state("spikes", 0.0);

  using Cells::update;
  overtime::Value update() override {
    overtime::Value fired = Cells::update();
    spikes = spikes + as_real(fired);
    return fired;
  }
};

inline double total(const overtime::Tensor &numbers) {
  double sum = 0;
  for (std::int64_t k = 0; k < numbers.size(); ++k)
    sum += numbers[k];
  return sum;
}

} // namespace bench

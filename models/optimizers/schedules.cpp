// SPDX-License-Identifier: Apache-2.0
// Learning rates over the updates of a training.
#include "models/optimizers/schedules.h"

#include <cmath>
#include <numbers>

namespace overtime::schedule {
namespace {

double positive(std::int64_t length, const char *what) {
  if (length < 1)
    throw Error(ErrorKind::Value, std::string(what) + " is at least 1, got " + std::to_string(length));
  return static_cast<double>(length);
}

/// base^x of a positive base.
Value power(double base, const Value &x) {
  if (!(base > 0))
    throw Error(ErrorKind::Value, "a learning rate decays by a positive factor, got " + std::to_string(base));
  return exp(x * std::log(base));
}

Value annealed(const Value &rate, const Value &part, double least) {
  return least + (rate - least) * 0.5 * (1 + cos(part * std::numbers::pi));
}

} // namespace

Schedule step(std::int64_t size, double gamma) {
  return [n = positive(size, "size"), gamma](Value rate, Value k) { return rate * power(gamma, floor(k / n)); };
}

Schedule multi_step(std::vector<std::int64_t> milestones, double gamma) {
  return [milestones = std::move(milestones), gamma](Value rate, Value k) {
    for (std::int64_t milestone : milestones)
      rate = rate * where(k >= static_cast<double>(milestone), gamma, 1.0);
    return rate;
  };
}

Schedule exponential(double gamma) {
  return [gamma](Value rate, Value k) { return rate * power(gamma, k); };
}

Schedule exponential_decay(double decay, std::int64_t length, bool staircase) {
  return [=, n = positive(length, "length")](Value rate, Value k) {
    return rate * power(decay, staircase ? floor(k / n) : k / n);
  };
}

Schedule inverse_time_decay(double decay, std::int64_t length, bool staircase) {
  return [=, n = positive(length, "length")](Value rate, Value k) {
    return rate / (1 + decay * (staircase ? floor(k / n) : k / n));
  };
}

Schedule polynomial_decay(double last, std::int64_t length, double exponent) {
  return [=, n = positive(length, "length")](Value rate, Value k) {
    return (rate - last) * pow(1 - minimum(k, n) / n, exponent) + last;
  };
}

Schedule piecewise_constant(std::vector<std::int64_t> boundaries, std::vector<double> values) {
  if (values.size() != boundaries.size() + 1)
    throw Error(ErrorKind::Value, "piecewise_constant wants one value more than boundaries, got " +
                                      std::to_string(values.size()) + " and " + std::to_string(boundaries.size()));
  return [boundaries = std::move(boundaries), values = std::move(values)](Value rate, Value k) {
    Value now = 0 * rate + values.back();
    for (std::size_t j = boundaries.size(); j-- > 0;)
      now = where(k <= static_cast<double>(boundaries[j]), values[j], now);
    return now;
  };
}

Schedule cosine_annealing(std::int64_t length, double least) {
  return [=, n = positive(length, "length")](Value rate, Value k) { return annealed(rate, k / n, least); };
}

Schedule warm_restarts(std::int64_t length, double factor, double least) {
  if (!(factor >= 1))
    throw Error(ErrorKind::Value, "the periods of warm_restarts grow, by a factor of at least 1");
  return [=, n = positive(length, "length")](Value rate, Value k) {
    if (factor == 1)
      return annealed(rate, k / n - floor(k / n), least);
    // Period j begins at n (factor^j - 1) / (factor - 1). The half keeps a k at a beginning out of the period before.
    Value j = floor(log((k + 0.5) * ((factor - 1) / n) + 1) * (1 / std::log(factor)));
    Value grown = power(factor, j);
    return annealed(rate, (k - n * (grown - 1) / (factor - 1)) / (n * grown), least);
  };
}

Schedule warm_up(std::int64_t length, Schedule after) {
  return [after = std::move(after), n = positive(length, "length")](Value rate, Value k) {
    Value later = after ? after(rate, maximum(k - n, 0.0)) : rate;
    return where(k < n, rate * ((k + 1) / n), later);
  };
}

Schedule per_epoch(std::int64_t updates, Schedule of_epochs) {
  return [of_epochs = std::move(of_epochs), n = positive(updates, "updates")](Value rate, Value k) {
    return of_epochs(rate, floor(k / n));
  };
}

} // namespace overtime::schedule

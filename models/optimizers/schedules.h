// SPDX-License-Identifier: Apache-2.0
// Learning rates over the updates k = 0, 1, ... of a training, from the optimizer's rate.
#pragma once

#include "compiler/overtime.h"

namespace overtime::schedule {

/// rate gamma^floor(k / size)
Schedule step(std::int64_t size, double gamma = 0.1);
/// rate gamma^n, with n the number of milestones up to k
Schedule multi_step(std::vector<std::int64_t> milestones, double gamma = 0.1);
/// rate gamma^k
Schedule exponential(double gamma);
/// rate decay^(k / length); with `staircase`, of the whole part of k / length
Schedule exponential_decay(double decay, std::int64_t length, bool staircase = false);
/// rate / (1 + decay k / length); likewise
Schedule inverse_time_decay(double decay, std::int64_t length, bool staircase = false);
/// From the rate to `last` at k = length and beyond: (rate - last) (1 - k / length)^power + last
Schedule polynomial_decay(double last, std::int64_t length, double power = 1);
/// The first of the values whose boundary is not before k, in place of the rate; one more value than boundaries.
Schedule piecewise_constant(std::vector<std::int64_t> boundaries, std::vector<double> values);
/// least + (rate - least) (1 + cos(pi k / length)) / 2; Loshchilov & Hutter 2017, equation 5
Schedule cosine_annealing(std::int64_t length, double least = 0);
/// The same in periods of `length`, `length factor`, `length factor^2`, ... updates, each from the rate on
Schedule warm_restarts(std::int64_t length, double factor = 1, double least = 0);
/// From rate / length up to the rate over the first updates, then `after` counted from there
Schedule warm_up(std::int64_t length, Schedule after = {});
/// A schedule that counts epochs of so many updates instead of updates
Schedule per_epoch(std::int64_t updates, Schedule of_epochs);

} // namespace overtime::schedule

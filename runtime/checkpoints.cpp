// SPDX-License-Identifier: Apache-2.0
// Schedules of a gradient through time. Shipped inside AOT libraries: nothing here needs more than the C library.
//
// Griewank and Walther (Algorithm 799: revolve, ACM TOMS 26, 2000) reverse a run of n steps with c kept states, one
// step on the tape at a time. Here the tape takes L steps at a time, which scales their result: n <= L C(c + r, c)
// steps can be reversed so that none runs again more than r times, and the fewest steps that must run again are
//   t(n) = r n - L C(c + r, c + 1)    for the least such r.
// The first of the c kept states is the one before step 0.
#include "runtime/checkpoints.h"

#include "runtime/abi.h"

namespace {

int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t product(int64_t a, int64_t b) {
  int64_t result;
  return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

int64_t sum(int64_t a, int64_t b) {
  int64_t result;
  return __builtin_add_overflow(a, b, &result) ? INT64_MAX : result;
}

int64_t quotient_up(int64_t a, int64_t b) { return a / b + (a % b != 0); }

/// C(slots + again, slots): the stretches of tape that can be reversed. What exceeds an int64 counts as all.
int64_t reach(int64_t slots, int64_t again) {
  if (again < 0)
    return 0;
  int64_t small = smaller(slots, again), large = slots < again ? again : slots, stretches = 1;
  for (int64_t k = 1; k <= small; ++k) {
    int64_t next = product(stretches, large + k);
    if (next == INT64_MAX)
      return INT64_MAX;
    stretches = next / k;
  }
  return stretches;
}

/// How often a step runs again at most: the least r with n <= length C(slots + r, slots); slots > 0 where n > length.
int64_t repetitions(int64_t n, int64_t length, int64_t slots) {
  int64_t high = 0, low = -1; // low is too few
  while (product(length, reach(slots, high)) < n) {
    low = high;
    high = high == 0 ? 1 : 2 * high;
  }
  while (high - low > 1) {
    int64_t middle = low + (high - low) / 2;
    (product(length, reach(slots, middle)) < n ? low : high) = middle;
  }
  return high;
}

int64_t steps_again(int64_t n, int64_t length, int64_t slots) {
  int64_t r = repetitions(n, length, slots), all = product(r, n);
  return all == INT64_MAX ? all : all - product(length, reach(slots + 1, r - 1));
}

/// How far to go before the next state is kept, or the tape is written: of the best choices the longest.
int64_t advance(int64_t n, int64_t length, int64_t slots) {
  int64_t r = repetitions(n, length, slots);
  return smaller(product(length, reach(slots, r - 1)), n - product(length, reach(slots - 1, r - 1)));
}

/// Bytes of what one gradient keeps.
struct Costs {
  int64_t steps, tape, state;
  static constexpr int64_t place = sizeof(int64_t);

  int64_t kept(int64_t slots) const { return slots == 0 ? 0 : sum(product(slots + 1, state), product(slots, place)); }
  int64_t all(int64_t length, int64_t slots) const { return sum(product(length, tape), kept(slots)); }
  overtime_checkpoint_plan plan(int64_t length, int64_t slots) const {
    return {steps, length, slots, steps_again(steps, length, slots), all(length, slots)};
  }
  /// States before every stretch but the last, so that every step runs again once at most.
  overtime_checkpoint_plan equal_stretches(int64_t length) const {
    return plan(length, quotient_up(steps, length) - 1);
  }
};

/// The best plan within a budget that the tape of all steps exceeds.
class BudgetSearch {
public:
  BudgetSearch(const Costs &costs, int64_t budget) : costs(costs), budget(budget) {}

  /// False when no plan keeps the budget.
  bool run() {
    if (costs.all(1, 1) > budget)
      return false;
    if (int64_t slots = slots_for_once()) {
      consider(slots);
      // A little less than that may be better: a longer tape for some steps that run again twice. Of two runs and more,
      // 2 steps - length (slots + 2) is a bound.
      double known = double(costs.steps) + double(best.tape_steps);
      for (--slots; slots > 0 && double(slots + 2) * double(budget - costs.kept(slots)) > known * double(costs.tape);
           --slots)
        consider(slots);
      return true;
    }
    // Now lengths times slots is less than the steps wherever they share the budget, so that one of them has fewer than
    // about 2 sqrt(steps) values.
    int64_t most_slots = (budget - costs.tape - costs.state) / (costs.state + Costs::place);
    int64_t longest = (budget - costs.kept(1)) / costs.tape;
    if (most_slots <= longest)
      for (int64_t slots = 1; slots <= most_slots; ++slots)
        consider(slots);
    else
      for (int64_t length = 1; length <= longest; ++length)
        consider((budget - length * costs.tape - costs.state) / (costs.state + Costs::place));
    return true;
  }

  overtime_checkpoint_plan best = {0, 0, 0, INT64_MAX, 0};

private:
  /// The fewest kept states with which no step runs again twice; 0 when there is no such number.
  int64_t slots_for_once() const {
    for (int64_t length = costs.steps; length > 1;) {
      int64_t stretches = quotient_up(costs.steps, length - 1); // the fewest that are shorter
      length = quotient_up(costs.steps, stretches);
      if (costs.all(length, stretches - 1) <= budget)
        return stretches - 1;
    }
    return 0;
  }
  /// With so many kept states, and the longest tape beside them.
  void consider(int64_t slots) {
    overtime_checkpoint_plan plan = costs.plan((budget - costs.kept(slots)) / costs.tape, slots);
    if (plan.steps_again < best.steps_again)
      best = plan;
  }

  const Costs &costs;
  int64_t budget;
};

/// Rounded.
int64_t square_root(int64_t n) {
  int64_t root = 1;
  while (product(root + 1, root) < n)
    ++root;
  return root;
}

} // namespace

extern "C" int overtime_plan_checkpoints(overtime_remat policy, int64_t argument, int64_t steps, int64_t tape_bytes,
                                         int64_t state_bytes, overtime_checkpoint_plan *plan) {
  if (!plan)
    return OVERTIME_NULL_ARGUMENT;
  if (steps < 0 || (policy == OVERTIME_REMAT_EVERY && argument < 1))
    return OVERTIME_NEGATIVE_STEPS;
  Costs costs{steps, tape_bytes, state_bytes};
  *plan = costs.plan(steps, 0);
  if (policy == OVERTIME_REMAT_NONE || steps == 0)
    return OVERTIME_OK;
  if (policy == OVERTIME_REMAT_SQRT)
    *plan = costs.equal_stretches(square_root(steps));
  if (policy == OVERTIME_REMAT_EVERY)
    *plan = costs.equal_stretches(smaller(argument, steps));
  if (policy != OVERTIME_REMAT_BUDGET || plan->bytes <= argument)
    return OVERTIME_OK;
  BudgetSearch search(costs, argument);
  if (!search.run()) {
    plan->bytes = smaller(plan->bytes, costs.all(1, 1));
    return OVERTIME_NO_MEMORY;
  }
  *plan = search.best;
  return OVERTIME_OK;
}

extern "C" void overtime_checkpoints_begin(overtime_checkpoint_cursor *cursor, const overtime_checkpoint_plan *plan,
                                           int64_t *places) {
  *cursor = {*plan, places, 0, 0, plan->steps, -1, 0};
}

extern "C" overtime_checkpoint_action overtime_checkpoints_next(overtime_checkpoint_cursor *cursor) {
  overtime_checkpoint_cursor &c = *cursor;
  if (c.taped >= 0) {
    if (c.end == c.plan.steps && c.plan.slots > 0 && !c.kept_last) {
      c.kept_last = 1;
      return {OVERTIME_CHECKPOINT_SAVE, c.plan.slots, 0, 0};
    }
    int64_t first = c.taped, count = c.end - c.taped;
    c.end = c.taped;
    c.taped = -1;
    return {OVERTIME_CHECKPOINT_REVERSE, 0, first, count};
  }
  if (c.end == 0 && !c.kept_last)
    return {OVERTIME_CHECKPOINT_END, 0, 0, 0};
  if (c.end == 0) {
    c.kept_last = 0;
    return {OVERTIME_CHECKPOINT_RESTORE, c.plan.slots, 0, 0};
  }
  if (c.at >= c.end) {
    while (c.places[c.used - 1] == c.end) // all that came after this state is done
      --c.used;
    c.at = c.places[c.used - 1];
    return {OVERTIME_CHECKPOINT_RESTORE, c.used - 1, 0, 0};
  }
  int64_t first = c.at, left = c.end - c.at;
  if (left <= c.plan.tape_steps) {
    c.taped = c.at;
    c.at = c.end;
    return {OVERTIME_CHECKPOINT_TAPE, 0, first, left};
  }
  if (c.used == 0 || c.places[c.used - 1] != c.at) {
    c.places[c.used++] = c.at;
    return {OVERTIME_CHECKPOINT_SAVE, c.used - 1, 0, 0};
  }
  int64_t count = advance(left, c.plan.tape_steps, c.plan.slots - c.used + 1);
  c.at += count;
  return {OVERTIME_CHECKPOINT_FORWARD, 0, first, count};
}

// SPDX-License-Identifier: Apache-2.0
// Schedules of gradients: every step is reversed once and in order, memory is as planned, and nothing does better.
#include "runtime/checkpoints.h"
#include "runtime/abi.h"

#include "catch2/catch.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <tuple>
#include <vector>

namespace {

overtime_checkpoint_plan plan_of(overtime_remat policy, std::int64_t argument, std::int64_t steps, std::int64_t tape,
                                 std::int64_t state) {
  overtime_checkpoint_plan plan;
  REQUIRE(overtime_plan_checkpoints(policy, argument, steps, tape, state, &plan) == OVERTIME_OK);
  return plan;
}

/// Runs a plan on a "state" that is the number of the step it comes before. What it runs forward more than once.
std::int64_t walk(const overtime_checkpoint_plan &plan) {
  std::vector<std::int64_t> places(static_cast<std::size_t>(plan.slots));
  std::vector<std::int64_t> slots(static_cast<std::size_t>(plan.slots) + 1, -1);
  overtime_checkpoint_cursor cursor;
  overtime_checkpoints_begin(&cursor, &plan, places.data());
  std::int64_t state = 0, reversed = plan.steps, forward = 0, tape_first = -1, tape_count = -1;
  for (;;) {
    overtime_checkpoint_action action = overtime_checkpoints_next(&cursor);
    switch (action.kind) {
    case OVERTIME_CHECKPOINT_SAVE:
      slots.at(static_cast<std::size_t>(action.slot)) = state;
      break;
    case OVERTIME_CHECKPOINT_RESTORE:
      state = slots.at(static_cast<std::size_t>(action.slot));
      REQUIRE(state >= 0);
      break;
    case OVERTIME_CHECKPOINT_FORWARD:
    case OVERTIME_CHECKPOINT_TAPE:
      REQUIRE(action.first == state);
      REQUIRE(action.count > 0);
      state += action.count;
      forward += action.count;
      if (action.kind == OVERTIME_CHECKPOINT_FORWARD)
        break;
      REQUIRE(action.count <= plan.tape_steps);
      tape_first = action.first;
      tape_count = action.count;
      break;
    case OVERTIME_CHECKPOINT_REVERSE:
      REQUIRE(action.first == tape_first);
      REQUIRE(action.count == tape_count);
      REQUIRE(action.first + action.count == reversed);
      reversed = action.first;
      break;
    case OVERTIME_CHECKPOINT_END:
      REQUIRE(reversed == 0);
      REQUIRE(state == plan.steps);
      return forward - plan.steps;
    }
  }
}

/// The fewest steps again by trying every place for the next state: t(n) = min_m m + t(n - m, slots - 1) + t(m, slots).
class Fewest {
public:
  explicit Fewest(std::int64_t length) : length(length) {}
  std::int64_t operator()(std::int64_t n, std::int64_t slots) {
    if (n <= length)
      return 0;
    if (slots == 0)
      return never;
    auto [known, fresh] = table.try_emplace({n, slots}, never);
    if (fresh) {
      std::int64_t best = never;
      for (std::int64_t m = 1; m < n; ++m)
        best = std::min(best, m + (*this)(n - m, slots - 1) + (*this)(m, slots));
      table[{n, slots}] = best;
    }
    return table[{n, slots}];
  }
  static constexpr std::int64_t never = 1 << 30;

private:
  std::int64_t length;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> table;
};

} // namespace

TEST_CASE("a budget's schedule runs the fewest steps again", "[checkpoints]") {
  constexpr std::int64_t place = sizeof(std::int64_t);
  for (auto [tape, state] : {std::pair<std::int64_t, std::int64_t>{10, 10}, {40, 3}, {3, 40}, {17, 0}}) {
    std::vector<Fewest> fewest;
    for (std::int64_t length = 1; length <= 34; ++length)
      fewest.emplace_back(length);
    for (std::int64_t steps : {1, 2, 3, 5, 8, 13, 21, 34})
      for (std::int64_t budget = 1; budget <= steps * tape + 5; budget += 1 + budget / 16) {
        std::int64_t best = steps * tape <= budget ? 0 : Fewest::never;
        for (std::int64_t slots = 1; slots <= steps; ++slots)
          if (std::int64_t rest = budget - (slots + 1) * state - slots * place; rest >= tape)
            best = std::min(best, fewest[static_cast<std::size_t>(std::min(rest / tape, steps) - 1)](steps, slots));
        INFO(steps << " steps, " << tape << " and " << state << " bytes, budget " << budget);
        overtime_checkpoint_plan plan;
        int status = overtime_plan_checkpoints(OVERTIME_REMAT_BUDGET, budget, steps, tape, state, &plan);
        if (best == Fewest::never) {
          CHECK(status == OVERTIME_NO_MEMORY);
          CHECK(plan.bytes > budget);
          CHECK(overtime_plan_checkpoints(OVERTIME_REMAT_BUDGET, plan.bytes, steps, tape, state, &plan) == OVERTIME_OK);
          continue;
        }
        REQUIRE(status == OVERTIME_OK);
        CHECK(plan.steps_again == best);
        CHECK(plan.bytes <= budget);
        CHECK(walk(plan) == best);
      }
  }
}

TEST_CASE("schedules reverse every step once, and run as many again as they say", "[checkpoints]") {
  for (std::int64_t steps : {0, 1, 2, 7, 16, 50, 1000})
    for (auto [policy, argument] : {std::pair<overtime_remat, std::int64_t>{OVERTIME_REMAT_NONE, 0},
                                    {OVERTIME_REMAT_SQRT, 0},
                                    {OVERTIME_REMAT_EVERY, 1},
                                    {OVERTIME_REMAT_EVERY, 7},
                                    {OVERTIME_REMAT_EVERY, 5000},
                                    {OVERTIME_REMAT_BUDGET, 3000},
                                    {OVERTIME_REMAT_BUDGET, 400}}) {
      overtime_checkpoint_plan plan = plan_of(policy, argument, steps, 100, 64);
      INFO(steps << " steps, policy " << policy << " " << argument);
      CHECK(walk(plan) == plan.steps_again);
      if (policy != OVERTIME_REMAT_BUDGET)
        CHECK(plan.steps_again <= steps);
    }
}

TEST_CASE("memory of a schedule", "[checkpoints]") {
  overtime_checkpoint_plan none = plan_of(OVERTIME_REMAT_NONE, 0, 1000, 100, 64);
  CHECK(none.bytes == 100000);
  CHECK(none.steps_again == 0);
  // 32 stretches of 32 steps: 31 states with their places, the last state, and one stretch of tape
  overtime_checkpoint_plan root = plan_of(OVERTIME_REMAT_SQRT, 0, 1000, 100, 64);
  CHECK(root.tape_steps == 32);
  CHECK(root.bytes == 32 * 100 + 31 * (64 + 8) + 64);
  CHECK(root.steps_again == 1000 - 32);
  CHECK(plan_of(OVERTIME_REMAT_EVERY, 1, 1000, 100, 64).bytes == 100 + 999 * (64 + 8) + 64);
  // revolve: 3 states and a tape of one step reverse C(3 + 3, 3) = 20 steps, none of which runs more than 3 times again
  overtime_checkpoint_plan few = plan_of(OVERTIME_REMAT_BUDGET, 100 + 3 * 72 + 64, 20, 100, 64);
  CHECK(few.slots == 3);
  CHECK(few.steps_again == 3 * 20 - 15);
  CHECK(plan_of(OVERTIME_REMAT_NONE, 0, INT64_MAX / 2, 100, 64).bytes == INT64_MAX);
  overtime_checkpoint_plan plan;
  CHECK(overtime_plan_checkpoints(OVERTIME_REMAT_NONE, 0, -1, 100, 64, &plan) == OVERTIME_NEGATIVE_STEPS);
  CHECK(overtime_plan_checkpoints(OVERTIME_REMAT_EVERY, 0, 10, 100, 64, &plan) == OVERTIME_NEGATIVE_STEPS);
  CHECK(overtime_plan_checkpoints(OVERTIME_REMAT_NONE, 0, 10, 100, 64, nullptr) == OVERTIME_NULL_ARGUMENT);
}

TEST_CASE("a long schedule is planned and walked in no time", "[checkpoints]") {
  auto start = std::chrono::steady_clock::now();
  for (std::int64_t budget : {1 << 10, 1 << 14, 1 << 18, 1 << 22}) {
    overtime_checkpoint_plan plan = plan_of(OVERTIME_REMAT_BUDGET, budget, 100000, 200, 100);
    CHECK(plan.bytes <= budget);
    CHECK(walk(plan) == plan.steps_again);
  }
  for (std::int64_t budget : {1 << 10, 1 << 20, 1 << 30}) {
    overtime_checkpoint_plan plan = plan_of(OVERTIME_REMAT_BUDGET, budget, 1'000'000'000, 200, 100);
    CHECK(plan.bytes <= budget);
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

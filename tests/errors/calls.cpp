// SPDX-License-Identifier: Apache-2.0
// Wrong programs: calls that the rules of LoopOverTime do not allow.
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "tests/errors/cases.h"

#include <cmath>
#include <memory>

namespace overtime::errors {

Cases call_cases() {
  return {
      // EXPECT: @HERE
      // EXPECT: reads t, but this loop was built with t0 = none
      {"time_without_t0", [] { run([](Given &m, auto &) { return m.t(); }, {.t0 = none}); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: reads i, but this loop was built with i0 = none
      {"index_without_i0", [] { run([](Given &m, auto &) { return m.i(); }, {.i0 = none}); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: state 'V' is updated, but this loop was built with no_state = true
      // EXPECT: note: 'V' is declared here
      {"state_under_no_state",
       [] {
         Given model([](Given &m, const Tree<Value> &) {
           return Value(m.V = m.V * 2); // HERE
         });
         LoopOverTime(model, {.no_state = true})(Tensor::zeros({2, 3}));
       }},

      // EXPECT: @HERE
      // EXPECT: no_state = true has no run by duration
      {"duration_under_no_state",
       [] {
         Given model([](Given &m, auto &) { return Value(m.V); });
         LoopOverTime(model, {.no_state = true})(10.0); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: a duration must be finite and not negative, got -1
      {"negative_duration",
       [] {
         HH hh;
         LoopOverTime{hh}(-1.0); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: a duration must be finite and not negative, got inf
      {"infinite_duration",
       [] {
         HH hh;
         LoopOverTime{hh}(HUGE_VAL); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: dt must be positive and finite, got 0
      {"zero_dt",
       [] {
         HH hh;
         LoopOverTime(hh, {.dt = 0.0}); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: on_step sees every step only with jit = false
      {"callback_without_host_loop",
       [] {
         HH hh;
         LoopOverTime(hh, {.on_step = [](std::int64_t) {}}); // HERE
       }},

      // EXPECT: error: data_first_axis is 'T' or 'B', got 'X'
      {"unknown_axis",
       [] {
         HH hh;
         LoopOverTime(hh, {.data_first_axis = 'X'});
       }},

      // EXPECT: is a layer and needs data; call the loop with an array
      {"layer_without_data",
       [] {
         RNNCell cell(3, 2);
         LoopOverTime{cell}(10.0);
       }},

      // EXPECT: @HERE
      // EXPECT: error: 'V' has a traced value only inside a step; outside use value()
      // EXPECT: note: 'V' is declared here
      {"state_read_outside",
       [] {
         HH hh;
         hh.V + 1_mV; // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: 'V' is assigned outside a step
      {"state_assigned_outside",
       [] {
         HH hh;
         hh.V = -65_mV; // HERE
       }},

      // EXPECT: error: 'V' was not monitored; name it in out_vars
      {"read_unmonitored",
       [] {
         HH hh;
         LoopOverTime(hh, {.cache = false}).steps(1)[hh.V];
       }},

      // EXPECT: error: this LoopOverTime was moved from
      {"loop_moved_from",
       [] {
         HH hh;
         LoopOverTime one(hh, {.cache = false});
         LoopOverTime other(std::move(one));
         one.steps(1);
       }},

      // EXPECT: @HERE
      // EXPECT: error: the step index would exceed 2^63 - 1 after 100 steps; reset the states or run at most 7
      {"index_beyond_the_largest",
       [] {
         HH hh;
         LoopOverTime over_time(hh, {.i0 = 9223372036854775800, .cache = false});
         over_time.steps(100); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: 'gNa' holds 1e+300, which f32 cannot hold; run in f64
      {"parameter_beyond_f32",
       [] {
         HH hh;
         hh.gNa.set_value(1e300);
         LoopOverTime(hh, {.cache = false}).steps(1); // HERE
       }},

      // EXPECT: error: 'V' holds -1e+300 as element 1, which f32 cannot hold; run in f64
      {"state_beyond_f32",
       [] {
         HH hh(2);
         hh.V.set_value(Tensor::of({1.0, -1e300}, f64));
         LoopOverTime(hh, {.cache = false}).steps(1);
       }},

      // EXPECT: error: cannot convert 1e+300 to f32
      {"conversion_beyond_f32", [] { Tensor::of({1e300}, f64).to(f32); }},

      // EXPECT: @HERE
      // EXPECT: error: f32 cannot hold the number 1e+300; run in f64
      {"constant_beyond_f32", [] { run([](Given &m, auto &) { return m.V * 1e300; }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: dt = 1e-60 ms is a number that f32 cannot hold; run in f64
      {"step_below_f32",
       [] {
         HH hh;
         LoopOverTime(hh, {.dt = 1e-60}); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: a budget has more than 0 bytes, got 0
      {"budget_of_nothing", [] { Remat::budget(0); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: states are kept every 1 or more steps, got 0
      {"states_kept_every_no_step", [] { Remat::every(0); }}, // HERE

      // EXPECT: was destroyed; it must live as long as a LoopOverTime over it
      {"model_destroyed",
       [] {
         auto hh = std::make_unique<HH>();
         LoopOverTime over_time(*hh, {.cache = false});
         hh.reset();
         over_time.steps(1);
       }},

      // EXPECT: error: this Value belongs to a step that was traced before
      // EXPECT: keep numbers from step to step in a State
      {"value_kept_from_another_step",
       [] {
         Value kept;
         Given model([&](Given &m, const Tree<Value> &x) -> Value {
           if (x.leaves().empty())
             return kept = m.V * 2;
           return kept + m.V;
         });
         LoopOverTime over_time(model, {.cache = false});
         over_time.steps(1);
         over_time(Tensor::zeros({1, 3}));
       }},

      // EXPECT: returned an empty Value as 'out'; return what it computes, or {} for no output
      {"empty_value_returned", [] { run([](Given &, auto &) { return Value(); }); }},

      // EXPECT: error: 'V' changed its shape from [3] to [5, 3] during a run; reset and resize between runs
      {"state_resized_during_a_run",
       [] {
         Given model([](Given &m, auto &) { return Value(m.V = m.V * 2); });
         LoopOverTime over_time(model,
                                {.jit = false, .on_step = [&](std::int64_t) { model.reset_state(5); }, .cache = false});
         over_time.steps(3);
       }},

      // EXPECT: @HERE
      // EXPECT: are constants; compute them in C++ before the step
      {"two_constants",
       [] {
         run([](Given &, auto &) {
           return where(Operand(1), 2, 3); // HERE
         });
       }},
  };
}

} // namespace overtime::errors

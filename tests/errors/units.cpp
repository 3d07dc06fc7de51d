// SPDX-License-Identifier: Apache-2.0
// Wrong programs: units.
#include "tests/errors/cases.h"

namespace overtime::errors {

Cases unit_cases() {
  return {
      // EXPECT: @HERE
      // EXPECT: error: cannot add a value in [nA] and a value in [mV]
      // EXPECT: note: a value in [nA] comes from
      {"unit_mismatch_add", [] { run([](Given &m, auto &) { return m.I + m.V; }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: cannot compare a value in [mV] and a value in [nA]
      {"unit_mismatch_compare", [] { run([](Given &m, auto &) { return m.V > m.I; }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: exp takes a dimensionless value, got a value in [mV]; divide by a unit first, as in V / mV
      {"unit_in_function", [] { run([](Given &m, auto &) { return exp(m.V); }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: 'V' is a value in [mV], got a value in [nA]
      // EXPECT: note: 'V' is declared here
      {"unit_of_assignment", [] { run([](Given &m, auto &) { return Value(m.V = m.I); }); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: sqrt needs a unit with even powers, got a value in [mV]
      {"unit_of_root", [] { run([](Given &m, auto &) { return sqrt(m.V); }); }}, // HERE

      // EXPECT: error: a duration counts in [ms], got [mV]
      {"unit_of_duration",
       [] {
         Given model([](Given &m, auto &) { return Value(m.V); });
         LoopOverTime{model}(100_mV);
       }},
  };
}

} // namespace overtime::errors

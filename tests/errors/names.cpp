// SPDX-License-Identifier: Apache-2.0
// Wrong programs: names of variables, layers, models, methods, devices and files.
#include "models/layers/rnn_cell.h"
#include "models/neurons/hh.h"
#include "models/zoo.h"
#include "tests/errors/cases.h"

#include <cstdio>
#include <fstream>

namespace overtime::errors {

Cases name_cases() {
  return {
      // EXPECT: @HERE
      // EXPECT: has no variable 'gNA'; did you mean 'gNa'?
      {"unknown_state", [] { HH(1).var("gNA"); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: there is no layer 'l22'; did you mean 'l2'?
      {"unknown_layer",
       [] {
         Sequential model{{"l1", RNNCell(3, 4)}, {"l2", RNNCell(4, 2)}};
         model["l22"]; // HERE
       }},

      // EXPECT: names.cpp:
      // EXPECT: error: 'V' is declared twice
      // EXPECT: note: first declared here
      {"duplicate_state",
       [] {
         struct Twice : Model {
           State V = state("V", 0.0);
           State again = state("V", 0.0);
           Tree<Value> update(const Tree<Value> &) override { return {}; }
         } model;
       }},

      // EXPECT: @HERE
      // EXPECT: error: out_vars holds 'V', which is not a variable of 'HH
      {"foreign_monitor",
       [] {
         HH one, other;
         LoopOverTime(one, {.out_vars = other.V}); // HERE
       }},

      // EXPECT: @HERE
      // EXPECT: error: two loops are named 'mine'
      // EXPECT: names.cpp:
      // EXPECT: note: the other is built here
      {"two_loops_of_one_name",
       [] {
         HH hh;
         LoopOverTime one(hh, {.name = "mine"});
         LoopOverTime other(hh, {.name = "mine"}); // HERE
       }},

      // EXPECT: error: the key 'V' stands twice in a map
      {"monitor_key_twice",
       [] {
         HH hh;
         LoopOverTime(hh, {.out_vars = {{"V", hh.V}, {"V", hh.m}}});
       }},

      // EXPECT: error: there is no model 'Izikevich'; did you mean 'Izhikevich'?
      {"unknown_model", [] { make_model("Izikevich"); }},

      // EXPECT: did you mean 'tau_ref'?
      {"unknown_parameter", [] { make_model("LIF", {.scalars = {{"tau_rev", 5.0}}}); }},

      // EXPECT: @HERE
      // EXPECT: error: there is no integration method 'rk44'; did you mean 'rk4'?
      // EXPECT: the methods are:
      {"unknown_method", [] { HH(1).method("rk44"); }}, // HERE

      // EXPECT: @HERE
      // EXPECT: error: there is no device 'tpu' here; the devices are: cpu, cuda
      {"device_tpu", [] { HH(1).tpu(); }}, // HERE

      // EXPECT: error: no_such_file.npz
      {"missing_file", [] { load_tensor("no_such_file.npz:x"); }},

      // EXPECT: error: overtime_errors_damaged.npz
      {"damaged_file",
       [] {
         const char *path = "overtime_errors_damaged.npz";
         std::ofstream(path) << "PK\x03\x04 this is no archive";
         struct Remove {
           const char *path;
           ~Remove() { std::remove(path); }
         } remove{path};
         load_tensors(path);
       }},

      // EXPECT: error: weights.pt: a file of named arrays is called FILE.npz or FILE.safetensors
      {"pickled_weights", [] { load_tensors("weights.pt"); }},

      // EXPECT: error: cannot load 'data.csv'; expected FILE.npz:KEY, FILE.safetensors:KEY or FILE.npy
      {"unknown_file_type", [] { load_tensor("data.csv"); }},

      // EXPECT: @HERE
      // EXPECT: error: the stream 'noise' is drawn twice in one step
      // EXPECT: note: 'noise' is drawn here
      {"stream_drawn_twice",
       [] {
         run([](Given &m, auto &) {
           Value first = m.random_uniform("noise", {3});
           return first + m.random_uniform("noise", {3}); // HERE
         });
       }},

      // Two names that FNV-1a gives one number.
      // EXPECT: @HERE
      // EXPECT: error: the streams 'spike_right_weight_pink' and 'background_dropout_fast_release' have the same key
      // EXPECT: note: 'spike_right_weight_pink' is drawn here
      {"streams_with_one_key",
       [] {
         run([](Given &m, auto &) {
           Value first = m.random_uniform("spike_right_weight_pink", {3});
           return first + m.random_uniform("background_dropout_fast_release", {3}); // HERE
         });
       }},
  };
}

} // namespace overtime::errors

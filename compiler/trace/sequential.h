// SPDX-License-Identifier: Apache-2.0
// Sequential: named layers and functions, one after the other.
#pragma once

#include "compiler/trace/model.h"

#include <functional>
#include <utility>

namespace overtime {

/// Sequential model{{"l1", RNNCell(100, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}};
/// Items are layers, neurons (what comes before adds to their input), functions such as relu, and lambdas of a Value.
class Sequential : public Layer {
public:
  struct Item {
    template <class M>
      requires std::is_base_of_v<Model, M>
    Item(std::string key, M &&model) : key(std::move(key)), model(std::make_shared<M>(std::move(model))) {}
    Item(std::string key, Value (*f)(Operand)) : key(std::move(key)), function(f) {}
    template <class F>
      requires(std::is_invocable_r_v<Value, F &, Value> && !std::is_base_of_v<Model, F>)
    Item(std::string key, F f) : key(std::move(key)), function(std::move(f)) {}

    std::string key;
    std::shared_ptr<Model> model; // or
    std::function<Value(Value)> function;
  };
  /// Remembers where it was written, as an Operand does.
  struct Key {
    Key(const char *text, At at = At::current()) : text(text), at(at) {}
    Key(std::string text, At at = At::current()) : text(std::move(text)), at(at) {}
    std::string text;
    At at;
  };

  Sequential(std::initializer_list<Item> items, At at = At::current());
  using Layer::update;
  Value update(Value x) override;
  /// The layer or neuron of this key; an unknown key is an error that names the nearest.
  Model &operator[](const Key &key) const;

private:
  std::vector<Item> items_;
};

} // namespace overtime

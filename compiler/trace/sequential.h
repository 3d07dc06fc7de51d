// SPDX-License-Identifier: Apache-2.0
// Sequential: named layers and functions, one after the other.
#pragma once

#include "compiler/trace/model.h"

#include <functional>
#include <utility>

namespace overtime {

/// Sequential model{{"l1", RNNCell(100, 20)}, {"l2", relu}, {"l3", RNNCell(20, 2)}};
class Sequential : public Layer {
public:
  struct Item {
    template <class M>
      requires std::is_base_of_v<Layer, M>
    Item(std::string key, M &&model) : key(std::move(key)), layer(std::make_shared<M>(std::move(model))) {}
    Item(std::string key, Value (*f)(Operand)) : key(std::move(key)), function(f) {}
    Item(std::string key, std::function<Value(Value)> f) : key(std::move(key)), function(std::move(f)) {}

    std::string key;
    std::shared_ptr<Layer> layer; // or
    std::function<Value(Value)> function;
  };

  Sequential(std::initializer_list<Item> items, At at = At::current());
  using Layer::update;
  Value update(Value x) override;
  /// The layer of this key; an unknown key is an error that names the nearest.
  Layer &operator[](const std::string &key) const;

private:
  std::vector<Item> items_;
};

} // namespace overtime

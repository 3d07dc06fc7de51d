// SPDX-License-Identifier: Apache-2.0
// Sequential: named layers and functions, one after the other.
#include "compiler/trace/sequential.h"

#include "compiler/trace/host/nearest.h"

namespace overtime {

Sequential::Sequential(std::initializer_list<Item> items, At at) : items_(items) {
  for (const Item &item : items_)
    if (item.model)
      adopt(item.key, *item.model, at);
}

Value Sequential::update(Value x) {
  for (const Item &item : items_)
    x = item.model ? item.model->update(Tree<Value>(x)).leaf() : item.function(x);
  return x;
}

Model &Sequential::operator[](const Key &key) const {
  std::vector<std::string> known;
  for (const Item &item : items_) {
    if (item.key == key.text && item.model)
      return *item.model;
    if (item.key == key.text)
      throw Error(ErrorKind::Name, "'" + key.text + "' is a function and has no variables", key.at);
    known.push_back(item.key);
  }
  throw Error(ErrorKind::Name, "there is no layer '" + key.text + "'" + did_you_mean(key.text, known), key.at);
}

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Sequential: named layers and functions, one after the other.
#include "compiler/trace/sequential.h"

#include "compiler/trace/nearest.h"

namespace overtime {

Sequential::Sequential(std::initializer_list<Item> items, At at) : items_(items) {
  for (const Item &item : items_)
    if (item.layer)
      adopt(item.key, *item.layer, at);
}

Value Sequential::update(Value x) {
  for (const Item &item : items_)
    x = item.layer ? (*item.layer)(x) : item.function(x);
  return x;
}

Layer &Sequential::operator[](const std::string &key) const {
  std::vector<std::string> known;
  for (const Item &item : items_) {
    if (item.key == key && item.layer)
      return *item.layer;
    if (item.key == key)
      throw Error(ErrorKind::Name, "'" + key + "' is a function and has no variables");
    known.push_back(item.key);
  }
  throw Error(ErrorKind::Name, "there is no layer '" + key + "'" + did_you_mean(key, known));
}

} // namespace overtime

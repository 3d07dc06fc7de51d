// SPDX-License-Identifier: Apache-2.0
// Tree: one value, a list, or a map of names, nested (what JAX calls a pytree).
#pragma once

#include "compiler/trace/host/error.h"

#include <functional>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace overtime {

template <class T> class Tree {
public:
  enum class Kind { Empty, Leaf, List, Map };
  using Named = std::pair<std::string, Tree>;

  Tree() = default;
  Tree(T leaf) : kind_(Kind::Leaf), leaf_{std::move(leaf)} {}
  template <class U>
    requires(std::is_convertible_v<U, T> && !std::is_same_v<std::remove_cvref_t<U>, Tree> &&
             !std::is_same_v<std::remove_cvref_t<U>, T>)
  Tree(U &&leaf) : kind_(Kind::Leaf), leaf_{T(std::forward<U>(leaf))} {}
  Tree(std::initializer_list<Tree> items) : kind_(Kind::List) {
    for (const Tree &t : items)
      items_.emplace_back("", t);
  }
  Tree(std::initializer_list<Named> items) : kind_(Kind::Map), items_(items) { check_keys(); }
  static Tree list(std::vector<Tree> items) {
    Tree t;
    t.kind_ = Kind::List;
    for (Tree &i : items)
      t.items_.emplace_back("", std::move(i));
    return t;
  }
  static Tree map(std::vector<Named> items) {
    Tree t;
    t.kind_ = Kind::Map;
    t.items_ = std::move(items);
    t.check_keys();
    return t;
  }

  Kind kind() const { return kind_; }
  bool empty() const { return kind_ == Kind::Empty; }
  bool is_leaf() const { return kind_ == Kind::Leaf; }
  std::size_t size() const { return is_leaf() ? 1 : items_.size(); }

  /// The value of a leaf; an error otherwise.
  const T &leaf() const {
    if (!is_leaf())
      throw Error(ErrorKind::Usage, "this is a " + kind_name() + ", not one value; index it first");
    return leaf_.front();
  }
  operator const T &() const { return leaf(); }
  const T *operator->() const { return &leaf(); }

  /// Item of a list by place, of a map by key.
  const Tree &operator[](std::size_t k) const {
    if (k >= items_.size())
      throw Error(ErrorKind::Name,
                  "item " + std::to_string(k) + " of a " + kind_name() + " of " + std::to_string(items_.size()));
    return items_[k].second;
  }
  const Tree &operator[](int k) const { return (*this)[static_cast<std::size_t>(k)]; }
  const Tree &operator[](const char *key) const { return (*this)[std::string(key)]; }
  const Tree &operator[](const std::string &key) const {
    std::string known;
    for (const Named &n : items_) {
      if (n.first == key)
        return n.second;
      known += (known.empty() ? "" : ", ") + n.first;
    }
    throw Error(ErrorKind::Name, "no item '" + key + "' here; there is: " + known);
  }
  const std::vector<Named> &items() const { return items_; }

  /// Leaves in order, each with its path ("a.0"); a lone leaf has the path "".
  void each(const std::function<void(const std::string &, const T &)> &visit, const std::string &path = "") const {
    if (is_leaf())
      return visit(path, leaf_.front());
    for (std::size_t k = 0; k < items_.size(); ++k) {
      std::string key = kind_ == Kind::Map ? items_[k].first : std::to_string(k);
      items_[k].second.each(visit, path.empty() ? key : path + "." + key);
    }
  }
  std::vector<T> leaves() const {
    std::vector<T> all;
    each([&](const std::string &, const T &leaf) { all.push_back(leaf); });
    return all;
  }
  /// The same structure with a tree in the place of every leaf.
  template <class U> Tree<U> graft(const std::function<Tree<U>(const T &)> &f) const {
    if (is_leaf())
      return f(leaf_.front());
    std::vector<std::pair<std::string, Tree<U>>> named;
    std::vector<Tree<U>> list;
    for (const Named &n : items_) {
      if (kind_ == Kind::Map)
        named.emplace_back(n.first, n.second.template graft<U>(f));
      else
        list.push_back(n.second.template graft<U>(f));
    }
    if (empty())
      return {};
    return kind_ == Kind::Map ? Tree<U>::map(std::move(named)) : Tree<U>::list(std::move(list));
  }
  /// The same structure with every leaf replaced.
  template <class U> Tree<U> map_leaves(const std::function<U(const T &)> &f) const {
    return graft<U>([&](const T &leaf) { return Tree<U>(f(leaf)); });
  }

  /// The leaves in order, and the structure: the same tree with the number of each leaf in its place.
  std::pair<std::vector<T>, Tree<int>> tree_flatten() const {
    int next = 0;
    return {leaves(), map_leaves<int>([&](const T &) { return next++; })};
  }
  /// A tree of a structure that tree_flatten gave, with these leaves.
  static Tree tree_unflatten(const Tree<int> &structure, const std::vector<T> &leaves) {
    std::size_t wanted = structure.leaves().size();
    if (leaves.size() != wanted)
      throw Error(ErrorKind::Shape,
                  "the structure has " + std::to_string(wanted) + " leaves, got " + std::to_string(leaves.size()));
    return structure.template map_leaves<T>([&](const int &k) { return leaves.at(static_cast<std::size_t>(k)); });
  }

private:
  void check_keys() const {
    for (std::size_t k = 0; k < items_.size(); ++k)
      for (std::size_t j = 0; j < k; ++j)
        if (items_[j].first == items_[k].first)
          throw Error(ErrorKind::Name, "the key '" + items_[k].first + "' stands twice in a map");
  }
  std::string kind_name() const {
    return kind_ == Kind::Empty ? "empty tree" : kind_ == Kind::List ? "list" : kind_ == Kind::Map ? "map" : "leaf";
  }
  Kind kind_ = Kind::Empty;
  std::vector<T> leaf_; // zero or one; T needs no default constructor
  std::vector<Named> items_;
};

} // namespace overtime

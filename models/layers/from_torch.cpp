// SPDX-License-Identifier: Apache-2.0
// Finds the keys of each layer in a dictionary of PyTorch and converts what they hold.
#include "models/layers/from_torch.h"

#include "models/layers/dense.h"
#include "models/layers/gru_cell.h"
#include "models/layers/lstm_cell.h"
#include "models/layers/rnn_cell.h"

#include <algorithm>
#include <set>
#include <span>

namespace overtime {
namespace {

using At = std::source_location;

/// Where the rows of each of PyTorch's gates go, in units of n.
using Gates = std::span<const std::int64_t>;
constexpr std::int64_t one_gate[] = {0}, lstm_gates[] = {0, 2, 1, 3}; // i, f, g, o -> i, g, f, o

std::int64_t place(Gates gates, std::int64_t row, std::int64_t n) {
  return gates[static_cast<std::size_t>(row / n)] * n + row % n;
}

std::string joined(const std::string &path, const std::string &key) { return path.empty() ? key : path + "." + key; }

class TorchLoader {
public:
  TorchLoader(const StateDict &torch, const TorchOptions &options, At at) : torch_(torch), options_(options), at_(at) {}

  LoadResult load(Model &model) {
    for (const auto &[path, layer] : model.nodes())
      add(path, *layer);
    const std::string begin = options_.prefix.empty() ? "" : options_.prefix + ".";
    for (const auto &[key, array] : torch_)
      if (key.starts_with(begin) && !used_.contains(key))
        result_.unexpected_keys.push_back(key);
    if (options_.warn)
      check_keys(model);
    model.load_state_dict(ours_, {.warn = false}, at_); // states have no keys
    return result_;
  }

private:
  void add(const std::string &path, Model &layer) {
    const std::string torch_path = path.empty() ? options_.prefix : joined(options_.prefix, path);
    if (auto *dense = dynamic_cast<Dense *>(&layer))
      add_dense(path, torch_path, *dense);
    else if (auto *rnn = dynamic_cast<RNNCell *>(&layer))
      add_cell(path, torch_path, *rnn, one_gate);
    else if (auto *lstm = dynamic_cast<LSTMCell *>(&layer))
      add_cell(path, torch_path, *lstm, lstm_gates);
    else if (dynamic_cast<GRUCell *>(&layer))
      refuse_gru(layer, torch_path);
  }

  void add_dense(const std::string &path, const std::string &torch_path, const Dense &layer) {
    const std::int64_t n = layer.W.shape().back();
    const Tensor *weight = find(torch_path, "weight");
    if (!weight)
      return missing(torch_path, "weight");
    ours_.emplace(joined(path, "W"), columns(layer, *weight, one_gate, n, layer.n_in));
    if (layer.b)
      ours_.emplace(joined(path, "b"), bias(layer, {find(torch_path, "bias")}, one_gate, n));
  }

  template <class Cell>
  void add_cell(const std::string &path, const std::string &torch_path, const Cell &layer, Gates gates) {
    const std::int64_t n = layer.Wh.shape().front();
    const Tensor *weight_ih = find(torch_path, "weight_ih"), *weight_hh = find(torch_path, "weight_hh");
    if (!weight_ih || !weight_hh)
      return missing(torch_path, weight_ih ? "weight_hh" : "weight_ih");
    const Tensor *bias_ih = find(torch_path, "bias_ih"), *bias_hh = find(torch_path, "bias_hh");
    if (!bias_ih != !bias_hh)
      return missing(torch_path, bias_ih ? "bias_hh" : "bias_ih");
    ours_.emplace(joined(path, "Wi"), columns(layer, *weight_ih, gates, n, layer.n_in));
    ours_.emplace(joined(path, "Wh"), columns(layer, *weight_hh, gates, n, n));
    Tensor b = bias(layer, {bias_ih, bias_hh}, gates, n);
    if (gates.size() == 4)
      for (std::int64_t k = 2 * n; k < 3 * n; ++k) // LSTMCell adds 1 to the forget gate
        b.set(k, b[k] - 1);
    ours_.emplace(joined(path, "b"), b);
  }

  void refuse_gru(const Model &layer, const std::string &torch_path) {
    if (!find(torch_path, "weight_ih"))
      return missing(torch_path, "weight_ih");
    throw Error(ErrorKind::Usage,
                "'" + layer.path() +
                    "' is a GRUCell, which applies the reset gate before the product (Cho et al. 2014); PyTorch's GRU "
                    "applies it after, so its weights mean something else",
                at_);
  }

  /// The array of a layer's key: itself, of a module of one layer, or of one layer among several.
  const Tensor *find(const std::string &path, const std::string &key) {
    std::vector<std::string> names = {joined(path, key), joined(path, key + "_l0")};
    const std::size_t dot = path.rfind('.'), last = dot == std::string::npos ? 0 : dot + 1;
    if (last > 0 && path.size() > last + 1 && path[last] == 'l' &&
        path.find_first_not_of("0123456789", last + 1) == std::string::npos)
      names.push_back(path.substr(0, last) + key + "_" + path.substr(last));
    for (const std::string &name : names)
      if (auto found = torch_.find(name); found != torch_.end()) {
        used_.insert(name);
        names_[&found->second] = name;
        return &found->second;
      }
    return nullptr;
  }

  void missing(const std::string &path, const std::string &key) { result_.missing_keys.push_back(joined(path, key)); }

  void check_shape(const Model &layer, const Tensor &array, const Shape &expected) const {
    if (array.shape() != expected)
      throw Error(ErrorKind::Shape,
                  "'" + names_.at(&array) + "' has shape " + to_string(array.shape()) + "; for '" + layer.path() +
                      "' PyTorch's is " + to_string(expected),
                  at_);
  }

  /// [gates n, width] as [width, gates n], with the gates where they belong.
  Tensor columns(const Model &layer, const Tensor &weight, Gates gates, std::int64_t n, std::int64_t width) {
    const std::int64_t rows = static_cast<std::int64_t>(gates.size()) * n;
    check_shape(layer, weight, {rows, width});
    Tensor out({width, rows}, f64);
    for (std::int64_t row = 0; row < rows; ++row)
      for (std::int64_t k = 0; k < width; ++k)
        out.set(k * rows + place(gates, row, n), weight[row * width + k]);
    return out;
  }

  /// The sum of those that there are.
  Tensor bias(const Model &layer, const std::vector<const Tensor *> &parts, Gates gates, std::int64_t n) {
    const std::int64_t rows = static_cast<std::int64_t>(gates.size()) * n;
    Tensor out({rows}, f64);
    for (const Tensor *part : parts) {
      if (!part)
        continue;
      check_shape(layer, *part, {rows});
      for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t to = place(gates, row, n);
        out.set(to, out[to] + (*part)[row]);
      }
    }
    return out;
  }

  void check_keys(const Model &model) const {
    if (result_.missing_keys.empty() && result_.unexpected_keys.empty())
      return;
    Error error(ErrorKind::Name,
                "the keys of PyTorch are not those of the layers of '" + model.name() +
                    "'; load with warn = false to take what fits",
                at_);
    auto note = [&](const char *what, const std::vector<std::string> &keys) {
      constexpr std::size_t most = 12;
      std::string list;
      for (std::size_t k = 0; k < std::min(keys.size(), most); ++k)
        list += (k == 0 ? "'" : ", '") + keys[k] + "'";
      if (keys.size() > most)
        list += " and " + std::to_string(keys.size() - most) + " more";
      if (!keys.empty())
        error.note(what + list);
    };
    note("missing: ", result_.missing_keys);
    note("unexpected: ", result_.unexpected_keys);
    throw error;
  }

  const StateDict &torch_;
  const TorchOptions &options_;
  const At at_;
  StateDict ours_;
  std::set<std::string> used_;
  std::map<const Tensor *, std::string> names_;
  LoadResult result_;
};

} // namespace

LoadResult load_torch(Model &model, const StateDict &torch, const TorchOptions &options, std::source_location at) {
  return TorchLoader(torch, options, at).load(model);
}

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Model: declarations, names, the tree of children, reset.
#include "compiler/trace/detail.h"
#include "compiler/trace/host/nearest.h"

#include <algorithm>
#include <atomic>
#include <cxxabi.h>

namespace overtime {

using detail::ModelData;
using detail::Slot;

namespace detail {

std::string unique_name(const std::string &type) {
  static std::mutex mutex;
  static std::map<std::string, int> next;
  std::lock_guard lock(mutex);
  return type + std::to_string(next[type]++);
}

/// "HH" of overtime::models::HH.
static std::string type_name(const Model &model) {
  int status = 0;
  std::unique_ptr<char, void (*)(void *)> text(abi::__cxa_demangle(typeid(model).name(), nullptr, nullptr, &status),
                                               std::free);
  std::string name = status == 0 ? text.get() : "Model";
  name = name.substr(0, name.find('<'));
  size_t colon = name.rfind(':');
  return colon == std::string::npos ? name : name.substr(colon + 1);
}

Model &ModelData::model() const {
  if (!self)
    throw Error(ErrorKind::Usage, "the model" + (name.empty() ? "" : " '" + name + "'") +
                                      " was destroyed; it must live as long as a LoopOverTime over it");
  return *self;
}

const std::string &ModelData::ensure_name() {
  if (name.empty())
    name = unique_name(type_name(model()));
  return name;
}

std::string ModelData::path() const {
  auto above = parent.lock();
  if (!above)
    return "";
  std::string prefix = above->path();
  return prefix.empty() ? name : prefix + "." + name;
}

ModelData &ModelData::root() {
  ModelData *model = this;
  while (auto above = model->parent.lock())
    model = above.get();
  return *model;
}

void ModelData::each(const std::function<void(ModelData &)> &visit) {
  visit(*this);
  for (const auto &child : children)
    child->each(visit);
}

std::vector<std::shared_ptr<Slot>> ModelData::all_slots() {
  std::vector<std::shared_ptr<Slot>> all;
  each([&](ModelData &model) { all.insert(all.end(), model.slots.begin(), model.slots.end()); });
  return all;
}

std::uint64_t ModelData::all_edits() {
  std::uint64_t sum = 0;
  each([&](ModelData &model) { sum += model.edits; });
  return sum;
}

} // namespace detail

Model::Model(Shape size) : data_(std::make_shared<ModelData>()) {
  data_->self = this;
  data_->size = std::move(size);
}
Model::~Model() {
  if (data_ && data_->self == this)
    data_->self = nullptr;
}
Model::Model(Model &&other) noexcept : data_(other.data_) { data_->self = this; }

std::string Model::name() const { return data_->ensure_name(); }
std::string Model::path() const {
  std::string below = data_->path();
  return below.empty() ? name() : data_->root().ensure_name() + "." + below;
}
const Shape &Model::size() const { return data_->size; }

std::string Model::unique_name(const std::string &type) const {
  return detail::unique_name(type.empty() ? detail::type_name(*this) : type);
}

static void check_new_name(const ModelData &model, const std::string &name, const SourceLocation &at) {
  if (name.empty() || name.find('.') != std::string::npos)
    throw Error(ErrorKind::Name, "'" + name + "' is no name: it must not be empty nor hold a '.'", at);
  for (const auto &slot : model.slots)
    if (slot->name == name)
      throw Error(ErrorKind::Name, "'" + name + "' is declared twice", at).note("first declared here", slot->declared);
  for (const auto &child : model.children)
    if (child->name == name)
      throw Error(ErrorKind::Name, "'" + name + "' is a child already", at);
  auto same = [&](const auto &one) { return one.first == name; };
  if (std::ranges::any_of(model.implicit_vars, same) || std::ranges::any_of(model.implicit_nodes, same))
    throw Error(ErrorKind::Name, "'" + name + "' is registered already", at);
}

static std::shared_ptr<Slot> declare(const std::shared_ptr<ModelData> &model, Slot::Kind kind, const std::string &name,
                                     const Init &init, const std::optional<Quantity> &unit, const SourceLocation &at) {
  check_new_name(*model, name, at);
  auto slot = std::make_shared<Slot>();
  slot->kind = kind;
  slot->name = name;
  slot->init = init;
  slot->declared = at;
  slot->owner = model;
  slot->flag = init.is_flag();
  if (unit)
    slot->unit = unit->unit;
  else if (init.number())
    slot->unit = init.number()->unit;
  if (init.number() && !init.number()->unit.dimensionless() && !init.number()->unit.same_dimension(slot->unit))
    throw Error(ErrorKind::Unit,
                "'" + name + "' counts in [" + slot->unit.str() + "], its initial value in [" +
                    init.number()->unit.str() + "]",
                at);
  model->slots.push_back(slot);
  return slot;
}

State Model::declare_state(const std::string &name, const Init &init, std::optional<Shape> shape,
                           std::optional<Quantity> unit, At at) {
  auto slot = declare(data_, Slot::Kind::State, name, init, unit, at);
  slot->shape = shape ? *shape : data_->size;
  return State(slot);
}
State Model::state(const std::string &name, Init init, At at) { return declare_state(name, init, {}, {}, at); }
State Model::state(const std::string &name, Init init, const Quantity &unit, At at) {
  return declare_state(name, init, {}, unit, at);
}
State Model::state(const std::string &name, Init init, const Shape &shape, At at) {
  return declare_state(name, init, shape, {}, at);
}

Param Model::declare_param(const std::string &name, const Init &init, std::optional<Shape> shape,
                           std::optional<Quantity> unit, bool trainable, At at) {
  auto slot = declare(data_, Slot::Kind::Param, name, init, unit, at);
  if (shape)
    slot->shape = *shape;
  else if (init.array())
    slot->shape = init.array()->shape();
  if (init.array() && (init.array()->dtype() == DType::I32 || init.array()->dtype() == DType::U16))
    slot->index = init.array()->dtype();
  slot->trainable = trainable;
  return Param(slot);
}
Param Model::param(const std::string &name, Init init, At at) { return declare_param(name, init, {}, {}, false, at); }
Param Model::param(const std::string &name, Init init, const Quantity &unit, At at) {
  return declare_param(name, init, {}, unit, false, at);
}
Param Model::param(const std::string &name, Init init, const Shape &shape, At at) {
  return declare_param(name, init, shape, {}, false, at);
}
Param Model::weight(const std::string &name, const Shape &shape, Init init, At at) {
  return declare_param(name, init, shape, {}, true, at);
}
Param Model::weight(const std::string &name, const Shape &shape, Init init, const Quantity &unit, At at) {
  return declare_param(name, init, shape, unit, true, at);
}
Input Model::input(const std::string &name, Init init, At at) {
  return Input(declare(data_, Slot::Kind::Input, name, init, {}, at));
}

void Model::adopt(const std::string &name, Model &model, At at) {
  check_new_name(*data_, name, at);
  if (model.data_->parent.lock())
    throw Error(ErrorKind::Usage, "'" + model.data_->path() + "' has a parent already; a model is the child of one",
                at);
  model.data_->name = name;
  model.data_->parent = data_;
  data_->children.push_back(model.data_);
}

void Model::reset_state(std::optional<std::int64_t> batch, std::uint64_t seed, At at) {
  if (batch && *batch < 1)
    throw Error(ErrorKind::Value, "a batch has at least 1 element, got " + std::to_string(*batch), at);
  detail::reset_tree(*data_, batch, seed, at);
}
std::optional<std::int64_t> Model::batch() const { return data_->batch; }

Mode Model::mode() const {
  if (data_->trace && fit())
    return Mode::Training;
  return batch() ? Mode::Batching : Mode::NonBatching;
}

void Model::register_implicit_vars(const std::vector<std::pair<std::string, Monitor>> &vars, At at) {
  for (const auto &[name, variable] : vars) {
    check_new_name(*data_, name, at);
    if (!variable.slot())
      throw Error(ErrorKind::Usage, "'" + name + "' is a function and no variable", at);
    data_->implicit_vars.emplace_back(name, variable.slot());
  }
}

void Model::register_implicit_nodes(const std::vector<std::pair<std::string, Model *>> &nodes, At at) {
  for (const auto &[name, model] : nodes) {
    check_new_name(*data_, name, at);
    if (!model || model->data_.get() == &data_->root())
      throw Error(ErrorKind::Usage, "'" + name + "' is no model that can be below '" + path() + "'", at);
    if (model->data_->parent.lock())
      data_->implicit_nodes.emplace_back(name, model->data_);
    else
      adopt(name, *model, at);
  }
}

std::string Model::method() const { return data_->method; }

Model &Model::to(const std::string &device, At at) { return to(Device(device, at)); }
Model &Model::to(const Device &device) {
  data_->each([&](detail::ModelData &model) { model.device = device; });
  return *this;
}
Model &Model::cpu(At at) { return to("cpu", at); }
Model &Model::cuda(At at) { return to("cuda", at); }
Model &Model::tpu(At at) { return to("tpu", at); }

Neuron::Neuron(std::int64_t n, const Quantity &input_unit, At at)
    : Model(Shape{n}), I(input("I", 0.0 * input_unit, at)) {
  if (n < 1)
    throw Error(ErrorKind::Value, "a population has at least 1 neuron, got " + std::to_string(n), at);
}

/// A step's data is one number for each neuron, or one for all of them or for those of each element of the batch.
static Value current_of(const Model &model, const Tree<Value> &x, const Shape &size) {
  if (!x.is_leaf())
    throw Error(ErrorKind::Usage,
                "'" + model.path() + "' is a population of neurons and takes one array, got a list or a map");
  Value current = x.leaf();
  Shape given = current.shape();
  if (model.batch() && given == Shape{*model.batch()})
    return reshape(current, {*model.batch(), 1});
  Shape full = size;
  if (model.batch())
    full.insert(full.begin(), *model.batch());
  bool fits = given.empty() || given == full ||
              (given.size() == full.size() && given.back() == 1 && (full.size() == 1 || given.front() == full.front()));
  if (fits)
    return current;
  std::string takes = to_string(full) + (model.batch() ? "" : " or one number");
  Error error(ErrorKind::Shape,
              "'" + model.path() + "' takes data of shape " + takes + " a step, got " + to_string(given),
              current.where());
  if (!model.batch() && given.size() == full.size() + 1 && (given.back() == size.front() || given.back() == 1))
    error.note("for a batch of " + std::to_string(given.front()) + " call reset_state(" +
               std::to_string(given.front()) + ") before the run");
  throw error;
}

Tree<Value> Neuron::update(const Tree<Value> &x) {
  if (!x.empty())
    I += current_of(*this, x, size());
  return update();
}

Tree<Value> Layer::update(const Tree<Value> &x) {
  if (x.empty())
    throw Error(ErrorKind::Usage, "'" + path() + "' is a layer and needs data; call the loop with an array");
  if (!x.is_leaf())
    throw Error(ErrorKind::Usage, "'" + path() + "' is a layer and takes one array, got a list or a map");
  return update(x.leaf());
}
Value Layer::call(const Operand &x) { return update(x.value()); }

} // namespace overtime

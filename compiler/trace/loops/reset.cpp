// SPDX-License-Identifier: Apache-2.0
// Initial states: each variable's own value, then initial() of every model, compiled as a program of one step.
#include "compiler/trace/loops/loop_data.h"

namespace overtime::detail {
namespace {

/// What a reset changes, to be put back when it fails.
class Before {
public:
  explicit Before(ModelData &root) {
    root.each([&](ModelData &model) {
      models.push_back({&model, model.batch, model.initialised});
      for (const auto &slot : model.slots)
        slots.emplace_back(slot, slot->numbers);
    });
  }
  void restore() {
    for (const auto &[model, batch, initialised] : models) {
      model->batch = batch;
      model->initialised = initialised;
    }
    for (auto &[slot, numbers] : slots)
      slot->restore(std::move(numbers));
  }

private:
  struct Marks {
    ModelData *model;
    std::optional<std::int64_t> batch;
    bool initialised;
  };
  std::vector<Marks> models;
  std::vector<std::pair<std::shared_ptr<Slot>, Numbers>> slots;
};

void draw_all(ModelData &root, std::optional<std::int64_t> batch, std::uint64_t seed) {
  root.each([&](ModelData &model) {
    model.batch = batch;
    model.initialised = true;
  });
  for (const auto &slot : root.all_slots())
    if (slot->is_state())
      slot->reset(seed);
    else if (!slot->numbers.host)
      slot->ensure(seed);
}

/// The root keeps the loop and its program, so the loop must not keep the root.
void run_initial(ModelData &root, SourceLocation at) {
  if (!root.initial_loop)
    root.initial_loop = std::make_shared<LoopData>(initial_loop(root));
  LoopData &loop = *root.initial_loop;
  loop.options.cache = root.cache;
  struct Held {
    LoopData &loop;
    ~Held() { loop.target.reset(); }
  } held{loop};
  loop.target = root.model().data();
  loop.run_initial(at);
}

} // namespace

LoopData initial_loop(ModelData &root) {
  LoopData loop;
  loop.target = root.model().data();
  loop.options.real = f64;
  loop.options.keep_outputs = false;
  loop.options.cache = root.cache;
  loop.body = [&root](const Tree<Value> &) {
    root.each([](ModelData &model) { model.model().initial(); });
    return Tree<Value>();
  };
  loop.initial = true;
  return loop;
}

void reset_tree(ModelData &root, std::optional<std::int64_t> batch, std::uint64_t seed, SourceLocation at) {
  Before before(root);
  try {
    draw_all(root, batch, seed);
    run_initial(root, at);
    start_delays(root);
  } catch (Error &error) {
    before.restore();
    error.place(at);
    throw;
  } catch (...) {
    before.restore();
    throw;
  }
}

void ensure_initialised(ModelData &root) {
  if (!root.initialised)
    reset_tree(root, root.batch, 0);
}

void prepare_run(ModelData &root, const RunStart &start) {
  ensure_initialised(root);
  root.each([&](ModelData &model) { model.model().before_run(start); });
}

} // namespace overtime::detail

// SPDX-License-Identifier: Apache-2.0
// Calls whose data and results stay where the loop runs.
#include "compiler/trace/loops/loop_data.h"
#include "compiler/trace/loops/recording.h"

namespace overtime {

using detail::Call;
using detail::LoopData;

namespace detail {

/// Data as the checks of a call take it: shapes and types count, addresses are the device's.
Tree<Tensor> LoopData::placed(const Tree<DeviceTensor> &data, SourceLocation at) const {
  Device where = device();
  data.each([&](const std::string &path, const DeviceTensor &x) {
    if (x.device() == where)
      return;
    throw Error(ErrorKind::Device,
                (path.empty() ? "the data" : "data '" + path + "'") + " is on " + x.device().name() +
                    " and the loop runs on " + where.name() + ": bring one to the other with to()",
                at);
  });
  if (where.is_cuda() && options.data_first_axis == 'B' && target->batch)
    throw Error(ErrorKind::Usage,
                "data of a device is taken as [T, B, ...]: data_first_axis = 'B' would move all of it", at);
  return data.map_leaves<Tensor>([](const DeviceTensor &x) { return Tensor::over(x.shape_, x.dtype_, x.data_); });
}

DeviceResult LoopData::run_on_device(Call call) {
  Device where = device();
  call.on_device = where.is_cuda();
  if (call.on_device)
    options.out_vars.each([&](const std::string &path, const Monitor &m) {
      if (!m.recording().direct())
        throw Error(ErrorKind::Usage,
                    "the monitor '" + (m.slot() ? m.path() : path) +
                        "' is recorded on the host; here monitors have a row for every step",
                    call.at);
    });
  LoopResult result;
  try {
    result = run(call);
  } catch (Error &error) { // one without a place of its own is one of the call
    error.place(call.at);
    throw;
  }
  auto there = [&](const Tree<Tensor> &tree) {
    return tree.map_leaves<DeviceTensor>([&](const Tensor &x) {
      auto kept = std::make_shared<Tensor>(x);
      return DeviceTensor(x.shape(), x.dtype(), where, std::shared_ptr<void>(kept, kept->data()));
    });
  };
  return {there(result.out), there(result.vars)};
}

DeviceTensor LoopData::on_device(const Monitor &variable, SourceLocation at) const {
  const std::shared_ptr<Slot> &slot = variable.slot();
  if (!slot)
    throw Error(ErrorKind::Usage, "a function of variables has no numbers of its own on a device", at);
  if (!device().is_cuda())
    return DeviceTensor(slot->as_run(slot->dtype(options.real)));
  std::string where = device().name();
  if (!goes_on() || !last->code.on_device())
    throw Error(ErrorKind::Usage,
                "'" + slot->path() + "' is on the host and not on " + where +
                    ": this loop has not run there since a variable was set or reset; run it first",
                at);
  for (std::size_t k = 0; k < last->states.size() + last->params.size(); ++k) {
    bool is_state = k < last->states.size();
    std::size_t n = is_state ? k : k - last->states.size();
    if ((is_state ? last->states : last->params)[n] != slot)
      continue;
    const driver::ArrayInfo &array = (is_state ? last->info().states : last->info().params)[n];
    return {array.shape, static_cast<DType>(array.dtype), device(), last->code.on_device()->variable(k)};
  }
  throw Error(ErrorKind::Name,
              "the program of this loop does not read '" + slot->path() + "', so " + where + " does not have it", at);
}

} // namespace detail

DeviceResult LoopOverTime::run_on_device(const Tree<DeviceTensor> &x, At at) {
  return data().run_on_device(data().by_data(data().placed(x, at), at));
}
DeviceResult LoopOverTime::steps_on_device(std::int64_t count, At at) {
  return data().run_on_device(data().by_steps(count, at));
}
DeviceTensor LoopOverTime::on_device(const Monitor &variable, At at) const { return data().on_device(variable, at); }

} // namespace overtime

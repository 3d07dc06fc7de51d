// SPDX-License-Identifier: Apache-2.0
// Recorder: takes the rows that the compiled loop leaves in a buffer, and keeps what a monitor asks for.
#include "compiler/trace/loops/recorder.h"

#include "compiler/trace/detail.h"

#include "runtime/abi.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace overtime::detail {
namespace {

constexpr std::size_t events_at_once = 1 << 16; // in memory before they go to the file

void check(int status, const overtime_message &message) {
  if (status != OVERTIME_OK)
    throw Error(ErrorKind::File, message.text);
}

template <class Visit> void with_type(DType dtype, const void *rows, const Visit &visit) {
  switch (dtype) {
  case DType::F32:
    return visit(static_cast<const float *>(rows));
  case DType::F64:
    return visit(static_cast<const double *>(rows));
  case DType::I64:
    return visit(static_cast<const std::int64_t *>(rows));
  case DType::I32:
    return visit(static_cast<const std::int32_t *>(rows));
  case DType::U16:
    return visit(static_cast<const std::uint16_t *>(rows));
  case DType::Bool:
    return visit(static_cast<const std::uint8_t *>(rows));
  }
}

/// Places of a row that are not 0, in order. Most are, so that eight bytes are looked at together.
template <class T, class Visit> void each_event(const T *row, std::int64_t n, const Visit &visit) {
  constexpr std::int64_t group = 8 / sizeof(T);
  std::int64_t k = 0;
  for (; k + group <= n; k += group) {
    std::uint64_t word;
    std::memcpy(&word, row + k, sizeof word);
    if (word != 0)
      for (std::int64_t j = k; j < k + group; ++j)
        if (row[j] != T(0))
          visit(j);
  }
  for (; k < n; ++k)
    if (row[k] != T(0))
      visit(k);
}

} // namespace

Recorder::Recorder(const Monitor &monitor, driver::ArrayInfo row, DType real)
    : what_(std::make_shared<Recording>(monitor.recording())), name_(monitor.slot() ? monitor.slot()->name : "x"),
      row_(std::move(row)), out_type_(what_->dtype(static_cast<DType>(row_.dtype), real)), out_shape_(row_.shape) {
  if (!what_->contiguous()) { // else the loop has cut them out
    std::int64_t low = *std::ranges::min_element(what_->elements);
    for (std::int64_t element : what_->elements)
      places_.push_back(element - low);
    out_shape_.back() = std::ssize(places_);
  }
  elements_ = element_count(out_shape_);
}
Recorder::~Recorder() = default;

std::int64_t Recorder::row_bytes() const {
  return row_.elements() * static_cast<std::int64_t>(size_of(static_cast<DType>(row_.dtype)));
}

std::int64_t Recorder::place(std::int64_t k) const {
  if (places_.empty())
    return k;
  auto chosen = std::ssize(places_);
  return k / chosen * row_.shape.back() + places_[static_cast<std::size_t>(k % chosen)];
}

void Recorder::begin(std::int64_t first, std::int64_t steps, double t0, double dt) {
  if (first != next_) { // reset, or another program ran in between: the window that was open is not this one
    sums_.clear();
    in_window_ = 0;
  }
  next_ = first;
  t0_ = t0;
  dt_ = dt;
  done_ = 0;
  index_.clear();
  step_.clear();
  times_.clear();
  pending_.clear();
  rows_.reset();
  if (!what_->file.empty()) {
    open_file();
  } else if (!what_->events) {
    Shape shape = out_shape_;
    shape.insert(shape.begin(), what_->rows(first, steps));
    rows_.emplace(shape, out_type_);
  }
}

bool Recorder::has_times() const { return what_->file.ends_with(".npz") && name_ != "t"; }

void Recorder::open_file() {
  std::int64_t pair = 2;
  auto dtype = [](DType type) { return static_cast<std::int32_t>(type); };
  std::vector<overtime_named_array> arrays;
  bool archive = what_->file.ends_with(".npz");
  if (what_->events && archive)
    arrays = {{"i", dtype(i64), 0, nullptr, nullptr}, {"t", dtype(f64), 0, nullptr, nullptr}};
  else if (what_->events)
    arrays = {{"events", dtype(f64), 1, &pair, nullptr}};
  else
    arrays = {
        {name_.c_str(), dtype(out_type_), static_cast<std::int32_t>(out_shape_.size()), out_shape_.data(), nullptr}};
  if (!what_->events && has_times())
    arrays.push_back({"t", dtype(f64), 0, nullptr, nullptr});
  overtime_row_file *file = nullptr;
  overtime_message message;
  check(overtime_row_file_open(what_->file.c_str(), arrays.data(), arrays.size(), &file, &message), message);
  file_.reset(file);
}

void Recorder::append(std::size_t array, const void *rows, std::int64_t count) {
  overtime_message message;
  check(overtime_row_file_append(file_.get(), array, rows, count, &message), message);
}

void Recorder::flush() {
  if (!file_)
    return;
  bool archive = what_->file.ends_with(".npz");
  if (!what_->events) {
    auto count = std::ssize(times_);
    append(0, pending_.data(), count);
    if (has_times())
      append(1, times_.data(), count);
  } else {
    std::vector<double> times(step_.size()), pairs(archive ? 0 : 2 * step_.size());
    for (std::size_t k = 0; k < step_.size(); ++k) {
      times[k] = time_of(step_[k]);
      if (!archive) {
        pairs[2 * k] = static_cast<double>(index_[k]);
        pairs[2 * k + 1] = times[k];
      }
    }
    if (archive) {
      append(0, index_.data(), std::ssize(index_));
      append(1, times.data(), std::ssize(times));
    } else {
      append(0, pairs.data(), std::ssize(times));
    }
  }
  pending_.clear();
  times_.clear();
  index_.clear();
  step_.clear();
}

void Recorder::take(const char *rows, std::int64_t count) {
  with_type(static_cast<DType>(row_.dtype), rows,
            [&](const auto *typed) { what_->events ? take_events(typed, count) : take_windows(typed, count); });
  if (!what_->events || index_.size() >= events_at_once)
    flush();
}

template <class T> void Recorder::take_events(const T *rows, std::int64_t count) {
  std::int64_t width = row_.elements();
  for (std::int64_t r = 0; r < count; ++r, ++next_, rows += width) {
    auto note = [&](std::int64_t k) {
      index_.push_back(k);
      step_.push_back(next_);
    };
    if (places_.empty()) {
      each_event(rows, width, note);
      continue;
    }
    for (std::int64_t k = 0; k < elements_; ++k)
      if (rows[place(k)] != T(0))
        note(k);
  }
}

template <class T> void Recorder::take_windows(const T *rows, std::int64_t count) {
  for (std::int64_t r = 0; r < count; ++r, rows += row_.elements()) {
    ++in_window_;
    if (what_->how != Reduce::Last)
      add_to_window(rows);
    if (++next_ % what_->every == 0)
      end_window(rows);
  }
}

template <class T> void Recorder::add_to_window(const T *row) {
  auto fold = [&](const auto &of) {
    for (std::int64_t k = 0; k < elements_; ++k) {
      auto &sum = sums_[static_cast<std::size_t>(k)];
      sum = of(sum, static_cast<double>(row[places_.empty() ? k : place(k)]));
    }
  };
  if (in_window_ == 1) {
    sums_.resize(static_cast<std::size_t>(elements_));
    return fold([](double, double x) { return x; });
  }
  if (what_->how == Reduce::Max) // a NaN stays
    return fold([](double a, double x) { return x > a || x != x ? x : a; });
  if (what_->how == Reduce::Min)
    return fold([](double a, double x) { return x < a || x != x ? x : a; });
  fold([](double a, double x) { return a + x; });
}

template <class T> void Recorder::end_window(const T *row) {
  std::size_t row_size = static_cast<std::size_t>(elements_) * size_of(out_type_);
  char *to = nullptr;
  if (file_) {
    pending_.resize(pending_.size() + row_size);
    to = pending_.data() + pending_.size() - row_size;
    times_.push_back(time_of(next_ - 1));
  } else {
    to = static_cast<char *>(rows_->data()) + static_cast<std::size_t>(done_) * row_size;
  }
  if (what_->how == Reduce::Last && places_.empty()) {
    std::memcpy(to, row, row_size);
  } else if (what_->how == Reduce::Last) {
    for (std::int64_t k = 0; k < elements_; ++k)
      std::memcpy(to + static_cast<std::size_t>(k) * sizeof(T), row + place(k), sizeof(T));
  } else {
    double scale = what_->how == Reduce::Mean ? static_cast<double>(in_window_) : 1.0;
    with_type(out_type_, to, [&](const auto *typed) {
      using Out = std::remove_cvref_t<decltype(*typed)>;
      auto *out = const_cast<Out *>(typed);
      for (std::int64_t k = 0; k < elements_; ++k)
        out[k] = static_cast<Out>(sums_[static_cast<std::size_t>(k)] / scale);
    });
  }
  ++done_;
  in_window_ = 0;
}

Tree<Tensor> Recorder::finish() {
  if (file_) {
    flush();
    overtime_message message;
    check(overtime_row_file_commit(file_.get(), &message), message);
    file_.reset();
  }
  if (!what_->events) {
    if (!rows_) {
      Shape none = out_shape_;
      none.insert(none.begin(), 0);
      return Tensor(none, out_type_);
    }
    Tensor all = *std::exchange(rows_, std::nullopt);
    return done_ < all.shape()[0] ? all.rows(0, done_) : all;
  }
  Tensor index(Shape{std::ssize(index_)}, i64), times(Shape{std::ssize(step_)}, f64);
  std::ranges::copy(index_, index.values<std::int64_t>().begin());
  for (std::size_t k = 0; k < step_.size(); ++k)
    times.values<double>()[k] = time_of(step_[k]);
  index_ = {};
  step_ = {};
  return Tree<Tensor>::map({{"i", index}, {"t", times}});
}

} // namespace overtime::detail

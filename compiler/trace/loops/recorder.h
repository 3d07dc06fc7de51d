// SPDX-License-Identifier: Apache-2.0
// Recorder: takes the rows that the compiled loop leaves in a buffer, and keeps what a monitor asks for.
#pragma once

#include "compiler/driver/ProgramInfo.h"
#include "compiler/trace/host/tensor.h"
#include "compiler/trace/loops/recording.h"

#include "runtime/files/row_file.h"

#include <memory>

namespace overtime::detail {

/// One monitor that is not recorded as the compiled loop writes it. It lives from call to call, so that a window may
/// begin in one and end in another.
class Recorder {
public:
  /// `row`: what the compiled loop writes in a step.
  Recorder(const Monitor &monitor, driver::ArrayInfo row, DType real);
  ~Recorder();
  Recorder(const Recorder &) = delete;
  Recorder &operator=(const Recorder &) = delete;

  bool takes(const driver::ArrayInfo &row) const { return row.shape == row_.shape && row.dtype == row_.dtype; }
  std::int64_t row_bytes() const;

  /// Before a call of `steps` steps after `first` of them since the reset. Opens the file, when there is one.
  void begin(std::int64_t first, std::int64_t steps, double t0, double dt);
  /// The next `count` rows.
  void take(const char *rows, std::int64_t count);
  /// What the call recorded; the file is complete.
  Tree<Tensor> finish();

private:
  struct CloseFile {
    void operator()(overtime_row_file *file) const { overtime_row_file_close(file); }
  };
  template <class T> void take_events(const T *rows, std::int64_t count);
  template <class T> void take_windows(const T *rows, std::int64_t count);
  template <class T> void add_to_window(const T *row);
  template <class T> void end_window(const T *row);
  /// Place in the row of the loop of element k of what is recorded.
  std::int64_t place(std::int64_t k) const;
  /// Whether the file of the rows has an array of their times too; not beside a variable of that name.
  bool has_times() const;
  void open_file();
  void append(std::size_t array, const void *rows, std::int64_t count);
  void flush();
  double time_of(std::int64_t step) const { return t0_ + static_cast<double>(step) * dt_; }

  std::shared_ptr<const Recording> what_;
  std::string name_;
  driver::ArrayInfo row_;
  DType out_type_;
  std::int64_t elements_ = 0;        // of what is recorded, a row
  std::vector<std::int64_t> places_; // in the last axis of the row of the loop; empty: all
  Shape out_shape_;                  // of a row
  // The window that is open.
  std::vector<double> sums_;
  std::int64_t in_window_ = 0;
  std::int64_t next_ = -1; // step since the reset
  // Of the call.
  double t0_ = 0, dt_ = 0;
  std::optional<Tensor> rows_; // in memory
  std::int64_t done_ = 0;      // of them
  std::vector<char> pending_;  // rows on their way to the file
  std::vector<double> times_;
  std::vector<std::int64_t> index_, step_;
  std::unique_ptr<overtime_row_file, CloseFile> file_;
};

} // namespace overtime::detail

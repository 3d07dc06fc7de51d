// SPDX-License-Identifier: Apache-2.0
// The one exception type users see, and where in their source it points.
#pragma once

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>

namespace overtime {

/// A place in the user's source.
struct SourceLocation {
  const char *file = nullptr;
  std::uint32_t line = 0, column = 0;

  SourceLocation() = default;
  SourceLocation(const std::source_location &at) : file(at.file_name()), line(at.line()), column(at.column()) {}
  bool known() const { return file != nullptr && line != 0; }
  std::string str() const; // "hh.cpp:12:9"
};

/// What kind of mistake an Error reports; programs branch on it, people read what().
enum class ErrorKind {
  Shape,  // shapes, ranks or batch sizes that do not fit
  Unit,   // physical dimensions that do not fit
  DType,  // element type that does not fit
  Name,   // unknown or repeated name
  Usage,  // a call that is not allowed here
  Value,  // a number out of range
  File,   // unreadable or damaged file
  Memory, // not enough of it
  Device, // a GPU or its driver that is missing, or failed
  Compile // the compiler rejected the program
};

/// A mistake of the user: "file:line:column: error: message", then notes. Thrown while tracing and at the boundary
/// of every call.
class Error : public std::runtime_error {
public:
  Error(ErrorKind kind, const std::string &message, SourceLocation at = {});

  ErrorKind kind() const { return kind_; }
  SourceLocation where() const { return at_; }

  /// Gives the error a place when it has none.
  Error &place(SourceLocation at);
  /// Adds "note: text" to the message.
  Error &note(const std::string &text);
  /// Adds "file:line: note: text" to the message; nothing when the place is unknown.
  Error &note(const std::string &text, SourceLocation at);
  const char *what() const noexcept override { return text_.c_str(); }

private:
  ErrorKind kind_;
  SourceLocation at_;
  std::string text_;
};

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Composes the text of an Error.
#include "compiler/trace/host/error.h"

namespace overtime {

std::string SourceLocation::str() const {
  if (!known())
    return "";
  std::string text = std::string(file) + ":" + std::to_string(line);
  return column == 0 ? text : text + ":" + std::to_string(column);
}

Error::Error(ErrorKind kind, const std::string &message, SourceLocation at)
    : std::runtime_error(message), kind_(kind), at_(at),
      text_((at.known() ? at.str() + ": " : std::string()) + "error: " + message) {}

Error &Error::place(SourceLocation at) {
  if (!at_.known() && at.known()) {
    at_ = at;
    text_ = at.str() + ": " + text_;
  }
  return *this;
}

Error &Error::note(const std::string &text) {
  text_ += "\nnote: " + text;
  return *this;
}

Error &Error::note(const std::string &text, SourceLocation at) {
  if (at.known())
    text_ += "\n" + std::string(at.file) + ":" + std::to_string(at.line) + ": note: " + text;
  return *this;
}

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Texts of errors about files.
#include "runtime/files/file.h"

#include "runtime/abi.h"

#include <stdarg.h>
#include <stdio.h>

namespace overtime::detail {

int Place::fail(int status, const char *format, ...) const {
  if (!message)
    return status;
  char *text = message->text;
  const size_t size = sizeof message->text;
  int used =
      member ? snprintf(text, size, "%.400s: member '%.100s': ", path, member) : snprintf(text, size, "%.400s: ", path);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text + used, size - static_cast<size_t>(used), format, arguments);
  va_end(arguments);
  for (char *c = text; *c; ++c) // names in a file may hold anything; a message is one line for a terminal
    if (static_cast<unsigned char>(*c) < 0x20 || *c == 0x7f)
      *c = '?';
  return status;
}

int Place::fail_no_memory(uint64_t bytes) const {
  return fail(OVERTIME_NO_MEMORY, "%llu bytes of memory cannot be had", static_cast<unsigned long long>(bytes));
}

} // namespace overtime::detail

// SPDX-License-Identifier: Apache-2.0
// How much memory a run will take, compared with what the machine has, before anything is allocated.
#include "compiler/trace/host/memory_need.h"

#include "compiler/trace/host/error.h"
#include "compiler/trace/host/host_memory.h"

#include <cstdio>

namespace overtime {
namespace {

std::string exact(double bytes) {
  char text[64];
  std::snprintf(text, sizeof text, "%.0f bytes", bytes);
  return text;
}

} // namespace

std::string check_memory(double needed, const std::string &what, const std::string &advice) {
  std::optional<double> available = available_bytes();
  if (!available || needed <= 0.5 * *available)
    return "";
  std::string facts = what + " take " + readable_bytes(needed) + " (" + exact(needed) + "), available are " +
                      readable_bytes(*available) + " (" + exact(*available) + ")";
  if (needed > *available)
    throw Error(ErrorKind::Memory, facts + "; " + advice);
  return facts;
}

} // namespace overtime

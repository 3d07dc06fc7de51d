// SPDX-License-Identifier: Apache-2.0
// How much memory a run will take, compared with what the machine has, before anything is allocated.
#include "compiler/tools/memory_need.h"

#include "compiler/overtime.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace overtime::tools {
namespace {

std::optional<double> number_in_file(const char *path) {
  std::ifstream file(path);
  double number = 0;
  if (file >> number) // "max" is none
    return number;
  return std::nullopt;
}

std::optional<double> available_of_machine() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  for (double kilobytes = 0; file >> name >> kilobytes; std::getline(file, unit))
    if (name == "MemAvailable:")
      return kilobytes * 1024;
  return std::nullopt;
}

std::string exact(double bytes) {
  char text[64];
  std::snprintf(text, sizeof text, "%.0f bytes", bytes);
  return text;
}

} // namespace

std::optional<double> available_bytes() {
  std::optional<double> available = available_of_machine();
  auto limit = number_in_file("/sys/fs/cgroup/memory.max"), used = number_in_file("/sys/fs/cgroup/memory.current");
  if (limit && used) {
    double left = std::max(0.0, *limit - *used);
    available = available ? std::min(*available, left) : left;
  }
  return available;
}

std::string readable_bytes(double bytes) {
  const char *units[] = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};
  int unit = 0;
  for (; bytes >= 1000 && unit < 6; ++unit)
    bytes /= 1000;
  char text[64];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.3g %s", bytes, units[unit]);
  return text;
}

std::string check_memory(double needed, const std::string &what) {
  std::optional<double> available = available_bytes();
  if (!available || needed <= 0.5 * *available)
    return "";
  std::string facts = what + " take " + readable_bytes(needed) + " (" + exact(needed) + "), available are " +
                      readable_bytes(*available) + " (" + exact(*available) + ")";
  if (needed > *available)
    throw Error(ErrorKind::Value, facts + "; run fewer steps, monitor less, or leave the output away with --no-output");
  return facts;
}

} // namespace overtime::tools

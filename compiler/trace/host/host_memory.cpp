// SPDX-License-Identifier: Apache-2.0
// How much memory programs may still take.
#include "compiler/trace/host/host_memory.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace overtime {
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

} // namespace overtime

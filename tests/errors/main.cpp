// SPDX-License-Identifier: Apache-2.0
// overtime_errors NAME: runs one wrong program; prints its error and exits with 1.
#include "tests/errors/cases.h"

#include <cstdio>

int main(int argc, char **argv) {
  using namespace overtime::errors;
  Cases all;
  for (const Cases &cases : {unit_cases(), shape_cases(), name_cases(), call_cases(), equation_cases()})
    all.insert(cases.begin(), cases.end());
  if (argc != 2 || !all.contains(argv[1])) {
    std::fprintf(stderr, "usage: overtime_errors NAME; there is:");
    for (const auto &[name, run] : all)
      std::fprintf(stderr, " %s", name.c_str());
    std::fprintf(stderr, "\n");
    return 2;
  }
  try {
    all[argv[1]]();
  } catch (const overtime::Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  } catch (const std::exception &error) {
    std::fprintf(stderr, "not an overtime::Error: %s\n", error.what());
    return 3;
  }
  std::fprintf(stderr, "no error\n");
  return 4;
}

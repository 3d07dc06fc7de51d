// SPDX-License-Identifier: Apache-2.0
// Lesson 7: ahead of time. A loop becomes a shared library with a C header, which needs no compiler where it runs.
#include "models/neurons/izhikevich.h"

#include <cstdio>
#include <filesystem>

using namespace overtime;

int main(int argc, char **argv) {
  std::filesystem::path folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path() / "overtime_example_07";

  Izhikevich cells(100);
  cells.d.set_value(2.0); // numbers of the moment are what reset() of the library starts from
  LoopOverTime over_time(cells, {.out_vars = cells.V});

  // x86-64-v3: any machine with AVX2; "native" would be this one.
  Artifact program = compile(over_time, {.name = "izhikevich", .target = "x86-64-v3"});
  program.write(folder.string());
  program.write_assembly((folder / "izhikevich.s").string());

  for (const char *file : {"libizhikevich.so", "izhikevich.h", "izhikevich.json", "izhikevich.s"}) {
    std::filesystem::path path = folder / file;
    if (!std::filesystem::exists(path))
      return 1;
    std::printf("%-18s %7ju bytes\n", file, static_cast<std::uintmax_t>(std::filesystem::file_size(path)));
  }
  std::printf("in %s\n\n%s", folder.c_str(), program.header().c_str());
  return 0;
}

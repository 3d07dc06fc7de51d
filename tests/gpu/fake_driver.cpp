// SPDX-License-Identifier: Apache-2.0
// The fake driver in this process, which the runtime finds by the variable OVERTIME_LIBCUDA.
#include "tests/gpu/fake_driver.h"

#include "tests/gpu/fake_cuda.h"

#include <algorithm>
#include <cstdlib>
#include <dlfcn.h>
#include <sstream>
#include <stdexcept>

namespace overtime::test {

// The type is declared in fake_cuda.h; nothing links with the function.
#define FAKE(name) (reinterpret_cast<decltype(&::name)>(dlsym(library, #name)))

FakeDriver::FakeDriver(int capability, unsigned long free_bytes) {
  setenv("OVERTIME_LIBCUDA", OVERTIME_FAKE_CUDA, 1);
  library = dlopen(OVERTIME_FAKE_CUDA, RTLD_NOW);
  if (!library)
    throw std::runtime_error(dlerror());
  calls();
  faults();
  fail_next(nullptr, 0);
  FAKE(fake_cuda_set_device)(capability, free_bytes);
}

std::string FakeDriver::calls() const { return FAKE(fake_cuda_calls)(); }
std::string FakeDriver::faults() const { return FAKE(fake_cuda_faults)(); }
std::string FakeDriver::alive() const { return FAKE(fake_cuda_alive)(); }
void FakeDriver::fail_next(const char *call, int result) const { FAKE(fake_cuda_fail_next)(call, result); }

std::string FakeDriver::calls(const std::vector<std::string> &names) const {
  std::istringstream all(calls());
  std::string line, kept;
  while (std::getline(all, line))
    if (std::find(names.begin(), names.end(), line.substr(0, line.find(' '))) != names.end())
      kept += line + "\n";
  return kept;
}

} // namespace overtime::test

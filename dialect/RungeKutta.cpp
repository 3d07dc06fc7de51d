// SPDX-License-Identifier: Apache-2.0
// Butcher tables. Sources: Hairer, Norsett & Wanner 1993 (classical tables); Ralston 1962; Shu & Osher 1988 (ssprk3);
// Fehlberg 1969 (rkf12, rkf45); Bogacki & Shampine 1989 (bs); Dormand & Prince 1980 (rkdp); Cash & Karp 1990 (ck).
// Embedded methods advance with the published higher-order weights; the step is fixed.
#include "dialect/RungeKutta.h"

#include "llvm/ADT/STLExtras.h"

using llvm::StringRef;

namespace overtime::ir {

static const std::vector<ButcherTable> &tables() {
  static const std::vector<ButcherTable> all = {
      {"euler", {{}}, {1}, {0}},
      {"midpoint", {{}, {1. / 2}}, {0, 1}, {0, 1. / 2}},
      {"heun2", {{}, {1}}, {1. / 2, 1. / 2}, {0, 1}},
      {"ralston2", {{}, {2. / 3}}, {1. / 4, 3. / 4}, {0, 2. / 3}},
      {"rk2", {{}, {2. / 3}}, {1. / 4, 3. / 4}, {0, 2. / 3}},
      {"rk3", {{}, {1. / 2}, {-1, 2}}, {1. / 6, 2. / 3, 1. / 6}, {0, 1. / 2, 1}},
      {"heun3", {{}, {1. / 3}, {0, 2. / 3}}, {1. / 4, 0, 3. / 4}, {0, 1. / 3, 2. / 3}},
      {"ralston3", {{}, {1. / 2}, {0, 3. / 4}}, {2. / 9, 1. / 3, 4. / 9}, {0, 1. / 2, 3. / 4}},
      {"ssprk3", {{}, {1}, {1. / 4, 1. / 4}}, {1. / 6, 1. / 6, 2. / 3}, {0, 1, 1. / 2}},
      {"rk4", {{}, {1. / 2}, {0, 1. / 2}, {0, 0, 1}}, {1. / 6, 1. / 3, 1. / 3, 1. / 6}, {0, 1. / 2, 1. / 2, 1}},
      {"ralston4",
       {{}, {.4}, {.29697761, .15875964}, {.2181004, -3.05096516, 3.83286476}},
       {.17476028, -.55148066, 1.2055356, .17118478},
       {0, .4, .45573725, 1}},
      {"rk4_38rule",
       {{}, {1. / 3}, {-1. / 3, 1}, {1, -1, 1}},
       {1. / 8, 3. / 8, 3. / 8, 1. / 8},
       {0, 1. / 3, 2. / 3, 1}},
      {"rkf12", {{}, {1. / 2}, {1. / 256, 255. / 256}}, {1. / 512, 255. / 256, 1. / 512}, {0, 1. / 2, 1}},
      {"heun_euler", {{}, {1}}, {1. / 2, 1. / 2}, {0, 1}},
      {"bs",
       {{}, {1. / 2}, {0, 3. / 4}, {2. / 9, 1. / 3, 4. / 9}},
       {2. / 9, 1. / 3, 4. / 9, 0},
       {0, 1. / 2, 3. / 4, 1}},
      {"rkf45",
       {{},
        {1. / 4},
        {3. / 32, 9. / 32},
        {1932. / 2197, -7200. / 2197, 7296. / 2197},
        {439. / 216, -8, 3680. / 513, -845. / 4104},
        {-8. / 27, 2, -3544. / 2565, 1859. / 4104, -11. / 40}},
       {16. / 135, 0, 6656. / 12825, 28561. / 56430, -9. / 50, 2. / 55},
       {0, 1. / 4, 3. / 8, 12. / 13, 1, 1. / 2}},
      {"rkdp",
       {{},
        {1. / 5},
        {3. / 40, 9. / 40},
        {44. / 45, -56. / 15, 32. / 9},
        {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
        {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
        {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}},
       {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84, 0},
       {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1}},
      {"ck",
       {{},
        {1. / 5},
        {3. / 40, 9. / 40},
        {3. / 10, -9. / 10, 6. / 5},
        {-11. / 54, 5. / 2, -70. / 27, 35. / 27},
        {1631. / 55296, 175. / 512, 575. / 13824, 44275. / 110592, 253. / 4096}},
       {37. / 378, 0, 250. / 621, 125. / 594, 0, 512. / 1771},
       {0, 1. / 5, 3. / 10, 3. / 5, 1, 7. / 8}},
  };
  return all;
}

const ButcherTable *lookupButcherTable(StringRef method) {
  if (method == "heun")
    method = "heun2";
  if (method == "euler_maruyama" || method == "milstein")
    method = "euler";
  for (const ButcherTable &table : tables())
    if (table.name == method)
      return &table;
  return nullptr;
}

bool isExponentialEuler(StringRef method) {
  return llvm::is_contained({"exp_euler", "exp_auto", "exp_euler_auto", "exponential_euler"}, method);
}

llvm::ArrayRef<StringRef> stochasticMethods() {
  static const StringRef names[] = {"euler", "euler_maruyama", "milstein", "heun", "exp_euler"};
  return names;
}

bool takesNoise(StringRef method) {
  return isExponentialEuler(method) || method == "heun2" || llvm::is_contained(stochasticMethods(), method);
}

llvm::ArrayRef<StringRef> integrationMethods() {
  static const std::vector<StringRef> names = [] {
    std::vector<StringRef> all = {"exp_euler", "exp_auto",       "exp_euler_auto", "exponential_euler",
                                  "heun",      "euler_maruyama", "milstein"};
    for (const ButcherTable &table : tables())
      all.push_back(table.name);
    return all;
  }();
  return names;
}

} // namespace overtime::ir

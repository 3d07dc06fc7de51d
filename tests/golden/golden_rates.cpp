// SPDX-License-Identifier: Apache-2.0
// Rate models against BrainPy's: both states at each step.
#include "models/rates/rate_fhn.h"
#include "models/rates/stuart_landau.h"
#include "models/rates/wilson_cowan.h"
#include "tests/golden/golden_test.h"

#include <catch2/catch.hpp>

using namespace overtime;
using namespace overtime::golden;

namespace {

/// The equations of BrainPy 2.4.4, with - w y where Stuart and Landau have + w x. They check all but that line; the
/// model itself is compared with its solution in tests/models/rates.cpp.
struct StuartLandau244 : StuartLandauOscillator {
  using StuartLandauOscillator::StuartLandauOscillator;
  void equations() override {
    Value growth = a - square(x) - square(y);
    ddt(x) = (growth * x - w * y + I) / ms;
    ddt(y) = (growth * y - w * y + I_y) / ms;
  }
};

template <class M> void check_rate(const std::string &name) {
  Case c = load(name);
  std::int64_t steps = c.expected("x").shape()[0];
  for (DType real : {f64, f32}) {
    INFO(name << " in " << name_of(real));
    M model(c.input("init_x").size());
    model.x.set_value(c.input("init_x"));
    model.y.set_value(c.input("init_y"));
    LoopOverTime over_time(model, {.out_vars = {model.x, model.y}, .dt = 0.1, .real = real, .cache = false});
    LoopResult r = over_time(repeated(c.input("ext").to(real), steps));
    auto tolerance = [&](const char *column) {
      return real == f64 ? Tolerance{.relative = 1e-9} : f32_tolerance(c, column); // README.md: (exp(z) - 1) / z
    };
    CHECK(difference("x", r[model.x], c.expected("x"), tolerance("x")) == "");
    CHECK(difference("y", r[model.y], c.expected("y"), tolerance("y")) == "");
    CHECK(difference("output", r.out.leaf(), r[model.x], {}) == "");
  }
}

} // namespace

TEST_CASE("RateFHN gives BrainPy's numbers", "[golden]") { check_rate<RateFHN>("rate_fhn"); }
TEST_CASE("WilsonCowan gives BrainPy's numbers", "[golden]") { check_rate<WilsonCowan>("rate_wc"); }
TEST_CASE("StuartLandauOscillator with BrainPy's second equation gives its numbers", "[golden]") {
  check_rate<StuartLandau244>("rate_sl");
}

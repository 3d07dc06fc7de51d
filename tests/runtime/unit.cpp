// SPDX-License-Identifier: Apache-2.0
// How units are written.
#include "compiler/trace/host/unit.h"

#include <catch2/catch.hpp>

using namespace overtime;

TEST_CASE("units are written with familiar symbols") {
  CHECK(Unit{}.str() == "1");
  CHECK(mV.unit.str() == "mV");
  CHECK(nA.unit.str() == "nA");
  CHECK((uA / cm2).unit.str() == "uA cm^-2");
  CHECK((mS / cm2).unit.str() == "mS cm^-2");
  CHECK((uF / cm2).unit.str() == "uF cm^-2");
  CHECK(MOhm.unit.str() == "MOhm");
  CHECK(nF.unit.str() == "nF");
  CHECK(uS.unit.str() == "uS");
  CHECK((1 / ms).unit.str() == "ms^-1");
  CHECK(Hz.unit.str() == "Hz");
  CHECK(cm2.unit.str() == "cm^2");
}

TEST_CASE("units that come out of arithmetic have the same symbols") {
  CHECK((nA / mV).unit.str() == "uS");
  CHECK((nA * ms / mV).unit.str() == "nF");
  CHECK((mV / nA).unit.str() == "MOhm");
  CHECK((uF / cm2 * mV / ms).unit.str() == "uA cm^-2");
  CHECK((mV / mV).unit.str() == "1");
}

TEST_CASE("other units are written in base symbols, with a factor when there is one") {
  CHECK((mV / ms).unit.str() == "ms^-1 mV");
  CHECK((mV * mV).unit.str() == "mV^2");
  CHECK((uA / cm2 / ms).unit.str() == "ms^-1 uA cm^-2");
  CHECK((volt * volt).unit.str() == "1000000 mV^2");
  CHECK((volt / mV).unit.str() == "1000");
  CHECK((1 / second / second).unit.str() == "1e-06 ms^-2");
}

// SPDX-License-Identifier: Apache-2.0
// Units: checked while tracing, converted where their scales differ, gone afterwards.
#include "models/neurons/lif.h"
#include "tests/trace/helper.h"

using namespace overtime;
using namespace overtime::test;

namespace {

/// The member `x` in mV, `I` in nA; the step is given.
struct Membrane : Model {
  explicit Membrane(std::function<Tree<Value>(Membrane &)> step) : Model(Shape{}), step(std::move(step)) {}
  std::function<Tree<Value>(Membrane &)> step;
  State V = state("V", -65_mV);
  Param I = param("I", 2_nA), R = param("R", 10 * MOhm), tau = param("tau", 20_ms), g = param("g", 3 * nS);
  Tree<Value> update(const Tree<Value> &) override { return step(*this); }
};

double run(const std::function<Tree<Value>(Membrane &)> &step) {
  Membrane model(step);
  return LoopOverTime(model, {.real = f64, .cache = false}).steps(1).out.leaf()[0];
}
std::string mistake(const std::vector<std::string> &texts, const std::function<Tree<Value>(Membrane &)> &step) {
  return fails(ErrorKind::Unit, texts, [&] { run(step); });
}

} // namespace

TEST_CASE("different dimensions cannot be added; the message has both and both places", "[trace]") {
  unsigned line = __LINE__ + 1;
  auto wrong = [](Membrane &m) { return m.I + m.V; };
  CHECK(mistake({here(__FILE__, line), "cannot add a value in [nA] and a value in [mV]"}, wrong) == "");
  CHECK(mistake({"cannot subtract a value in [mV] and a dimensionless value"}, [](Membrane &m) { return m.V - 3; }) ==
        "");
  CHECK(mistake({"cannot compare a value in [mV] and a value in [ms]"}, [](Membrane &m) { return m.V < m.tau; }) == "");
  CHECK(mistake({"cannot choose between"}, [](Membrane &m) { return where(m.V > -70_mV, m.V, m.I); }) == "");
  CHECK(mistake({"maximum"}, [](Membrane &m) { return maximum(m.V, 1_nA); }) == "");
}

TEST_CASE("0 fits any unit", "[trace]") {
  CHECK(run([](Membrane &m) { return m.V + 0; }) == -65.0);
  CHECK(run([](Membrane &m) { return maximum(m.V, 0); }) == 0.0);
  CHECK(run([](Membrane &m) { return where(m.V < 0, m.V, 0); }) == -65.0);
}

TEST_CASE("coherent units need no factor: MOhm * nA = mV", "[trace]") {
  CHECK(run([](Membrane &m) { return m.V + m.R * m.I; }) == -45.0);
}

TEST_CASE("different scales of one dimension are converted", "[trace]") {
  CHECK(run([](Membrane &m) { return (m.V + 0.1 * volt) / mV; }) == Approx(35.0).epsilon(1e-15));
  CHECK(run([](Membrane &m) { return (m.I + 500 * pA) / nA; }) == Approx(2.5).epsilon(1e-15));
  CHECK(run([](Membrane &m) { return (m.I + 1 * uA) / nA; }) == Approx(1002.0).epsilon(1e-15));
  CHECK(run([](Membrane &m) { return (m.tau + 1_s) / ms; }) == Approx(1020.0).epsilon(1e-15));
  CHECK(run([](Membrane &m) { return as_real(m.V > -0.07 * volt); }) == 1.0);
  CHECK(run([](Membrane &m) { return (m.I + m.g * m.V) / nA; }) == Approx(2.0 - 0.195).epsilon(1e-14)); // nS mV = pA
  CHECK(run([](Membrane &m) { return maximum(m.I, 1 * uA) / nA; }) == Approx(1000.0).epsilon(1e-15));
}

TEST_CASE("functions take plain numbers", "[trace]") {
  CHECK(mistake({"exp takes a dimensionless value", "[mV]", "V / mV"}, [](Membrane &m) { return exp(m.V); }) == "");
  CHECK(run([](Membrane &m) { return exp(m.V / mV + 65); }) == 1.0);
  CHECK(run([](Membrane &m) { return exp(m.V / volt); }) == Approx(std::exp(-0.065)).epsilon(1e-14));
}

TEST_CASE("sqrt needs even powers, abs and square keep and square the unit", "[trace]") {
  CHECK(mistake({"even powers", "[mV]"}, [](Membrane &m) { return sqrt(m.V); }) == "");
  CHECK(run([](Membrane &m) { return sqrt(square(m.V)) + m.V; }) == 0.0);
  CHECK(run([](Membrane &m) { return abs(m.V) + m.V; }) == 0.0);
}

TEST_CASE("a state takes values of its dimension; plain literals count in its unit", "[trace]") {
  CHECK(run([](Membrane &m) { return (m.V = -50) / mV; }) == -50.0);
  CHECK(run([](Membrane &m) { return (m.V = -0.05 * volt) / mV; }) == Approx(-50.0).epsilon(1e-15));
  CHECK(mistake({"'V' is a value in [mV]", "[nA]", "declared here"}, [](Membrane &m) { return Value(m.V = m.I); }) ==
        "");
}

TEST_CASE("a derivative is in the state's unit per ms; both are named", "[trace]") {
  struct Wrong : Model {
    Wrong() : Model(Shape{}) {}
    State V = state("V", -65_mV);
    unsigned line = __LINE__ + 1;
    void equations() override { ddt(V) = -V; }
    Tree<Value> update(const Tree<Value> &) override { return integrate(), Value(V); }
  } model;
  LoopOverTime over_time(model, {.cache = false});
  CHECK(fails(ErrorKind::Unit, {here(__FILE__, model.line), "dV/dt must be in [", "got [mV]", "declared here in [mV]"},
              [&] { over_time(1.0); }) == "");
}

TEST_CASE("units have the symbols people write", "[trace]") {
  CHECK(mV.unit.str() == "mV");
  CHECK((mS / cm2).unit.str() == "mS cm^-2");
  CHECK((uA / cm2).unit.str() == "uA cm^-2");
  CHECK((nA * MOhm).unit.str() == "mV");
  CHECK(dimensionless.str() == "1");
}

TEST_CASE("an initial value in another dimension is an error", "[trace]") {
  struct Wrong : Model {
    State V = state("V", 3_nA, mV);
  };
  struct Concrete : Wrong {
    Tree<Value> update(const Tree<Value> &) override { return {}; }
  };
  CHECK(fails(ErrorKind::Unit, {"'V' counts in [mV]", "[nA]"}, [] { Concrete model; }) == "");
}

TEST_CASE("a quantity that is set is converted to the unit of the variable", "[trace]") {
  LIF lif(2);
  lif.R.set_value(0.02 * GOhm);
  CHECK(lif.R.value()[0] == Approx(20));
  lif.V.set_value(volt / 100);
  CHECK(lif.V.value()[1] == Approx(10));
  lif.tau.set_value(30); // a number is in that unit
  CHECK(lif.tau.value()[0] == 30);
  CHECK(fails(ErrorKind::Unit, {"'R' counts in [MOhm]", "its value in [mV]", "declared here"},
              [&] { lif.R.set_value(3_mV); }) == "");
}

TEST_CASE("data without a unit counts in the unit of the input", "[trace]") {
  struct Sum : Neuron {
    Sum() : Neuron(1, uA / cm2) {}
    using Neuron::update;
    Value update() override { return I / (nA / cm2); }
  } model;
  CHECK(LoopOverTime(model, {.real = f64, .cache = false})(Tensor::full({1, 1}, 2, f64)).out.leaf()[0] ==
        Approx(2000.0));
}

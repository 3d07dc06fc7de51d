// SPDX-License-Identifier: Apache-2.0
// The operations of dyn: the loop over time, differential equations, random numbers.
#include "compiler/reference/Evaluator.h"
#include "dialect/Dyn.h"
#include "dialect/RungeKutta.h"
#include "runtime/random.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;

namespace overtime::reference {
namespace {

double numberOf(const APFloat &value) { return value.convertToDouble(); }

/// t0 + (k0 + k) dt in double from the integer, then rounded to the type of the block's time.
Cell timeOfStep(Evaluator &evaluator, ir::LoopOverTimeOp loop, int64_t k) {
  const Cell &t0 = evaluator.getScalar(loop.getT0());
  int64_t count = int64_t(uint64_t(evaluator.getInteger(loop.getK0())) + uint64_t(k));
  double t = t0.value + double(count) * numberOf(loop.getDt());
  return realCell(loop.time().getType().isF32() ? double(float(t)) : t, t0.tangent);
}

/// Row k of a tensor with a time axis.
DatumRef sliceOf(const Datum &sequence, int64_t k) {
  std::vector<int64_t> shape(sequence.shape.begin() + 1, sequence.shape.end());
  int64_t size = *countElements(shape);
  auto begin = sequence.cells.begin() + k * size;
  return std::make_shared<const Datum>(Datum{shape, std::vector<Cell>(begin, begin + size)});
}

/// Tensors with a time axis of `steps`, to be filled row by row.
std::optional<std::vector<Datum>> allocateStacks(Evaluator &evaluator, ir::LoopOverTimeOp loop, int64_t steps) {
  std::vector<Datum> stacks;
  for (Value result : loop.getResults().drop_front(loop.getInits().size())) {
    SmallVector<int64_t> shape(cast<RankedTensorType>(result.getType()).getShape());
    shape[0] = steps;
    std::optional<Datum> stack = evaluator.allocate(loop, shape);
    if (!stack)
      return std::nullopt;
    stacks.push_back(std::move(*stack));
  }
  return stacks;
}

bool checkSteps(Evaluator &evaluator, ir::LoopOverTimeOp loop, int64_t steps) {
  if (steps < 0)
    return evaluator.fail(loop, "is asked for " + Twine(steps) + " steps; give 0 or more");
  for (auto [j, tensor] : llvm::enumerate(loop.getScanned()))
    if (int64_t rows = evaluator.get(tensor)->shape[0]; rows < steps)
      return evaluator.fail(loop, "runs " + Twine(steps) + " steps, but scanned tensor " + Twine(j) + " has " +
                                      Twine(rows) + " rows");
  return true;
}

bool evaluateLoop(Evaluator &evaluator, Operation *op) {
  auto loop = cast<ir::LoopOverTimeOp>(op);
  int64_t steps = evaluator.getInteger(loop.getSteps());
  if (!checkSteps(evaluator, loop, steps))
    return false;
  std::optional<std::vector<Datum>> stacks = allocateStacks(evaluator, loop, steps);
  if (!stacks)
    return false;
  std::vector<DatumRef> carried;
  for (Value init : loop.getInits())
    carried.push_back(evaluator.get(init));
  size_t n = carried.size();
  for (int64_t done = 0; done < steps; ++done) {
    int64_t k = loop.getReverse() ? steps - 1 - done : done;
    int64_t index = int64_t(uint64_t(evaluator.getInteger(loop.getI0())) + uint64_t(k));
    std::vector<DatumRef> arguments = {scalar(integerCell(index)), scalar(timeOfStep(evaluator, loop, k))};
    llvm::append_range(arguments, carried);
    for (Value tensor : loop.getScanned())
      arguments.push_back(sliceOf(*evaluator.get(tensor), k));
    std::optional<std::vector<DatumRef>> yielded = evaluator.run(loop.step(), arguments);
    if (!yielded)
      return false;
    carried.assign(yielded->begin(), yielded->begin() + n);
    for (size_t j = 0; j < stacks->size(); ++j) {
      const Datum &row = *(*yielded)[n + j];
      llvm::copy(row.cells, (*stacks)[j].cells.begin() + k * row.cells.size());
    }
  }
  for (size_t j = 0; j < n; ++j)
    if (!evaluator.bind(loop->getResult(j), *carried[j]))
      return false;
  for (size_t j = 0; j < stacks->size(); ++j)
    if (!evaluator.bind(loop->getResult(n + j), std::move((*stacks)[j])))
      return false;
  return true;
}

/// Derivatives of all states at a time and state, then the diffusions of those with noise.
std::optional<std::vector<DatumRef>> slopes(Evaluator &evaluator, ir::IntegrateOp op, Cell time,
                                            ArrayRef<DatumRef> states) {
  std::vector<DatumRef> arguments = {scalar(evaluator.round(time, op.getTime().getType()))};
  llvm::append_range(arguments, states);
  return evaluator.run(op.getBody(), arguments);
}

/// y + dt * sum_s weight_s k_s[j], for state j.
Datum combine(const Datum &y, double dt, ArrayRef<double> weights, ArrayRef<std::vector<DatumRef>> stages, size_t j) {
  Datum result = y;
  for (size_t e = 0; e < y.cells.size(); ++e) {
    Cell sum;
    for (size_t s = 0; s < weights.size(); ++s)
      sum = add(sum, multiply(realCell(weights[s]), stages[s][j]->cells[e]));
    result.cells[e] = add(y.cells[e], multiply(realCell(dt), sum));
  }
  return result;
}

bool integrateRungeKutta(Evaluator &evaluator, ir::IntegrateOp op, const ir::ButcherTable &table,
                         ArrayRef<DatumRef> states) {
  double dt = numberOf(op.getDt());
  std::vector<std::vector<DatumRef>> stages;
  for (size_t s = 0; s < table.b.size(); ++s) {
    ArrayRef<double> weights = s < table.a.size() ? ArrayRef<double>(table.a[s]) : ArrayRef<double>();
    std::vector<DatumRef> at;
    for (auto [j, state] : llvm::enumerate(states)) {
      Datum moved = combine(*state, dt, weights.take_front(s), stages, j);
      evaluator.round(moved, op.getResult(j).getType());
      at.push_back(std::make_shared<const Datum>(std::move(moved)));
    }
    Cell time = add(evaluator.getScalar(op.getTime()), realCell(table.c[s] * dt));
    std::optional<std::vector<DatumRef>> slope = slopes(evaluator, op, time, at);
    if (!slope)
      return false;
    stages.push_back(std::move(*slope));
  }
  for (auto [j, state] : llvm::enumerate(states))
    if (!evaluator.bind(op->getResult(j), combine(*state, dt, table.b, stages, j)))
      return false;
  return true;
}

Datum withTangent(const Datum &datum, double tangent) {
  Datum seeded = datum;
  for (Cell &cell : seeded.cells)
    cell.tangent = tangent;
  return seeded;
}

/// g dW of every element of state j, 0 where it has no noise; dW is sqrt(dt) times a normal number unless `deviations`
/// has other factors.
Datum noiseTerm(Evaluator &evaluator, ir::IntegrateOp op, ArrayRef<DatumRef> equations, size_t j,
                ArrayRef<double> deviations = {}) {
  std::optional<size_t> noise = op.noiseOf(j);
  Datum term = *equations[j];
  for (size_t e = 0; e < term.cells.size(); ++e) {
    double deviation = deviations.empty() ? std::sqrt(numberOf(op.getDt())) : deviations[e];
    term.cells[e] = noise ? realCell(equations[op.getStates().size() + *noise]->cells[e].value * deviation *
                                     evaluator.get(op.getNoise()[*noise])->cells[e].value)
                          : Cell();
  }
  return term;
}

/// y + dt f + g dW of all states, from the means of the equations given.
std::vector<Datum> eulerStep(Evaluator &evaluator, ir::IntegrateOp op, ArrayRef<DatumRef> states,
                             ArrayRef<std::vector<DatumRef>> equations) {
  std::vector<Datum> next;
  double dt = numberOf(op.getDt()), part = 1.0 / double(equations.size());
  for (size_t j = 0; j < states.size(); ++j) {
    next.push_back(*states[j]);
    for (const std::vector<DatumRef> &at : equations) {
      Datum noise = noiseTerm(evaluator, op, at, j);
      for (size_t e = 0; e < noise.cells.size(); ++e)
        next[j].cells[e].value += part * (dt * at[j]->cells[e].value + noise.cells[e].value);
    }
  }
  return next;
}

/// Heun's method averages drift and diffusion with those where Euler's step ends.
bool integrateStochastic(Evaluator &evaluator, ir::IntegrateOp op, ArrayRef<DatumRef> states) {
  double dt = numberOf(op.getDt());
  std::optional<std::vector<DatumRef>> here = slopes(evaluator, op, evaluator.getScalar(op.getTime()), states);
  if (!here)
    return false;
  std::vector<Datum> next = eulerStep(evaluator, op, states, {*here});
  if (op.getMethod().starts_with("heun")) {
    std::vector<DatumRef> moved;
    for (auto [j, datum] : llvm::enumerate(next)) {
      evaluator.round(datum, op.getResult(j).getType());
      moved.push_back(std::make_shared<const Datum>(datum));
    }
    Cell time = add(evaluator.getScalar(op.getTime()), realCell(dt));
    std::optional<std::vector<DatumRef>> there = slopes(evaluator, op, time, moved);
    if (!there)
      return false;
    next = eulerStep(evaluator, op, states, {*here, *there});
  }
  for (size_t j = 0; j < states.size(); ++j)
    if (!evaluator.bind(op->getResult(j), std::move(next[j])))
      return false;
  return true;
}

/// Euler's step and, for each state with noise, g g' (dW^2 - dt) / 2 with g' from a run in which that state has a
/// tangent.
bool integrateMilstein(Evaluator &evaluator, ir::IntegrateOp op, ArrayRef<DatumRef> states) {
  if (evaluator.differentiating)
    return evaluator.fail(op, "with method milstein is inside other equations, which would need second derivatives");
  double dt = numberOf(op.getDt());
  size_t n = states.size();
  for (size_t j = 0; j < n; ++j) {
    std::vector<DatumRef> seeded(states.begin(), states.end());
    seeded[j] = std::make_shared<const Datum>(withTangent(*states[j], 1.0));
    evaluator.differentiating = true;
    std::optional<std::vector<DatumRef>> at = slopes(evaluator, op, evaluator.getScalar(op.getTime()), seeded);
    evaluator.differentiating = false;
    if (!at)
      return false;
    Datum next = eulerStep(evaluator, op, states, {*at})[j];
    if (std::optional<size_t> noise = op.noiseOf(j))
      for (size_t e = 0; e < next.cells.size(); ++e) {
        const Cell &g = (*at)[n + *noise]->cells[e];
        double xi = evaluator.get(op.getNoise()[*noise])->cells[e].value;
        next.cells[e].value += 0.5 * g.value * g.tangent * dt * (xi * xi - 1.0);
      }
    if (!evaluator.bind(op->getResult(j), std::move(next)))
      return false;
  }
  return true;
}

/// y + dt exprel(dt l) f, with l the derivative of each equation in its own state alone: one run a state, in which only
/// that state has a tangent. What is captured from outside has none, because nothing outside is being seeded.
bool integrateExponentialEuler(Evaluator &evaluator, ir::IntegrateOp op, ArrayRef<DatumRef> states) {
  if (evaluator.differentiating)
    return evaluator.fail(op, "with method exp_euler is inside the equations of another one, which would need second "
                              "derivatives; use an explicit method for the inner equations");
  double dt = numberOf(op.getDt());
  for (size_t j = 0; j < states.size(); ++j) {
    std::vector<DatumRef> seeded(states.begin(), states.end());
    seeded[j] = std::make_shared<const Datum>(withTangent(*states[j], 1.0));
    evaluator.differentiating = true;
    std::optional<std::vector<DatumRef>> slope = slopes(evaluator, op, evaluator.getScalar(op.getTime()), seeded);
    evaluator.differentiating = false;
    if (!slope)
      return false;
    Datum next = *states[j];
    std::vector<double> deviations;
    for (const Cell &f : (*slope)[j]->cells)
      deviations.push_back(std::sqrt(dt * exprel(2.0 * dt * f.tangent)));
    Datum noise = noiseTerm(evaluator, op, *slope, j, deviations);
    for (size_t e = 0; e < next.cells.size(); ++e) {
      const Cell &f = (*slope)[j]->cells[e];
      next.cells[e].value += dt * exprel(dt * f.tangent) * f.value + noise.cells[e].value;
    }
    if (!evaluator.bind(op->getResult(j), std::move(next)))
      return false;
  }
  return true;
}

bool evaluateIntegrate(Evaluator &evaluator, Operation *op) {
  auto integrate = cast<ir::IntegrateOp>(op);
  std::vector<DatumRef> states;
  for (Value state : integrate.getStates())
    states.push_back(evaluator.get(state));
  if (ir::isExponentialEuler(integrate.getMethod()))
    return integrateExponentialEuler(evaluator, integrate, states);
  if (!integrate.getNoise().empty())
    return integrate.getMethod() == "milstein" ? integrateMilstein(evaluator, integrate, states)
                                               : integrateStochastic(evaluator, integrate, states);
  if (const ir::ButcherTable *table = ir::lookupButcherTable(integrate.getMethod()))
    return integrateRungeKutta(evaluator, integrate, *table, states);
  return evaluator.fail(op, "has the unknown method '" + integrate.getMethod() + "'");
}

/// One element; bind rounds it.
double drawn(ir::RandomOp random, bool isF32, uint64_t seed, int64_t step, uint32_t element) {
  uint32_t stream = random.getStream();
  if (random.isNormal())
    return isF32 ? overtime_normal_f32(seed, stream, step, element) : overtime_normal_f64(seed, stream, step, element);
  return isF32 ? double(overtime_uniform_f32(seed, stream, step, element))
               : overtime_uniform_f64(seed, stream, step, element);
}

bool evaluateRandom(Evaluator &evaluator, Operation *op) {
  auto random = cast<ir::RandomOp>(op);
  Type type = random.getResult().getType();
  auto tensor = dyn_cast<RankedTensorType>(type);
  std::optional<Datum> datum = evaluator.allocate(op, tensor ? tensor.getShape() : ArrayRef<int64_t>());
  if (!datum)
    return false;
  uint32_t first = 0;
  for (auto [d, index] : llvm::enumerate(random.getIndices()))
    first = first * uint32_t((*random.getShape())[d]) + uint32_t(evaluator.getInteger(index));
  auto seed = uint64_t(evaluator.getInteger(random.getSeed()));
  int64_t step = evaluator.getInteger(random.getStep());
  bool isF32 = getElementTypeOrSelf(type).isF32();
  for (uint32_t e = 0; e < datum->cells.size(); ++e)
    datum->cells[e] = realCell(drawn(random, isF32, seed, step, first + e));
  return evaluator.bind(op->getResult(0), std::move(*datum));
}

} // namespace

void addDynRules(RuleTable &table) {
  table["dyn.loop_over_time"] = evaluateLoop;
  table["dyn.integrate"] = evaluateIntegrate;
  table["dyn.random"] = evaluateRandom;
}

} // namespace overtime::reference

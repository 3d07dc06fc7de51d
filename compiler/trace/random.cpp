// SPDX-License-Identifier: Apache-2.0
// Random numbers inside a step: draws of the dialect, and the distributions made of them.
#include "compiler/trace/trace.h"

#include "dialect/Dyn.h"

#include <cmath>

namespace overtime {

using detail::Trace;

namespace {

std::uint32_t stream_number(const std::string &name) {
  std::uint32_t h = 2166136261u; // FNV-1a
  for (unsigned char c : name)
    h = (h ^ c) * 16777619u;
  return h;
}

Value draw(Trace &trace, const char *distribution, std::uint32_t stream, const Shape &shape, SourceLocation at) {
  auto drawn = ir::RandomOp::create(trace.builder, trace.location(at), trace.type(shape, trace.settings.real),
                                    trace.builder.getStringAttr(distribution), trace.seed, Trace::unwrap(trace.index),
                                    trace.builder.getI32IntegerAttr(static_cast<std::int32_t>(stream)),
                                    mlir::ValueRange(), mlir::DenseI64ArrayAttr());
  return trace.wrap(drawn.getResult(), {}, at);
}

void require_probability(const Operand &p) {
  if (p.is_literal() && !(p.literal().value >= 0.0 && p.literal().value <= 1.0))
    throw Error(ErrorKind::Value, "a probability is between 0 and 1, got " + std::to_string(p.literal().value),
                p.where());
}

/// Where means are larger, the asymptotic quantile is taken in place of a sum: it misses the distribution function by
/// less than 4e-5 there.
constexpr double large_mean = 12.0;

/// Number of terms behind which a uniform number never is.
int poisson_terms(double mean) {
  double term = std::exp(-mean), below = term;
  int count = 1;
  while (1.0 - below > 0x1p-34 && count < 64) {
    term *= mean / count++;
    below += term;
  }
  return count;
}

/// How many values of the distribution function lie at or below u: the inverse of it. The mean is a Value, or a double
/// and then so are those values.
template <class Mean> Value poisson_by_counting(const Value &u, const Mean &mean, double largest) {
  using std::exp;
  Mean term = exp(-mean), below = term;
  Value count = where(u >= below, 1, 0);
  for (int k = 1; k < poisson_terms(largest); ++k) {
    term = term * (mean * (1.0 / k));
    below = below + term;
    count = where(u >= below, k + 1, count); // the last that holds: the values grow
  }
  return count;
}

/// The quantile of a normal z expanded in powers of mean^(-1/2), rounded down; Giles 2016, ACM TOMS 42, 7, eq. 8.
template <class Mean> Value poisson_by_expansion(const Value &z, const Mean &mean) {
  using std::sqrt;
  Mean root = sqrt(mean), inverse = 1.0 / mean;
  Value w2 = square(z), skew = z * (w2 * (1.0 / 72) + 1.0 / 36), tail = w2 * (w2 * (1.0 / 270) + 7.0 / 810) - 8.0 / 405;
  Value x = root * z + (mean + (w2 * (1.0 / 6) + 1.0 / 3)) + inverse * (tail - root * skew);
  return maximum(floor(x), 0);
}

} // namespace

Value Model::random(const char *distribution, const std::string &stream, const Shape &shape, SourceLocation at) {
  if (!data_->trace)
    throw Error(ErrorKind::Usage, "random numbers exist only inside a step", at);
  Trace &trace = *data_->trace;
  std::string below = data_->path(), name = below.empty() ? stream : below + "/" + stream;
  std::uint32_t key = stream_number(name);
  if (auto [used, fresh] = trace.streams.try_emplace(key, name, at); !fresh) {
    const auto &[first, where] = used->second;
    throw Error(ErrorKind::Name,
                first == name ? "the stream '" + name +
                                    "' is drawn twice in one step and would give the same numbers "
                                    "again; draw another stream"
                              : "the streams '" + first + "' and '" + name + "' have the same key; rename one of them",
                at)
        .note("'" + first + "' is drawn here", where);
  }
  return draw(trace, distribution, key, shape, at);
}

Value Model::random_uniform(const std::string &stream, const Shape &shape, At at) {
  return random("uniform", stream, shape, at);
}

Value Model::random_normal(const std::string &stream, const Shape &shape, At at) {
  return random("normal", stream, shape, at);
}

Value Model::random_bernoulli(const std::string &stream, const Operand &p, const Shape &shape, At at) {
  require_probability(p);
  return random("uniform", stream, shape, at) < p;
}

Value Model::random_exponential(const std::string &stream, const Shape &shape, At at) {
  return -log(1 - random("uniform", stream, shape, at)); // 1 - u is exact and above 0
}

Value Model::random_poisson(const std::string &stream, const Operand &mean, const Shape &shape, At at) {
  if (mean.is_literal()) {
    double number = mean.literal().value;
    if (!(number >= 0.0) || !std::isfinite(number))
      throw Error(ErrorKind::Value, "the mean of a Poisson distribution is 0 or more, got " + std::to_string(number),
                  mean.where());
    if (number >= large_mean)
      return poisson_by_expansion(random("normal", stream, shape, at), number);
    return poisson_by_counting(random("uniform", stream, shape, at), number, number);
  }
  Value few = poisson_by_counting(random("uniform", stream, shape, at), minimum(mean, large_mean), large_mean);
  Value many = poisson_by_expansion(random("normal", stream + "/normal", shape, at), maximum(mean, large_mean));
  return where(mean < large_mean, few, many);
}

/// Each use in a step has a stream of its own.
Value rrelu(Operand x, double lower, double upper) {
  Value input = x.value();
  Trace *trace = x.is_literal() ? nullptr : Trace::of(input);
  if (!trace)
    throw Error(ErrorKind::Usage, "rrelu takes a traced value", x.where());
  std::uint32_t stream = stream_number("rrelu/" + std::to_string(trace->drawn++));
  Value slope = lower + (upper - lower) * draw(*trace, "uniform", stream, input.shape(), x.where());
  return where(x >= 0, x, slope * x);
}

} // namespace overtime

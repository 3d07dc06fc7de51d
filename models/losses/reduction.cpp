// SPDX-License-Identifier: Apache-2.0
// What all losses share: how many numbers become one, and which shapes and units go together.
#include "models/losses/reduction.h"

namespace overtime::loss::detail {
namespace {

/// A loss is often called by value_and_grad, so that the user's line is the one that made the output.
SourceLocation made(const Operand &x) { return x.is_literal() ? x.where() : x.value().where(); }

} // namespace

Value reduced(const Value &losses, Reduction reduction) {
  switch (reduction) {
  case Reduction::Mean:
    return mean(losses);
  case Reduction::Sum:
    return sum(losses);
  case Reduction::None:
    break;
  }
  return losses;
}

void check_shapes(const Operand &out, const Operand &target, const char *loss) {
  bool number = target.is_literal() || target.value().shape().empty();
  if (!number && (out.is_literal() || target.value().shape() != out.value().shape())) {
    Error error(ErrorKind::Shape,
                std::string("loss::") + loss + " compares arrays of one shape, got " +
                    (out.is_literal() ? "a number" : to_string(out.value().shape())) + " and " +
                    to_string(target.value().shape()),
                made(out));
    error.note("the target comes from here", made(target));
    throw error;
  }
}

void check_plain(const Operand &out, const Operand &target, const char *loss) {
  for (const Operand *x : {&out, &target}) {
    const Unit &unit = x->is_literal() ? x->literal().unit : x->value().unit();
    if (!unit.dimensionless())
      throw Error(ErrorKind::Unit,
                  std::string("loss::") + loss + " takes dimensionless values, got a value in [" + unit.str() +
                      "]; divide by a unit first, as in V / mV",
                  made(*x));
  }
}

Value difference(const Operand &out, const Operand &target, const char *loss) {
  check_shapes(out, target, loss);
  return out - target;
}

} // namespace overtime::loss::detail

// SPDX-License-Identifier: Apache-2.0
// Losses of classes: cross entropies of logits, probabilities and labels, as functions of (out, target).
#include "models/losses/classification.h"

#include <limits>

namespace overtime::loss {
namespace {

void check_smoothing(double a, SourceLocation at) {
  if (!(a >= 0.0 && a <= 1.0))
    throw Error(ErrorKind::Value, "label smoothing is a number from 0 to 1, got " + std::to_string(a), at);
}

[[noreturn]] void shapes_do_not_fit(const char *name, const Value &out, const Value &target) {
  Error error(ErrorKind::Shape,
              std::string("loss::") + name +
                  " takes out [.., K] with labels [..] or with probabilities [.., K], got out " +
                  to_string(out.shape()) + " and target " + to_string(target.shape()),
              out.where());
  error.note("the target comes from here", target.where());
  throw error;
}

/// Rows of -log p of labels; NaN for a label that is no class.
Value of_labels(const Value &log_p, const Value &labels, double smoothing) {
  const std::int64_t classes = log_p.shape().back();
  // A selection and no product: 0 times the -inf of an impossible class would be NaN.
  Value losses = -sum(where(one_hot(labels, classes), log_p, 0), -1);
  if (smoothing > 0)
    losses = (1 - smoothing) * losses - smoothing * mean(log_p, -1);
  Value valid = labels >= 0 && labels < static_cast<double>(classes) && labels == floor(labels);
  return where(valid, losses, std::numeric_limits<double>::quiet_NaN());
}

Value of_probabilities(const Value &log_p, const Value &p) { return -sum(where(p == 0, 0, p * log_p), -1); }

Value likelihood(const char *name, const Value &log_p, const Value &target, const CrossEntropyOptions &options) {
  Shape rows = log_p.shape();
  if (rows.empty())
    shapes_do_not_fit(name, log_p, target);
  check_smoothing(options.label_smoothing, log_p.where());
  rows.pop_back();
  const bool labels = target.shape() == rows;
  if (!labels && target.shape() != log_p.shape())
    shapes_do_not_fit(name, log_p, target);
  if (!labels && options.ignore)
    throw Error(ErrorKind::Usage, std::string("loss::") + name + ": ignore names a label, the target has probabilities",
                log_p.where());
  if (!labels)
    return detail::reduced(of_probabilities(log_p, smooth_labels(target, options.label_smoothing)), options.reduction);
  Value losses = of_labels(log_p, target, options.label_smoothing);
  if (!options.ignore)
    return detail::reduced(losses, options.reduction);
  Value kept = target != static_cast<double>(*options.ignore);
  losses = where(kept, losses, 0);
  if (options.reduction != Reduction::Mean)
    return detail::reduced(losses, options.reduction);
  return sum(losses) / maximum(sum(as_real(kept)), 1);
}

} // namespace

Value CrossEntropy::operator()(const Value &out, const Value &target, const CrossEntropyOptions &options) const {
  detail::check_plain(out, target, "cross_entropy");
  if (out.shape().empty())
    shapes_do_not_fit("cross_entropy", out, target);
  return likelihood("cross_entropy", log_softmax(out), target, options);
}

Value Nll::operator()(const Value &out, const Value &target, const CrossEntropyOptions &options) const {
  detail::check_plain(out, target, "nll");
  return likelihood("nll", out, target, options);
}

/// log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), with -|x| = x - 2 max(x, 0), whose slope at 0 agrees with the
/// first term's.
Value SigmoidBinaryCrossEntropy::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  detail::check_plain(out, target, "sigmoid_binary_cross_entropy");
  detail::check_shapes(out, target, "sigmoid_binary_cross_entropy");
  Value positive = maximum(out, 0);
  return detail::reduced(positive + log1p(exp(out - 2 * positive)) - target * out, reduction);
}

Value BinaryCrossEntropy::operator()(const Operand &out, const Operand &target, Reduction reduction) const {
  detail::check_plain(out, target, "binary_cross_entropy");
  detail::check_shapes(out, target, "binary_cross_entropy");
  constexpr double least = 1e-12;
  Value yes = log(maximum(out, least)), no = log(maximum(1 - out, least));
  return detail::reduced(-(target * yes + (1 - target) * no), reduction);
}

Value smooth_labels(const Value &probabilities, double a) {
  check_smoothing(a, probabilities.where());
  if (a == 0.0)
    return probabilities;
  return (1 - a) * probabilities + a / static_cast<double>(probabilities.shape().back());
}

} // namespace overtime::loss

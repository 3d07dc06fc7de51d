// SPDX-License-Identifier: Apache-2.0
// Losses of classes: cross entropies of logits, probabilities and labels, as functions of (out, target).
#pragma once

#include "models/losses/reduction.h"

#include <optional>

/// Function objects like those of regression.h: `each_step(loss::cross_entropy)`.
///
/// A target of the shape of out, [.., K], holds probabilities of the K classes (one-hot rows among them). A target
/// [..], without the last axis, holds labels: whole numbers from 0 to K - 1. Which it is follows from the shapes. Sums
/// over classes are finite for any logits, also for -inf, a class that cannot be.
namespace overtime::loss {

struct CrossEntropyOptions {
  double label_smoothing = 0.0;            ///< a: targets become (1 - a) target + a / K; Szegedy et al. 2016, section 7
  std::optional<std::int64_t> ignore = {}; ///< rows with this label count neither in the sum nor in the mean
  Reduction reduction = Reduction::Mean;   ///< of rows
};

/// -sum_k target_k log softmax(out)_k of each row of logits; of a label, -log softmax(out)_label. A label that is no
/// class makes the loss NaN. Also known as softmax_cross_entropy, multiclass_logistic_loss and cross_entropy_sparse.
/// BrainPy accepts label_smoothing and ignore_index and does nothing with them; here they have the meaning of PyTorch's
/// (the mean is over the rows that are not ignored, and 0 where all are).
struct CrossEntropy {
  Value operator()(const Value &out, const Value &target, const CrossEntropyOptions &options = {}) const;
};
inline constexpr CrossEntropy cross_entropy;

/// The same of logarithms of probabilities, as log_softmax gives them: -out_label, the negative log likelihood. BrainPy
/// 2.4 leaves the minus sign out, so that its minimum is the worst fit.
struct Nll {
  Value operator()(const Value &out, const Value &target, const CrossEntropyOptions &options = {}) const;
};
inline constexpr Nll nll;

/// -target log s - (1 - target) log (1 - s), with s = sigmoid(out): every element is a class of its own, with a target
/// between 0 and 1. Computed as log(1 + exp(out)) - target out, without overflow. Also known as binary_logistic_loss
/// and cross_entropy_sigmoid.
struct SigmoidBinaryCrossEntropy {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr SigmoidBinaryCrossEntropy sigmoid_binary_cross_entropy;

/// The same with out = s, probabilities between 0 and 1. They count as at least 1e-12, and at most 1 - 1e-12. Prefer
/// the form above: it keeps the digits of probabilities near 0 and 1.
struct BinaryCrossEntropy {
  Value operator()(const Operand &out, const Operand &target, Reduction reduction = Reduction::Mean) const;
};
inline constexpr BinaryCrossEntropy binary_cross_entropy;

/// (1 - a) p + a / K of probabilities p [.., K].
Value smooth_labels(const Value &probabilities, double a);

} // namespace overtime::loss

// SPDX-License-Identifier: Apache-2.0
// Weights of PyTorch for the layers that compute the same.
#pragma once

#include "compiler/overtime.h"

#include <string>

namespace overtime {

struct TorchOptions {
  std::string prefix; ///< what the keys begin with: "encoder" for encoder.rnn.weight_ih_l0
  bool warn = true;   ///< keys that are missing or left over are an error; false: they are returned
};

/// Gives the layers at or below a model the weights of a PyTorch module, from the module's state_dict:
/// `load_torch(model, load_tensors("net.safetensors"))`, where `safetensors.torch.save_file(net.state_dict(), ...)`
/// wrote the file. A layer at the path "l1" takes the keys that begin with "l1.":
///
/// | layer    | module         | keys                                                         |
/// |----------|----------------|--------------------------------------------------------------|
/// | Dense    | Linear         | weight, bias                                                 |
/// | RNNCell  | RNNCell, RNN   | weight_ih, weight_hh, bias_ih, bias_hh; of an RNN with _l0   |
/// | LSTMCell | LSTMCell, LSTM | likewise                                                     |
///
/// The layers of a module with num_layers are called l0, l1, ... in a model of theirs: "rnn.l1" takes
/// rnn.weight_ih_l1.
///
/// PyTorch keeps weights as [n_out, n_in], two biases, the gates of an LSTM in the order i, f, g, o, and adds no 1 to
/// the forget gate: all of that is converted, in f64. A module without bias gives biases of 0. RNN's activation is tanh
/// unless told, RNNCell's is relu: build it with {.activation = tanh}.
///
/// Errors: a GRUCell with keys, because it applies the reset gate before the product (Cho et al. 2014) and PyTorch's
/// GRU after it, so that no weights make them equal; shapes that do not fit; keys left over (see warn), such as those
/// of layers in the reverse direction. Then nothing has changed.
LoadResult load_torch(Model &model, const StateDict &torch, const TorchOptions &options = {},
                      std::source_location at = std::source_location::current());

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Connection: what acts on a population, and is updated before the populations are.
#pragma once

#include "compiler/overtime.h"

namespace overtime {

/// A model that adds to the input or potential of a population, from states as they were at the end of the step before:
/// a Projection, a GapJunction, or one of your own. A Network updates all of them before its populations.
class Connection : public Model {
protected:
  using Model::Model;
  /// For an update that has no use for data.
  void take_no_data(const Tree<Value> &x) const {
    if (!x.empty())
      throw Error(ErrorKind::Usage, "'" + path() + "' takes no data; give it to the populations of the network");
  }
};

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// A target for loops whose step is a function. Private to compiler/trace.
#pragma once

#include "compiler/trace/model.h"

namespace overtime::detail {

/// Owns no variables.
struct NoModel : Model {
  NoModel() : Model(Shape{}) {}
  Tree<Value> update(const Tree<Value> &x) override { return x; }
};

} // namespace overtime::detail

// SPDX-License-Identifier: Apache-2.0
// Parts of a projection, and values of variables, from a JSON file.
#pragma once

#include "compiler/tools/JsonCursor.h"
#include "models/projections/projection.h"

namespace overtime::tools {

/// A number, a list, {"uniform": [low, high]}, {"normal": [mean, deviation]} or "FILE.npz:KEY".
Init initOf(const JsonCursor &json);
/// The same without those that are drawn.
Tensor tensorOf(const JsonCursor &json);

Connectivity connectivityOf(const JsonCursor &json);
SynapseKind synapseOf(const JsonCursor &json);
OutputFactory outputOf(const JsonCursor &json);
ShortTermFactory plasticityOf(const JsonCursor &json);
LearningFactory learningOf(const JsonCursor &json);

} // namespace overtime::tools

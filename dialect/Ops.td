// SPDX-License-Identifier: Apache-2.0
// All operations of dyn, for the generators.
include "dialect/MathOps.td"
include "dialect/NetworkOps.td"
include "dialect/RandomOps.td"
include "dialect/TimeOps.td"

// SPDX-License-Identifier: Apache-2.0
// An item of a Sequential is a layer or a function of a value.
// EXPECT: Sequential
#include "compiler/overtime.h"

overtime::Sequential model{{"l1", 3}}; // HERE

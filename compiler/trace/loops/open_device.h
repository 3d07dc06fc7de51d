// SPDX-License-Identifier: Apache-2.0
// The devices of this process. Private to compiler/trace.
#pragma once

#include "compiler/trace/host/error.h"

#include "runtime/cuda/device.h"

#include <memory>

namespace overtime::detail {

/// Opened once, and open until the process ends; an error of kind Device where that fails.
const gpu::Device &open_device(int number, SourceLocation at);

/// Memory of a device, whose address the pointer is; not cleared.
std::shared_ptr<void> device_memory(std::size_t bytes, int number, SourceLocation at);

} // namespace overtime::detail

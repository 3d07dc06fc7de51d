// SPDX-License-Identifier: Apache-2.0
// Draws on the host the synapses that a step draws.
#include "compiler/trace/network.h"

#include "runtime/rows.h"

#include <algorithm>
#include <memory>

namespace overtime {

void DrawnRows::each(std::int64_t sources,
                     const std::function<void(std::span<const std::int32_t> targets)> &visit) const {
  auto rows = std::make_unique<overtime_rows>();
  overtime_describe_rows(rows.get(), static_cast<std::int64_t>(seed), posts, probability.value_or(0.0),
                         number.value_or(-1), !include_self, share);
  std::vector<std::uint32_t> table(overtime_row_table(rows.get()));
  std::vector<std::int32_t> row(static_cast<std::size_t>(posts));
  for (std::int64_t i = 0; i < sources; ++i) {
    std::span<std::int32_t> drawn(row.data(), std::size_t(overtime_draw_row(rows.get(), i, table.data(), row.data())));
    if (number)
      std::ranges::sort(drawn);
    visit(drawn);
  }
}

} // namespace overtime

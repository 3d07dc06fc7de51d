// SPDX-License-Identifier: Apache-2.0
// SHA-256, as FIPS 180-4 defines it.
#ifndef OVERTIME_RUNTIME_FILES_SHA256_H
#define OVERTIME_RUNTIME_FILES_SHA256_H

#include <stddef.h>
#include <stdint.h>

namespace overtime::detail {

/// A digest of bytes that come in pieces.
class Sha256 {
public:
  static constexpr size_t hex_digits = 64;

  /// With the instructions that the processor has for it; `portable` does without.
  explicit Sha256(bool portable = false);
  void add(const void *from, size_t size);
  /// The digest of all that was added, in lower-case hexadecimal digits without a 0 behind them; ends the use.
  void finish(char *hex);

private:
  static constexpr size_t block_bytes = 64;

  void (*add_blocks_)(uint32_t *state, const unsigned char *at, size_t blocks);
  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  unsigned char pending_[block_bytes]; ///< of a block that is not full yet
  size_t pending_bytes_ = 0;
  uint64_t total_ = 0;
};

} // namespace overtime::detail
#endif

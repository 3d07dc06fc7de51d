// SPDX-License-Identifier: Apache-2.0
// SHA-256 gives the digests of FIPS 180-4's examples and of hashlib, with and without the processor's instructions.
#include "runtime/files/sha256.h"

#include <catch2/catch.hpp>
#include <string>

namespace {

/// The text in pieces of `piece` bytes.
std::string digest(const std::string &text, std::size_t piece, bool portable) {
  overtime::detail::Sha256 sum(portable);
  for (std::size_t at = 0; at < text.size(); at += piece)
    sum.add(text.data() + at, std::min(piece, text.size() - at));
  std::string hex(overtime::detail::Sha256::hex_digits, '?');
  sum.finish(hex.data());
  return hex;
}

} // namespace

TEST_CASE("SHA-256 of known texts") {
  struct Known {
    std::string text, digest;
  };
  // The first three and the last are NIST's; around the ends of blocks (55, 56, 64, 119 bytes) hashlib's.
  const Known known[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(55, 'b'), "eb2c86e932179f4ba13fe8715a26124b77d6bad290b9b4c1cc140cf633300c19"},
      {std::string(56, 'b'), "a5fc6e203a4c2b657d0d153885932414b2ffc6a93f0f8bf8b3183315e5a7212c"},
      {std::string(64, 'b'), "a0fab1377f49a759b57f63318262ebe89fabfc990e8e93ceac2984561482b9d4"},
      {std::string(119, 'b'), "68297a9eb141ce16bbc0847da1c0c48e2858704feaa13993bde29f87a198a6e1"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
  for (const Known &one : known)
    for (bool portable : {false, true})
      for (std::size_t piece : {1, 63, 64, 65, 1000, 2'000'000}) {
        INFO(one.text.size() << " bytes in pieces of " << piece << (portable ? ", portable" : ""));
        CHECK(digest(one.text, piece, portable) == one.digest);
      }
}

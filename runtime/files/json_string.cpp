// SPDX-License-Identifier: Apache-2.0
// Decodes and encodes strings of JSON.
#include "runtime/files/json_string.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

namespace overtime::detail {
namespace {

/// Four hexadecimal digits at `next`; -1 when there are none.
int32_t hex4(const char *next, const char *end) {
  if (end - next < 4)
    return -1;
  int32_t value = 0;
  for (int k = 0; k < 4; ++k) {
    char c = next[k];
    int32_t digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

/// A code point as UTF-8; never longer than its escape.
char *put_utf8(char *to, uint32_t code) {
  auto byte = [&](uint32_t value) { *to++ = static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xc0 | code >> 6), byte(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    byte(0xe0 | code >> 12), byte(0x80 | (code >> 6 & 0x3f)), byte(0x80 | (code & 0x3f));
  } else {
    byte(0xf0 | code >> 18), byte(0x80 | (code >> 12 & 0x3f)), byte(0x80 | (code >> 6 & 0x3f));
    byte(0x80 | (code & 0x3f));
  }
  return to;
}

/// The digits after "\u", and those of a second one where both are the halves of a surrogate pair.
bool decode_unicode(char *&next, char *end, char *&to) {
  int32_t unit = hex4(next, end);
  if (unit <= 0 || (unit >= 0xdc00 && unit < 0xe000))
    return false;
  next += 4;
  auto code = static_cast<uint32_t>(unit);
  if (unit >= 0xd800 && unit < 0xdc00) {
    if (end - next < 6 || next[0] != '\\' || next[1] != 'u')
      return false;
    int32_t low = hex4(next + 2, end);
    if (low < 0xdc00 || low >= 0xe000)
      return false;
    next += 6;
    code = 0x10000 + ((code - 0xd800) << 10) + (static_cast<uint32_t>(low) - 0xdc00);
  }
  to = put_utf8(to, code);
  return true;
}

bool decode_escape(char *&next, char *end, char *&to) {
  if (next == end)
    return false;
  char c = *next++;
  if (c == 'u')
    return decode_unicode(next, end, to);
  constexpr char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const void *found = memchr(escapes, c, sizeof escapes - 1);
  if (!found)
    return false;
  *to++ = meanings[static_cast<const char *>(found) - escapes];
  return true;
}

} // namespace

bool decode_json_string(char *&next, char *end, char **text) {
  if (next == end || *next != '"')
    return false;
  char *begin = ++next, *to = begin;
  while (next != end && *next != '"') {
    char c = *next++;
    if (static_cast<unsigned char>(c) < 0x20)
      return false;
    if (c != '\\')
      *to++ = c;
    else if (!decode_escape(next, end, to))
      return false;
  }
  if (next == end || !is_utf8(begin, static_cast<size_t>(to - begin)))
    return false;
  ++next;
  *to = 0; // at most on the closing quote
  *text = begin;
  return true;
}

bool is_utf8(const char *text, size_t bytes) {
  auto *next = reinterpret_cast<const unsigned char *>(text), *end = next + bytes;
  while (next != end) {
    unsigned char first = *next++;
    int more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : first >= 0xe0 && first < 0xf0 ? 2 : 3;
    if (more == 3 && (first < 0xf0 || first > 0xf4))
      return false;
    if (end - next < more)
      return false;
    // The second byte rules out overlong forms, surrogates and what is beyond U+10FFFF.
    unsigned char low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned char high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (int k = 0; k < more; ++k, ++next, low = 0x80, high = 0xbf)
      if (*next < low || *next > high)
        return false;
  }
  return true;
}

size_t encode_json_string(const char *text, char *to) {
  size_t bytes = 0;
  auto put = [&](char c) {
    if (to)
      to[bytes] = c;
    ++bytes;
  };
  put('"');
  for (const char *c = text; *c; ++c) {
    if (*c == '"' || *c == '\\')
      put('\\');
    if (static_cast<unsigned char>(*c) >= 0x20) {
      put(*c);
      continue;
    }
    char escape[7];
    snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(*c));
    for (const char *e = escape; *e; ++e)
      put(*e);
  }
  put('"');
  return bytes;
}

} // namespace overtime::detail

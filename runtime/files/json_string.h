// SPDX-License-Identifier: Apache-2.0
// Strings of JSON (RFC 8259, section 7): UTF-8 in quotes, with escapes.
#ifndef OVERTIME_RUNTIME_FILES_JSON_STRING_H
#define OVERTIME_RUNTIME_FILES_JSON_STRING_H

#include <stddef.h>

namespace overtime::detail {

/// Reads the string whose opening quote is at `next`, decodes it where it stands and puts a 0 behind it. Moves `next`
/// behind the closing quote; false, and anywhere, when there is no proper string: text that is not UTF-8, a control
/// character, an escape that JSON does not know, or a 0 byte, which C strings cannot hold.
bool decode_json_string(char *&next, char *end, char **text);

/// Whether text is UTF-8 (RFC 3629): no overlong forms, no surrogates.
bool is_utf8(const char *text, size_t bytes);

/// Bytes of a text as a JSON string, quotes included. With `to`, writes it there.
size_t encode_json_string(const char *text, char *to);

} // namespace overtime::detail
#endif

// SPDX-License-Identifier: Apache-2.0
// Parses and formats the header of a .npy file.
#include "runtime/files/npy.h"

#include "runtime/abi.h"

#include <stdio.h>
#include <string.h>

namespace overtime::detail {
namespace {

constexpr StoredElement readable[] = {{'f', 2, OVERTIME_F32}, {'f', 4, OVERTIME_F32}, {'f', 8, OVERTIME_F64},
                                      {'i', 8, OVERTIME_I64}, {'i', 4, OVERTIME_I64}, {'i', 2, OVERTIME_I64},
                                      {'i', 1, OVERTIME_I64}, {'u', 4, OVERTIME_I64}, {'u', 2, OVERTIME_I64},
                                      {'u', 1, OVERTIME_I64}, {'b', 1, OVERTIME_BOOL}};

/// Reads the one form of Python literal that NumPy writes.
class HeaderParser {
public:
  HeaderParser(const char *text, size_t bytes, NpyHeader *header, const Place &place)
      : next_(text), end_(text + bytes), header_(header), place_(place) {}

  int parse();

private:
  struct Text {
    const char *begin = nullptr;
    size_t bytes = 0;
    bool is(const char *other) const { return bytes == strlen(other) && memcmp(begin, other, bytes) == 0; }
  };

  int fail(const char *expected) const;
  void skip_space();
  bool accept(char c);
  bool accept_word(const char *word);
  bool quoted(Text *text);
  bool integer(int64_t *value);
  int entry(const Text &key);
  int descr();
  int fortran_order();
  int shape();

  const char *next_, *end_;
  NpyHeader *header_;
  const Place &place_;
  bool has_descr_ = false, has_order_ = false, has_shape_ = false;
};

int HeaderParser::fail(const char *expected) const {
  return place_.fail(OVERTIME_BAD_FORMAT, "the .npy header is damaged: expected %s", expected);
}

void HeaderParser::skip_space() {
  while (next_ != end_ && (*next_ == ' ' || *next_ == '\n' || *next_ == '\t' || *next_ == '\r'))
    ++next_;
}

bool HeaderParser::accept(char c) {
  skip_space();
  if (next_ == end_ || *next_ != c)
    return false;
  ++next_;
  return true;
}

bool HeaderParser::accept_word(const char *word) {
  skip_space();
  size_t bytes = strlen(word);
  if (static_cast<size_t>(end_ - next_) < bytes || memcmp(next_, word, bytes) != 0)
    return false;
  next_ += bytes;
  return true;
}

bool HeaderParser::quoted(Text *text) {
  skip_space();
  if (next_ == end_ || (*next_ != '\'' && *next_ != '"'))
    return false;
  char quote = *next_++;
  const void *close = memchr(next_, quote, static_cast<size_t>(end_ - next_));
  if (!close)
    return false;
  text->begin = next_;
  text->bytes = static_cast<size_t>(static_cast<const char *>(close) - next_);
  next_ = static_cast<const char *>(close) + 1;
  return true;
}

bool HeaderParser::integer(int64_t *value) {
  skip_space();
  const char *first = next_;
  *value = 0;
  for (; next_ != end_ && *next_ >= '0' && *next_ <= '9'; ++next_)
    if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *next_ - '0', value))
      return false;
  bool any = next_ != first;
  if (any && next_ != end_ && *next_ == 'L') // written by Python 2
    ++next_;
  return any;
}

int HeaderParser::parse() {
  if (!accept('{'))
    return fail("'{'");
  while (!accept('}')) {
    Text key;
    if (!quoted(&key))
      return fail("a key in quotes");
    if (!accept(':'))
      return fail("':' after a key");
    if (int status = entry(key))
      return status;
    if (accept(','))
      continue;
    if (!accept('}'))
      return fail("',' or '}'");
    break;
  }
  skip_space();
  if (next_ != end_)
    return fail("nothing after '}'");
  if (!has_descr_ || !has_order_ || !has_shape_)
    return fail("the keys 'descr', 'fortran_order' and 'shape'");
  if (!count_elements(header_->rank, header_->shape, &header_->elements))
    return place_.fail(OVERTIME_BAD_FORMAT, "the shape has more elements than any memory holds");
  return OVERTIME_OK;
}

int HeaderParser::entry(const Text &key) {
  if (key.is("descr") && !has_descr_) {
    has_descr_ = true;
    return descr();
  }
  if (key.is("fortran_order") && !has_order_) {
    has_order_ = true;
    return fortran_order();
  }
  if (key.is("shape") && !has_shape_) {
    has_shape_ = true;
    return shape();
  }
  return fail("each of the keys 'descr', 'fortran_order' and 'shape' once and no other");
}

int HeaderParser::descr() {
  skip_space();
  if (next_ != end_ && *next_ == '[')
    return place_.fail(OVERTIME_BAD_FORMAT, "a structured dtype is not supported; save each field as its own array");
  Text text;
  if (!quoted(&text))
    return fail("a dtype in quotes");
  int shown = text.bytes < 20 ? static_cast<int>(text.bytes) : 20;
  if (text.bytes == 3 && text.begin[2] >= '0' && text.begin[2] <= '9') {
    char order = text.begin[0];
    uint32_t bytes = static_cast<uint32_t>(text.begin[2] - '0');
    if (order == '>' && bytes > 1)
      return place_.fail(OVERTIME_BAD_FORMAT, "dtype '%.3s' is big-endian; save it with .astype('<%.2s')", text.begin,
                         text.begin + 1);
    for (const StoredElement &element : readable)
      if (element.kind == text.begin[1] && element.bytes == bytes &&
          (order == '<' || order == '=' || (order == '|' && bytes == 1))) {
        header_->element = element;
        return OVERTIME_OK;
      }
  }
  return place_.fail(
      OVERTIME_BAD_FORMAT,
      "dtype '%.*s' is not supported; expected f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 or b1, little-endian (convert "
      "with .astype before saving)",
      shown, text.begin);
}

int HeaderParser::fortran_order() {
  header_->fortran_order = accept_word("True");
  return header_->fortran_order || accept_word("False") ? int(OVERTIME_OK) : fail("True or False");
}

int HeaderParser::shape() {
  if (!accept('('))
    return fail("a shape in parentheses");
  header_->rank = 0;
  while (!accept(')')) {
    if (header_->rank == OVERTIME_MAX_RANK)
      return place_.fail(OVERTIME_BAD_FORMAT, "the array has more than %d dimensions", OVERTIME_MAX_RANK);
    if (!integer(&header_->shape[header_->rank]))
      return fail("a dimension of 0 to 2^63 - 1");
    ++header_->rank;
    if (accept(','))
      continue;
    if (!accept(')'))
      return fail("',' or ')' after a dimension");
    break;
  }
  return OVERTIME_OK;
}

const char *descr_of(int32_t dtype) {
  switch (dtype) {
  case OVERTIME_F32:
    return "<f4";
  case OVERTIME_F64:
    return "<f8";
  case OVERTIME_I64:
    return "<i8";
  case OVERTIME_I32:
    return "<i4";
  case OVERTIME_U16:
    return "<u2";
  default:
    return "|b1";
  }
}

} // namespace

int parse_npy_header(const char *text, size_t bytes, NpyHeader *header, const Place &place) {
  return HeaderParser(text, bytes, header, place).parse();
}

int format_npy_header(const overtime_named_array &item, char *header, size_t *header_bytes, uint64_t *data_bytes,
                      const Place &place) {
  if (int status = check_array(item, data_bytes, place))
    return status;
  const char *descr = descr_of(item.dtype);
  constexpr size_t prefix = 10; // magic, version, length of the text
  int used =
      snprintf(header + prefix, max_npy_header - prefix, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
  size_t length = prefix + static_cast<size_t>(used);
  for (int32_t k = 0; k < item.rank; ++k)
    length += static_cast<size_t>(snprintf(header + length, max_npy_header - length, k == 0 ? "%lld" : ", %lld",
                                           static_cast<long long>(item.shape[k])));
  if (item.rank == 1) // a Python tuple of one
    header[length++] = ',';
  length += static_cast<size_t>(snprintf(header + length, max_npy_header - length, "), }"));
  while ((length + 1) % OVERTIME_ALIGNMENT != 0)
    header[length++] = ' ';
  header[length++] = '\n';
  memcpy(header, "\x93NUMPY\x01\x00", 8);
  header[8] = static_cast<char>((length - prefix) & 0xff);
  header[9] = static_cast<char>((length - prefix) >> 8);
  *header_bytes = length;
  return OVERTIME_OK;
}

} // namespace overtime::detail

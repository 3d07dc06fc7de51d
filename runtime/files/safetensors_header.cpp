// SPDX-License-Identifier: Apache-2.0
// Reads the header of a safetensors file: the JSON that the format allows, and nothing more.
#include "runtime/files/safetensors.h"

#include "runtime/abi.h"
#include "runtime/files/json_string.h"
#include "runtime/files/sha256.h"

#include <stdlib.h>
#include <string.h>

namespace overtime::detail {

/// The depth of the JSON is fixed, so that nothing here calls itself.
class SafetensorsParser {
public:
  SafetensorsParser(SafetensorsHeader *header, size_t bytes, const Place &place)
      : header_(*header), next_(header->text_), end_(header->text_ + bytes), place_(place) {}

  int parse();

private:
  int fail(const char *expected) const;
  Place about() const { return {place_.path, place_.message, array_}; }
  void skip_space();
  bool accept(char c);
  bool string(char **text);
  bool integer(int64_t *value);
  /// After an item of an object or array: whether another one follows. False at `close`, or with a status.
  bool another(char close, int *status);

  int metadata();
  int own_metadata(const char *key, const char *quote, const char *value);
  int check_own_metadata() const;
  int entry(const char *name);
  int field(const char *key, SafetensorsEntry *entry, unsigned *seen);
  int shape(SafetensorsEntry *entry);
  int offsets(SafetensorsEntry *entry);

  SafetensorsHeader &header_;
  char *next_, *end_;
  const Place &place_;
  const char *array_ = nullptr; ///< whose entry is being read
  bool has_metadata_ = false, has_format_ = false;
};

int SafetensorsParser::fail(const char *expected) const {
  return about().fail(OVERTIME_BAD_FORMAT, "the safetensors header is damaged at byte %zu: expected %s",
                      static_cast<size_t>(next_ - header_.text_) + 8, expected);
}

void SafetensorsParser::skip_space() {
  while (next_ != end_ && (*next_ == ' ' || *next_ == '\n' || *next_ == '\t' || *next_ == '\r'))
    ++next_;
}

bool SafetensorsParser::accept(char c) {
  skip_space();
  if (next_ == end_ || *next_ != c)
    return false;
  ++next_;
  return true;
}

bool SafetensorsParser::string(char **text) {
  skip_space();
  return decode_json_string(next_, end_, text);
}

bool SafetensorsParser::integer(int64_t *value) {
  skip_space();
  const char *first = next_;
  *value = 0;
  for (; next_ != end_ && *next_ >= '0' && *next_ <= '9'; ++next_)
    if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *next_ - '0', value))
      return false;
  return next_ - first == 1 || (next_ != first && *first != '0'); // JSON has no leading zeros
}

bool SafetensorsParser::another(char close, int *status) {
  if (*status)
    return false;
  if (accept(','))
    return true;
  if (!accept(close))
    *status = fail(close == '}' ? "',' or '}'" : "',' or ']'");
  return false;
}

int SafetensorsParser::parse() {
  if (next_ == end_ || *next_ != '{') // the format allows no space here
    return fail("'{'");
  ++next_;
  int status = OVERTIME_OK;
  if (!accept('}')) {
    do {
      char *name = nullptr;
      if (!string(&name))
        return fail("the name of an array in quotes");
      if (!accept(':'))
        return fail("':' after a name");
      status = strcmp(name, safetensors_metadata_key) == 0 ? metadata() : entry(name);
    } while (another('}', &status));
  }
  if (status)
    return status;
  skip_space(); // writers align the data with spaces
  if (next_ != end_)
    return fail("nothing after '}'");
  return check_own_metadata();
}

int SafetensorsParser::metadata() {
  if (has_metadata_)
    return fail("the key '__metadata__' once");
  has_metadata_ = true;
  if (!accept('{'))
    return fail("an object of texts as '__metadata__'");
  int status = OVERTIME_OK;
  if (accept('}'))
    return status;
  do {
    char *key = nullptr, *value = nullptr;
    if (!string(&key))
      return fail("a key in quotes");
    if (!accept(':'))
      return fail("':' after a key");
    skip_space();
    const char *quote = next_;
    if (!string(&value))
      return fail("a text in quotes");
    status = own_metadata(key, quote, value);
  } while (another('}', &status));
  return status;
}

/// Other programs' texts are not looked at, so one of their keys may come twice.
int SafetensorsParser::own_metadata(const char *key, const char *quote, const char *value) {
  constexpr char prefix[] = "overtime.";
  if (strncmp(key, prefix, sizeof prefix - 1) != 0)
    return OVERTIME_OK;
  if (strcmp(key, format_key) == 0 && !has_format_) {
    has_format_ = true;
    if (strcmp(value, format_version) == 0)
      return OVERTIME_OK;
    return place_.fail(OVERTIME_BAD_FORMAT,
                       "the file is damaged or was written by a newer Overtime: its format is '%.20s', expected '%s'",
                       value, format_version);
  }
  if (strcmp(key, digest_key) == 0 && !header_.digest_) {
    bool proper = strspn(value, "0123456789abcdef") == Sha256::hex_digits && strlen(value) == Sha256::hex_digits &&
                  next_ - quote == Sha256::hex_digits + 2; // no escapes: the digits lie in the file as they are
    if (!proper)
      return fail("a digest of 64 hexadecimal digits");
    header_.digest_ = value;
    header_.digest_at_ = static_cast<size_t>(quote + 1 - header_.text_);
    return OVERTIME_OK;
  }
  return place_.fail(OVERTIME_BAD_FORMAT,
                     "the file is damaged or was written by a newer Overtime: its metadata has '%.40s'", key);
}

int SafetensorsParser::check_own_metadata() const {
  if (has_format_ == (header_.digest_ != nullptr))
    return OVERTIME_OK;
  return place_.fail(OVERTIME_BAD_FORMAT, "the file is damaged: its metadata has no '%s'",
                     has_format_ ? digest_key : format_key);
}

int SafetensorsParser::entry(const char *name) {
  SafetensorsEntry entry = {};
  entry.name = array_ = name;
  if (!accept('{'))
    return fail("an object");
  unsigned seen = 0;
  int status = OVERTIME_OK;
  do {
    char *key = nullptr;
    if (!string(&key))
      return fail("a key in quotes");
    if (!accept(':'))
      return fail("':' after a key");
    status = field(key, &entry, &seen);
  } while (another('}', &status));
  if (!status && seen != 7)
    status = fail("the keys 'dtype', 'shape' and 'data_offsets'");
  array_ = nullptr;
  return status ? status : header_.add(entry, place_);
}

int SafetensorsParser::field(const char *key, SafetensorsEntry *entry, unsigned *seen) {
  constexpr const char *keys[] = {"dtype", "shape", "data_offsets"};
  for (unsigned k = 0; k < 3; ++k) {
    if (strcmp(key, keys[k]) != 0 || (*seen & 1u << k))
      continue;
    *seen |= 1u << k;
    if (k == 1)
      return shape(entry);
    if (k == 2)
      return offsets(entry);
    char *dtype = nullptr;
    if (!string(&dtype))
      return fail("a dtype in quotes");
    entry->dtype = dtype;
    return OVERTIME_OK;
  }
  return fail("each of the keys 'dtype', 'shape' and 'data_offsets' once and no other");
}

int SafetensorsParser::shape(SafetensorsEntry *entry) {
  if (!accept('['))
    return fail("a shape in brackets");
  entry->shape_at = header_.dimension_count_;
  int status = OVERTIME_OK;
  if (accept(']'))
    return status;
  do {
    int64_t size = 0;
    if (!integer(&size))
      return fail("a dimension of 0 to 2^63 - 1");
    if (++entry->rank > OVERTIME_MAX_RANK)
      return about().fail(OVERTIME_BAD_FORMAT, "the array has more than %d dimensions", OVERTIME_MAX_RANK);
    status = header_.add_dimension(size, place_);
  } while (another(']', &status));
  return status;
}

int SafetensorsParser::offsets(SafetensorsEntry *entry) {
  int64_t begin = 0, end = 0;
  bool proper = accept('[') && integer(&begin) && accept(',') && integer(&end) && accept(']') && begin <= end;
  if (!proper)
    return fail("data_offsets [begin, end] in order");
  entry->begin = static_cast<uint64_t>(begin);
  entry->end = static_cast<uint64_t>(end);
  return OVERTIME_OK;
}

SafetensorsHeader::~SafetensorsHeader() {
  free(text_);
  free(entries_);
  free(dimensions_);
}

int SafetensorsHeader::parse(char *text, size_t bytes, const Place &place) {
  text_ = text;
  return SafetensorsParser(this, bytes, place).parse();
}

namespace {

/// Room for one more item.
template <class T> bool reserve(T *&items, size_t count, size_t &room) {
  if (count < room)
    return true;
  size_t more = room * 2 + 16;
  auto *moved = static_cast<T *>(realloc(items, more * sizeof(T)));
  if (!moved)
    return false;
  items = moved;
  room = more;
  return true;
}

} // namespace

int SafetensorsHeader::add(const SafetensorsEntry &entry, const Place &place) {
  if (!reserve(entries_, count_, room_))
    return place.fail_no_memory(2 * room_ * sizeof(SafetensorsEntry));
  entries_[count_++] = entry;
  return OVERTIME_OK;
}

int SafetensorsHeader::add_dimension(int64_t size, const Place &place) {
  if (!reserve(dimensions_, dimension_count_, dimension_room_))
    return place.fail_no_memory(2 * dimension_room_ * sizeof(int64_t));
  dimensions_[dimension_count_++] = size;
  return OVERTIME_OK;
}

} // namespace overtime::detail

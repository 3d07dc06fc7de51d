// SPDX-License-Identifier: Apache-2.0
// What the headers of .safetensors files may say, and what they may not.
#include "tests/runtime/files.h"

#include <cstring>

using namespace files;
using Catch::Matchers::Contains;

namespace {

std::string with_length(std::uint64_t length, const std::string &rest) {
  return std::string(reinterpret_cast<const char *>(&length), sizeof length) + rest;
}

std::string file_of(const std::string &header, std::size_t data_bytes) {
  return with_length(header.size(), header + std::string(data_bytes, '\0'));
}

/// What opening these bytes says; empty when it succeeds. `contents` gets the arrays.
std::string error_of(const std::string &bytes, std::map<std::string, std::string> *arrays = nullptr) {
  Folder folder;
  std::string path = folder / "a.safetensors";
  write(path, bytes);
  Contents contents(path);
  if (arrays)
    *arrays = contents.arrays;
  if (contents.errors.empty())
    return "";
  CHECK_THAT(contents.errors[0], Contains(path + ": "));
  return contents.errors[0].substr(path.size() + 2);
}

void check_refused(const std::string &header, const std::string &part, std::size_t data_bytes = 8) {
  INFO(header);
  CHECK_THAT(error_of(file_of(header, data_bytes)), Contains(part));
}

void check_read(const std::string &header, std::size_t count, std::size_t data_bytes = 8) {
  INFO(header);
  std::map<std::string, std::string> arrays;
  CHECK(error_of(file_of(header, data_bytes), &arrays) == "");
  CHECK(arrays.size() == count);
}

/// A header of one array, x.
std::string entry(const std::string &dtype, const std::string &shape, const std::string &offsets) {
  return R"({"x":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

std::string with_metadata(const std::string &metadata) { return R"({"__metadata__":)" + metadata + "}"; }

const std::string x = R"("x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})",
                  y = R"("y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]})", digits(64, 'a');

} // namespace

TEST_CASE("proper headers are read, however they are written") {
  check_read("{" + x + "," + y + "}", 2);
  check_read("{" + y + "," + x + "}   ", 2); // in any order
  check_read("{ \n\t" + x + " ,\r\n" + y + " }\n", 2);
  check_read(R"({"x" : { "data_offsets" : [ 0 , 8 ] , "shape" : [ 2 ] , "dtype" : "F32" } })", 1);
  check_read("{}", 0, 0);
  check_read(R"({"__metadata__":{}})", 0, 0);
  check_read(R"({"__metadata__":{"a":"b\u0041\ud83d\ude00\/\n"},)" + x + "," + y + "}", 2);
  check_read(entry("F32", "[0,3]", "[0,0]"), 1, 0);
  check_read(entry("F64", "[]", "[0,8]"), 1);
  // Empty arrays lie anywhere.
  check_read(R"({"e":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},)" + x + "," + y + "}", 3);
}

TEST_CASE("names are decoded") {
  std::map<std::string, std::string> arrays;
  CHECK(error_of(file_of(R"({"\u03c4\t\"\ud83d\ude00":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8),
                 &arrays) == "");
  CHECK(arrays.contains("\xcf\x84\t\"\xf0\x9f\x98\x80"));
}

TEST_CASE("what is no safetensors file is refused") {
  CHECK_THAT(error_of(""), Contains("not a safetensors file: only 0 bytes long"));
  CHECK_THAT(error_of("1234567"), Contains("only 7 bytes"));
  CHECK_THAT(error_of(with_length(3, "{}")), Contains("claim a header of 3 bytes"));
  CHECK_THAT(error_of(with_length(UINT64_MAX, "{}")), Contains("claim a header of 18446744073709551615 bytes"));
  CHECK_THAT(error_of(with_length(100'000'001, "{}")), Contains("claim a header of 100000001 bytes"));
  CHECK_THAT(error_of(with_length(0, "")), Contains("expected '{'"));
  CHECK_THAT(error_of(file_of(" {}", 0)), Contains("byte 8: expected '{'"));
}

TEST_CASE("JSON that is damaged is refused") {
  check_refused("{" + x + "," + y, "expected ',' or '}'");
  check_refused("{" + x + ",}", "expected the name of an array in quotes");
  check_refused("{" + x + "," + y + "}x", "expected nothing after '}'");
  check_refused("{" + x + y + "}", "expected ',' or '}'");
  check_refused(R"({"x" {"dtype")", "expected ':' after a name");
  check_refused(R"({"x":[]})", "member 'x': the safetensors header is damaged at byte 13: expected an object");
  check_refused(R"({"x":{}})", "expected a key in quotes");
  check_refused(R"({"x":{"dtype" "F32"}})", "expected ':' after a key");
  check_refused(R"({"x)", "expected the name of an array in quotes");
  for (const char *name : {"\x01", "\xff", "\xc0\xaf", "\xed\xa0\x80", "\\x", "\\u00", "\\u0000", "\\ud800",
                           "\\udc00\\ud800", "\\ud800\\u0041", "\xf4\x90\x80\x80", "\xe2\x82"})
    check_refused("{\"" + std::string(name) + "\":{" + x.substr(5) + "}", "expected the name of an array in quotes");
  check_refused(std::string(50000, '{'), "expected the name of an array in quotes");
  check_refused(R"({"x":{"dtype":"F32","shape":)" + std::string(50000, '['), "expected a dimension");
}

TEST_CASE("entries that contradict themselves are refused") {
  check_refused(R"({"x":{"dtype":"F32","shape":[2]}})", "the keys 'dtype', 'shape' and 'data_offsets'");
  check_refused(R"({"x":{"dtype":"F32","dtype":"F32"}})", "once and no other");
  check_refused(R"({"x":{"dtype":"F32","size":2}})", "once and no other");
  check_refused(R"({"x":{"dtype":4}})", "expected a dtype in quotes");
  check_refused(entry("F32", "[3]", "[0,8]"), "ask for 12 bytes of elements, its offsets for 8");
  check_refused(entry("F64", "[2]", "[0,8]"), "ask for 16 bytes of elements, its offsets for 8");
  check_refused(entry("F32", "2", "[0,8]"), "expected a shape in brackets");
  for (const char *size : {"-1", "01", "1.0", "1e3", "9223372036854775808", "\"2\"", "", "null"})
    check_refused(entry("F32", "[" + std::string(size) + ",2]", "[0,8]"), "member 'x': ");
  check_refused(entry("F32", "[4294967296,4294967296,4294967296]", "[0,8]"), "more elements than any memory holds");
  check_refused(entry("F32", "[9223372036854775807,2]", "[0,8]"), "more elements than any memory holds");
  std::string ones = "[1";
  for (int k = 0; k < 32; ++k)
    ones += ",1";
  check_refused(entry("F64", ones + "]", "[0,8]"), "more than 32 dimensions");
  check_refused("{" + x + "," + x + "}", "", 4);
}

TEST_CASE("arrays must share the data among them, without gaps") {
  for (const char *offsets : {"[8,0]", "[0]", "[0,8,8]", "[0,-8]", "[0,18446744073709551616]", "8"})
    check_refused(entry("F32", "[2]", offsets), "data_offsets [begin, end] in order");
  check_refused(entry("F32", "[2]", "[4,12]"), "begins at byte 4 of the data, expected 0", 12);
  check_refused(entry("F32", "[2]", "[0,8]"), "have 8 bytes of data, the file holds 7", 7);
  check_refused(entry("F32", "[2]", "[0,8]"), "have 8 bytes of data, the file holds 9", 9);
  check_refused("{" + x + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "begins at byte 0", 4);
  check_refused("{" + x + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}})", "begins at byte 2", 6);
  check_refused("{" + x + R"(,"y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", "begins at byte 8", 12);
  check_refused("{" + x + R"(,"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", "two arrays have the name 'x'");
}

TEST_CASE("unknown types are errors of their array only") {
  std::map<std::string, std::string> arrays;
  std::string error =
      error_of(file_of("{" + x + R"(,"z":{"dtype":"F99","shape":[7],"data_offsets":[4,5]}})", 5), &arrays);
  CHECK_THAT(error, Contains("member 'z': dtype 'F99' is not supported"));
  CHECK(arrays.contains("x"));
}

TEST_CASE("metadata must be texts, and Overtime's own must be whole") {
  check_refused(with_metadata("[]"), "an object of texts", 0);
  check_refused(with_metadata(R"({"a":1})"), "a text in quotes", 0);
  check_refused(with_metadata(R"({"a":"b",})"), "a key in quotes", 0);
  check_refused(R"({"__metadata__":{},"__metadata__":{}})", "the key '__metadata__' once", 0);
  check_refused(with_metadata(R"({"overtime.format":"2"})"), "a newer Overtime: its format is '2', expected '1'", 0);
  check_refused(with_metadata(R"({"overtime.sha512":""})"), "a newer Overtime: its metadata has 'overtime.sha512'", 0);
  check_refused(with_metadata(R"({"overtime.format":"1"})"), "has no 'overtime.sha256'", 0);
  check_refused(with_metadata(R"({"overtime.sha256":")" + digits + R"("})"), "has no 'overtime.format'", 0);
  for (const std::string &digest : {digits.substr(1), digits + "a", std::string(64, 'A'), "\\u0061" + digits.substr(1)})
    check_refused(with_metadata(R"({"overtime.format":"1","overtime.sha256":")" + digest + R"("})"),
                  "expected a digest of 64", 0);
  check_refused(with_metadata(R"({"overtime.format":"1","overtime.sha256":")" + digits + R"("})"),
                "the file is damaged: its SHA-256 is ", 0);
}

TEST_CASE("what is written is aligned, in order, and says its digest") {
  Folder folder;
  std::string path = folder / "a.safetensors";
  const std::int64_t three[] = {3};
  const float f4[] = {1, 2, 3};
  const std::int64_t i8[] = {4, 5, 6};
  const std::uint8_t b1[] = {1, 0, 1};
  const overtime_named_array arrays[] = {{"c", OVERTIME_BOOL, 1, three, b1},
                                         {"b\"\n", OVERTIME_F32, 1, three, f4},
                                         {"a", OVERTIME_F32, 1, three, f4},
                                         {"z", OVERTIME_I64, 1, three, i8}};
  REQUIRE(overtime_archive_write(path.c_str(), arrays, 4, 0, nullptr) == OVERTIME_OK);
  std::string bytes = read(path);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  CHECK((8 + length) % 64 == 0);
  CHECK(bytes.substr(8, 55) == R"({"__metadata__":{"overtime.format":"1","overtime.sha256)");
  std::string rest = R"("z":{"dtype":"I64","shape":[3],"data_offsets":[0,24]},)"
                     R"("a":{"dtype":"F32","shape":[3],"data_offsets":[24,36]},)"
                     R"("b\"\u000a":{"dtype":"F32","shape":[3],"data_offsets":[36,48]},)"
                     R"("c":{"dtype":"BOOL","shape":[3],"data_offsets":[48,51]}})";
  CHECK_THAT(bytes, Contains(rest));
  CHECK(std::memcmp(&bytes[8 + length], i8, sizeof i8) == 0);
  for (const char *name : {"__metadata__", "\xff"}) {
    overtime_message message = {};
    overtime_named_array bad = arrays[0];
    bad.name = name;
    CHECK(overtime_archive_write(path.c_str(), &bad, 1, 0, &message) == OVERTIME_BAD_FORMAT);
    CHECK_THAT(message.text, Contains("no array of a safetensors file can have this name"));
  }
}

// SPDX-License-Identifier: Apache-2.0
// Headers of .npy files that lie, and those that are only unusual.
#include "tests/runtime/files.h"

using namespace files;
using Catch::Matchers::Contains;

namespace {

std::string npy(const std::string &header, const std::string &data = std::string(24, '\0')) {
  std::string text = "\x93NUMPY";
  text += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  return text + header + data;
}

/// The status of reading these bytes as a .npy file; the message is in `text`.
int status_of(const std::string &bytes, std::string &text) {
  Folder folder;
  write(folder / "a.npy", bytes);
  Array array;
  overtime_message message = {};
  int status = overtime_npy_read((folder / "a.npy").c_str(), &array, &message);
  text = message.text;
  CHECK((status == OVERTIME_OK) == (array.data != nullptr));
  return status;
}

void check_refused(const std::string &bytes, const std::string &part) {
  std::string text;
  INFO(bytes);
  CHECK(status_of(bytes, text) == OVERTIME_BAD_FORMAT);
  CHECK_THAT(text, Contains(part));
}

std::string with_shape(const std::string &shape) {
  return npy("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }");
}

std::string with_descr(const std::string &descr) {
  return npy("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (3,), }");
}

} // namespace

TEST_CASE("unusual but valid headers are read") {
  std::string text;
  for (const char *header : {"{'shape': (2, 3), 'fortran_order': True, 'descr': '<f4'}",
                             "{\"descr\":\"=f4\",\"fortran_order\":False,\"shape\":(6L,)}\n",
                             "  { 'descr' : '<i8' , 'fortran_order' : False , 'shape' : ( 3 , ) , }  \n"}) {
    INFO(header);
    CHECK(status_of(npy(header), text) == OVERTIME_OK);
    CHECK(text.empty());
  }
}

TEST_CASE("dtypes that are not supported are named") {
  for (const char *descr : {"<f1", "<c8", "<u8", "|O", "<U5", "|S3", "<M8[s]", "", "f4", "<f16", "|f4"})
    check_refused(with_descr(descr), std::string("dtype '") + descr + "' is not supported");
}

TEST_CASE("shapes that do not fit are refused without allocating") {
  check_refused(with_shape("(7,)"), "its header asks for 28 bytes of elements, there are 24");
  check_refused(with_shape("(5,)"), "asks for 20 bytes");
  check_refused(with_shape("(1000000000000,)"), "asks for 4000000000000 bytes");
  check_refused(with_shape("(4294967296, 4294967296, 4294967296)"), "more elements than any memory");
  check_refused(with_shape("(4294967296, 0, 4294967296)"), "more elements than any memory");
  check_refused(with_shape("(99999999999999999999,)"), "a dimension of 0 to 2^63 - 1");
  check_refused(with_shape("(-6,)"), "a dimension of 0");
  std::string many = "(";
  for (int k = 0; k < 33; ++k)
    many += "1, ";
  check_refused(with_shape(many + ")"), "more than 32 dimensions");
}

TEST_CASE("headers that are no dictionary of the three keys are refused") {
  for (const char *header :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} x",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (6,)}", "{'descr: '<f4'}", "{'descr' '<f4'}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 6}", "{'descr': '<f4', 'fortran_order': False, 'shape': (6",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6 6)}", "{'x': 1}", "{'descr': <f4}"})
    check_refused(npy(header), "the .npy header is damaged: expected");
}

TEST_CASE("files that end early are refused") {
  std::string whole = with_shape("(6,)");
  std::string text;
  REQUIRE(status_of(whole, text) == OVERTIME_OK);
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
    REQUIRE(status_of(whole.substr(0, bytes), text) == OVERTIME_BAD_FORMAT);
  check_refused(whole + "x", "there are 25");
  whole[6] = 4;
  check_refused(whole, ".npy version 4.0 is not supported");
}

TEST_CASE("any byte that is not 0 is true") {
  Folder folder;
  write(folder / "b.npy", npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", std::string("\0\1\x80", 3)));
  Array array;
  REQUIRE(overtime_npy_read((folder / "b.npy").c_str(), &array, nullptr) == OVERTIME_OK);
  CHECK(array.values<std::uint8_t>() == std::vector<std::uint8_t>{0, 1, 1});
}

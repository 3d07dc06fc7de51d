// SPDX-License-Identifier: Apache-2.0
// The text of errors.
#include "compiler/trace/host/error.h"

#include <catch2/catch.hpp>

using namespace overtime;

namespace {

SourceLocation at(const char *file, std::uint32_t line, std::uint32_t column) {
  SourceLocation location;
  location.file = file;
  location.line = line;
  location.column = column;
  return location;
}

} // namespace

TEST_CASE("an error says where it is, then what it is") {
  Error error(ErrorKind::Unit, "cannot add [nA] to [mV]", at("hh.cpp", 12, 9));
  CHECK(std::string(error.what()) == "hh.cpp:12:9: error: cannot add [nA] to [mV]");
  CHECK(error.kind() == ErrorKind::Unit);
  CHECK(error.where().line == 12);
}

TEST_CASE("an error without a place is its message") {
  CHECK(std::string(Error(ErrorKind::Value, "no").what()) == "error: no");
  CHECK(SourceLocation().str().empty());
  CHECK(at("a.cpp", 3, 0).str() == "a.cpp:3");
}

TEST_CASE("notes follow on lines of their own") {
  Error error(ErrorKind::Shape, "shapes [3] and [4]", at("a.cpp", 1, 2));
  error.note("declared here", at("b.h", 7, 5)).note("batch size 4");
  CHECK(std::string(error.what()) ==
        "a.cpp:1:2: error: shapes [3] and [4]\nb.h:7: note: declared here\nnote: batch size 4");
}

// SPDX-License-Identifier: Apache-2.0
// A linked library, used by a C program that knows its header only, gives the numbers of the JIT.
#include "compiler/driver/library/CHeader.h"
#include "compiler/driver/library/Linker.h"
#include "tests/driver/program.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"

#include <fstream>
#include <sstream>

using namespace overtime::driver;
using namespace overtime::driver::test;

namespace {

const char *cProgram = R"(#include <complex.h> /* defines I, the name of our input */
#include "acc.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
  double input[10][8], x[10][8];
  uint8_t over[10][8];
  void *memory = NULL;
  if (acc_abi_version() != acc_ABI_VERSION || posix_memalign(&memory, acc_ALIGNMENT, acc_state_bytes()) != 0)
    return 1;
  acc_state *state = memory;
  for (int k = 0; k < 80; ++k)
    input[k / 8][k % 8] = 0.125 * (k % 7);
  if (acc_reset(state, 0) != 0 || acc_run(state, 10, &input[0][0], &x[0][0], &over[0][0]) != 0)
    return 2;
  double *now = acc_get(state, "l1.x"), *gain = acc_get(state, "gain");
  if (!now || !gain || memcmp(now, x[9], sizeof x[9]) != 0 || acc_get(state, "none") != NULL)
    return 3;
  for (int k = 0; k < 80; ++k)
    printf("%a %d\n", x[k / 8][k % 8], over[k / 8][k % 8]);
  *gain = 0.0;
  if (acc_run(state, 5, &input[0][0], NULL, NULL) != 0 || memcmp(now, x[9], sizeof x[9]) != 0)
    return 4;
  if (acc_run(state, -1, NULL, NULL, NULL) == 0 || strlen(acc_error(state)) == 0)
    return 5;
  free(memory);
  return 0;
}
)";

std::string expectedOutput() {
  std::ostringstream out;
  double x[lanes];
  for (int lane = 0; lane < lanes; ++lane)
    x[lane] = 0.5 * lane;
  for (int k = 0; k < 80; ++k) {
    double &mine = x[k % lanes];
    mine = accStep(mine, 0.125 * (k % 7));
    char line[64];
    std::snprintf(line, sizeof line, "%a %d\n", mine, mine > 3.0);
    out << line;
  }
  return out.str();
}

void write(const std::string &path, const std::string &content) { std::ofstream(path) << content; }

std::string read(const std::string &path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

int execute(const std::vector<std::string> &command, const std::string &output) {
  auto program = llvm::sys::findProgramByName(command.front());
  REQUIRE(program);
  llvm::SmallVector<llvm::StringRef> arguments(command.begin(), command.end());
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(""), llvm::StringRef(output), llvm::StringRef(output)};
  return llvm::sys::ExecuteAndWait(*program, arguments, std::nullopt, redirects);
}

void buildAndRun(const ScratchFolder &folder, const LinkerTool &tool) {
  REQUIRE(text(linkSharedLibrary(accObject(), {{OVERTIME_ABI_LIBRARY}, ""}, folder / "libacc.so", tool)) == "");
  write(folder / "acc.h", cHeader(accInfo(), value(TargetSpec::get("native"))));
  write(folder / "main.c", cProgram);
  std::string log = folder / "log";
  int built = execute({"cc", "-std=gnu99", "-Wall", "-Wextra", "-Werror", "-I" + folder.str(), folder / "main.c",
                       "-L" + folder.str(), "-lacc", "-Wl,-rpath," + folder.str(), "-o", folder / "main"},
                      log);
  INFO(read(log));
  REQUIRE(built == 0);
  int ran = execute({folder / "main"}, log);
  CHECK(ran == 0);
  CHECK(read(log) == expectedOutput());
}

} // namespace

TEST_CASE("a C program with the header alone gets the same numbers", "[driver][aot]") {
  const char *name = GENERATE("ld.lld-22", "ld", "cc");
  llvm::Expected<LinkerTool> tool = findLinker({name});
  if (!tool) {
    WARN("not tested with " << name << ": " << llvm::toString(tool.takeError()));
    return;
  }
  ScratchFolder folder;
  buildAndRun(folder, *tool);
  for (const auto &item : std::filesystem::directory_iterator(folder.str()))
    CHECK(item.path().filename().string().find(".overtime-link") == std::string::npos);
}

TEST_CASE("the library exports the program and nothing of the runtime", "[driver][aot]") {
  ScratchFolder folder;
  REQUIRE(text(linkSharedLibrary(accObject(), {{OVERTIME_ABI_LIBRARY}, ""}, folder / "libacc.so",
                                 value(findLinker()))) == "");
  REQUIRE(execute({"nm", "-D", "--defined-only", folder / "libacc.so"}, folder / "log") == 0);
  std::string symbols = read(folder / "log");
  for (const char *name : {"acc_program", "acc_abi_version", "acc_state_bytes", "acc_reset", "acc_run", "acc_error",
                           "acc_set_threads", "acc_set_device", "acc_run_dlpack", "acc_dlpack", "acc_get"})
    CHECK_THAT(symbols, Catch::Contains(std::string(" ") + name + "\n"));
  CHECK_THAT(symbols, !Catch::Contains("overtime_"));
}

TEST_CASE("a library that cannot be linked leaves nothing behind", "[driver][aot]") {
  ScratchFolder folder;
  LinkerTool tool = value(findLinker());
  std::string output = folder / "libacc.so";
  write(output, "what was there before");
  auto object = accObject();
  CHECK_THAT(text(linkSharedLibrary(object, {{folder / "none.a"}, ""}, output, tool)), Catch::Contains("none.a"));
  llvm::SmallVector<char, 0> wrong(200, 'x');
  CHECK_THAT(text(linkSharedLibrary(wrong, {{OVERTIME_ABI_LIBRARY}, ""}, output, tool)),
             Catch::Contains("linking failed"));
  CHECK(read(output) == "what was there before");
  CHECK_THAT(text(linkSharedLibrary(object, {{OVERTIME_ABI_LIBRARY}, ""}, folder / "no/libacc.so", tool)),
             Catch::Contains("cannot write into folder"));
  CHECK(std::distance(std::filesystem::directory_iterator(folder.str()), {}) == 1);
  CHECK_THAT(errorOf(findLinker({"no-such-linker"})), Catch::Contains("no-such-linker"));
}

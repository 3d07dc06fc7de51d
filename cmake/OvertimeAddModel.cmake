# SPDX-License-Identifier: Apache-2.0
# overtime_add_model(NAME MODEL EXPRESSION HEADER FILE [OPTIONS TEXT] [TARGET CPU] [INPUTS TEXT] [GPUS SM...]): a model
# compiled ahead of time, as a library target.
#
#   overtime_add_model(leaky MODEL "LeakyNeuron(64)" HEADER leaky_neuron.h OPTIONS ".out_vars = model.V" TARGET x86-64-v3)
#   target_link_libraries(app PRIVATE leaky)   # app is C or C++ and includes "leaky.h" of the build folder
#
# MODEL     what constructs the model, in C++; HEADER declares it, in a file of another name than NAME.h
# OPTIONS   LoopOptions, as in C++; `model` is the model
# TARGET    the processor: native unless given
# GPUS      compute capabilities, such as sm_80 sm_90, that the library has code for too
# INPUTS    shapes of one step's data, as in C++: "{{128, 100}}"; a Neuron needs none
function(overtime_add_model name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODEL;HEADER;OPTIONS;TARGET;INPUTS" "GPUS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_MODEL OR NOT arg_HEADER)
    message(FATAL_ERROR "overtime_add_model(NAME MODEL EXPRESSION HEADER FILE [OPTIONS TEXT] [TARGET CPU] [INPUTS TEXT] [GPUS SM...])")
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET native)
  endif()
  if(arg_INPUTS)
    string(PREPEND arg_INPUTS ", .inputs = ")
  endif()
  set(gpus "")
  if(arg_GPUS)
    list(JOIN arg_GPUS "\", \"" gpus)
    set(gpus ", .gpus = {\"${gpus}\"}")
  endif()
  get_filename_component(header ${arg_HEADER} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  get_filename_component(file ${header} NAME)
  if(file STREQUAL "${name}.h")
    message(FATAL_ERROR "overtime_add_model(${name}): ${name}.h is what it writes; HEADER needs another name")
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name})
  file(CONFIGURE OUTPUT ${folder}/compile.cpp @ONLY CONTENT [[
#include "compiler/overtime.h"
#include "@header@"

#include <cstdio>

int main(int, char **arguments) {
  using namespace overtime;
  try {
    auto model = @arg_MODEL@;
    LoopOverTime loop(model, {@arg_OPTIONS@});
    compile(loop, {.name = "@name@", .target = "@arg_TARGET@"@arg_INPUTS@@gpus@}).write(arguments[1]);
  } catch (const Error &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
]])
  add_executable(${name}_compile ${folder}/compile.cpp)
  target_link_libraries(${name}_compile PRIVATE overtime::overtime)
  set_target_properties(${name}_compile PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${folder})
  set(library ${folder}/lib${name}.so)
  add_custom_command(
    OUTPUT ${library} ${folder}/${name}.h ${folder}/${name}.json
    COMMAND ${name}_compile ${folder}
    DEPENDS ${name}_compile
    COMMENT "Compiling the model ${name}"
    VERBATIM)
  add_custom_target(${name}_files DEPENDS ${library} ${folder}/${name}.h)
  add_library(${name} SHARED IMPORTED)
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION ${library} IMPORTED_NO_SONAME ON INTERFACE_INCLUDE_DIRECTORIES ${folder})
  add_dependencies(${name} ${name}_files)
endfunction()

# SPDX-License-Identifier: Apache-2.0
# Finds MLIR and offers overtime_mlir: its headers (as system headers), the shared libraries, and one precompiled header,
# because parsing MLIR takes most of a file's compile time.
find_package(MLIR 22.1 REQUIRED CONFIG PATHS /usr/lib/llvm-22)
set(MLIR_BINARY_DIR ${CMAKE_BINARY_DIR}) # else the generated pages go to /docs
set(LLVM_LINK_LLVM_DYLIB ON)
set(MLIR_LINK_MLIR_DYLIB ON)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)

add_library(overtime_mlir INTERFACE)
target_include_directories(overtime_mlir SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS} ${LLVM_INCLUDE_DIRS})
target_include_directories(overtime_mlir INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
target_compile_definitions(overtime_mlir INTERFACE _GNU_SOURCE __STDC_CONSTANT_MACROS __STDC_FORMAT_MACROS
                                                   __STDC_LIMIT_MACROS)
target_link_libraries(overtime_mlir INTERFACE MLIR LLVM)

# Every file that includes MLIR shares one precompiled header: parsing MLIR costs seconds a file otherwise.
function(overtime_use_mlir_pch target)
  if(NOT TARGET overtime_mlir_pch)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/mlir_pch.cpp CONTENT "// Empty: its target carries the precompiled header.\n")
    add_library(overtime_mlir_pch OBJECT ${CMAKE_BINARY_DIR}/mlir_pch.cpp)
    target_link_libraries(overtime_mlir_pch PUBLIC overtime_mlir)
    target_precompile_headers(overtime_mlir_pch PRIVATE ${PROJECT_SOURCE_DIR}/cmake/mlir_pch.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM overtime_mlir_pch)
endfunction()

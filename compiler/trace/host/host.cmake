# SPDX-License-Identifier: Apache-2.0
# The part of the front end that knows numbers, units and errors but no MLIR.
add_library(overtime_host STATIC
  ${CMAKE_CURRENT_LIST_DIR}/dlpack.cpp
  ${CMAKE_CURRENT_LIST_DIR}/error.cpp
  ${CMAKE_CURRENT_LIST_DIR}/host_memory.cpp
  ${CMAKE_CURRENT_LIST_DIR}/interrupt.cpp
  ${CMAKE_CURRENT_LIST_DIR}/memory_need.cpp
  ${CMAKE_CURRENT_LIST_DIR}/nearest.cpp
  ${CMAKE_CURRENT_LIST_DIR}/progress.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tensor.cpp
  ${CMAKE_CURRENT_LIST_DIR}/tensor_file.cpp
  ${CMAKE_CURRENT_LIST_DIR}/unit.cpp)
target_include_directories(overtime_host PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_features(overtime_host PUBLIC cxx_std_20)
target_link_libraries(overtime_host PUBLIC overtime_runtime)

# SPDX-License-Identifier: Apache-2.0
# What other projects link: overtime::overtime after add_subdirectory(), or after find_package() of this build folder.
add_library(overtime::overtime ALIAS overtime_models)
include(cmake/OvertimeAddModel.cmake)
export(
  TARGETS overtime_abi overtime_abi_openmp overtime_cuda overtime_dialect overtime_driver overtime_host overtime_lower overtime_mlir
          overtime_models overtime_reference overtime_runtime overtime_trace overtime_transforms
  NAMESPACE overtime::
  FILE ${PROJECT_BINARY_DIR}/overtime-targets.cmake)
configure_file(cmake/overtime-config.cmake.in ${PROJECT_BINARY_DIR}/overtime-config.cmake @ONLY)

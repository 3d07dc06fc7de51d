# SPDX-License-Identifier: Apache-2.0
# Warnings for every target of this project.
add_compile_options(-Wall -Wextra -Wno-unused-parameter)
if(OVERTIME_WERROR)
  add_compile_options(-Werror)
endif()

# SPDX-License-Identifier: Apache-2.0
# Writes a header with a digest of the files in SOURCES: the object cache must not outlive the code that filled it.
set(all "")
foreach(source IN LISTS SOURCES)
  file(SHA256 ${source} digest)
  string(APPEND all ${digest})
endforeach()
string(SHA256 digest "${all}")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define OVERTIME_PIPELINE_DIGEST \"${digest}\"\n")

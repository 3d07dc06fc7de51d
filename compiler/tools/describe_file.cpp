// SPDX-License-Identifier: Apache-2.0
// Describes files: the arrays of a .npz or .safetensors, and a compiled library by the descriptor it exports.
#include "compiler/tools/description.h"

#include "compiler/overtime.h"
#include "runtime/abi.h"
#include "runtime/files/archive.h"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>
#include <memory>

namespace overtime::tools {
namespace {

std::vector<std::string> dimensions(const std::int64_t *shape, std::int32_t rank) {
  std::vector<std::string> texts;
  for (std::int32_t d = 0; d < rank; ++d)
    texts.push_back(std::to_string(shape[d]));
  return texts;
}

template <class T> std::optional<std::pair<double, double>> range_of(const void *data, std::int64_t elements) {
  const auto *numbers = static_cast<const T *>(data);
  if (elements == 0)
    return std::nullopt;
  auto [low, high] = std::minmax_element(numbers, numbers + elements);
  return std::pair(static_cast<double>(*low), static_cast<double>(*high));
}

std::optional<std::pair<double, double>> range_of(std::int32_t dtype, const void *data, std::int64_t elements) {
  switch (dtype) {
  case OVERTIME_F32:
    return range_of<float>(data, elements);
  case OVERTIME_F64:
    return range_of<double>(data, elements);
  case OVERTIME_I64:
    return range_of<std::int64_t>(data, elements);
  case OVERTIME_I32:
    return range_of<std::int32_t>(data, elements);
  case OVERTIME_U16:
    return range_of<std::uint16_t>(data, elements);
  default:
    return range_of<std::uint8_t>(data, elements);
  }
}

void check(int status, const overtime_message &message) {
  if (status != OVERTIME_OK)
    throw Error(ErrorKind::File, message.text);
}

/// The message without the file and the member, which are named beside it.
std::string reason(const std::string &message) {
  std::size_t at = message.find("': ");
  return "unreadable: " + (at == std::string::npos ? message : message.substr(at + 3));
}

/// "libhh.so" -> "hh"; empty for another name.
std::string program_name(const std::filesystem::path &path) {
  std::string name = path.filename().string();
  if (!name.starts_with("lib") || !name.ends_with(".so") || name.size() <= 6)
    return "";
  return name.substr(3, name.size() - 6);
}

void add_arrays(Description &description, const overtime_program &program) {
  const std::pair<const char *, std::int32_t> kinds[] = {{"state", program.n_states},
                                                         {"param", program.n_params},
                                                         {"input", program.n_inputs},
                                                         {"output", program.n_outputs}};
  const overtime_array *array = program.arrays;
  for (auto [kind, count] : kinds)
    for (std::int32_t k = 0; k < count; ++k, ++array) {
      ArrayDescription one{kind,
                           array->name,
                           array->unit,
                           name_of(static_cast<DType>(array->dtype)),
                           dimensions(array->shape, array->rank),
                           {},
                           {}};
      // The image that reset writes begins behind the header and holds states and parameters.
      auto offset = array->offset - static_cast<std::int64_t>(sizeof(overtime_state_header));
      auto end = offset + array->elements * static_cast<std::int64_t>(overtime_dtype_size(array->dtype));
      if (offset >= 0 && end <= static_cast<std::int64_t>(program.initial_bytes))
        one.range = range_of(array->dtype, static_cast<const char *>(program.initial) + offset, array->elements);
      description.arrays.push_back(std::move(one));
    }
}

Description describe_program(const overtime_program &program, const std::string &path) {
  if (program.abi_version != OVERTIME_ABI_VERSION)
    throw Error(ErrorKind::File, path + ": has ABI version " + std::to_string(program.abi_version) +
                                     ", this tool reads version " + std::to_string(OVERTIME_ABI_VERSION) +
                                     "; use the tool it was compiled with");
  Description description;
  description.facts = {{"name", program.name},
                       {"abi_version", std::int64_t(program.abi_version)},
                       {"target", program.target},
                       {"dt", program.dt},
                       {"t0", program.t0},
                       {"i0", program.i0},
                       {"state_bytes", static_cast<std::int64_t>(program.state_bytes)}};
  add_arrays(description, program);
  if (program.gpu)
    description.kernels = kernels_of(*program.gpu);
  return description;
}

} // namespace

Description describe_tensors(const std::string &path) {
  overtime_message message;
  overtime_archive *opened = nullptr;
  check(overtime_archive_open(path.c_str(), &opened, &message), message);
  std::unique_ptr<overtime_archive, void (*)(overtime_archive *)> archive(opened, overtime_archive_close);
  Description description;
  description.facts = {{"file", path}};
  for (std::size_t k = 0; k < overtime_archive_count(opened); ++k) {
    overtime_host_array array = {};
    if (overtime_archive_read(opened, k, &array, &message) != OVERTIME_OK) { // of another type, or damaged
      description.arrays.push_back({"array", overtime_archive_name(opened, k), "", "?", {}, {}, reason(message.text)});
      continue;
    }
    std::unique_ptr<overtime_host_array, void (*)(overtime_host_array *)> owner(&array, overtime_host_array_free);
    description.arrays.push_back({"array",
                                  overtime_archive_name(opened, k),
                                  "",
                                  name_of(static_cast<DType>(array.dtype)),
                                  dimensions(array.shape, array.rank),
                                  range_of(array.dtype, array.data, array.elements),
                                  {}});
  }
  return description;
}

Description describe_library(const std::string &path) {
  std::filesystem::path file = std::filesystem::absolute(path);
  std::string name = program_name(file), why;
  std::error_code failed;
  if (!std::filesystem::is_regular_file(file, failed))
    throw Error(ErrorKind::File, path + ": there is no such file");
  if (void *library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    // Stays loaded: the description points into it for a moment, and the process ends soon.
    if (const void *program = dlsym(library, (name + "_program").c_str()); program && !name.empty())
      return describe_program(*static_cast<const overtime_program *>(program), path);
    why = "exports no '" + name + "_program'";
  } else {
    why = dlerror(); // for instance built for another kind of machine
  }
  std::filesystem::path beside = file.parent_path() / (name + ".json");
  if (!name.empty() && std::filesystem::is_regular_file(beside, failed))
    return describe_json(beside.string());
  throw Error(ErrorKind::File,
              path + ": " + why + "; expected libNAME.so as `overtime compile` writes it, or NAME.json beside it");
}

} // namespace overtime::tools

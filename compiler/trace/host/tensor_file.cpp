// SPDX-License-Identifier: Apache-2.0
// Loads and saves tensors through the runtime's files of arrays.
#include "compiler/trace/host/nearest.h"
#include "compiler/trace/host/tensor.h"

#include "runtime/abi.h"
#include "runtime/files/archive.h"

#include <algorithm>
#include <cstring>

namespace overtime {
namespace {

void check(int status, const overtime_message &message) {
  if (status != OVERTIME_OK)
    throw Error(ErrorKind::File, message.text);
}

struct FileArray : overtime_host_array {
  FileArray() : overtime_host_array() {}
  ~FileArray() { overtime_host_array_free(this); }
  FileArray(const FileArray &) = delete;
  FileArray &operator=(const FileArray &) = delete;

  Tensor tensor() const {
    Tensor out(Shape(shape, shape + rank), static_cast<DType>(dtype));
    std::memcpy(out.data(), data, bytes);
    return out;
  }
};

class Archive {
public:
  explicit Archive(const std::string &path) {
    overtime_message message;
    check(overtime_archive_open(path.c_str(), &archive_, &message), message);
  }
  ~Archive() { overtime_archive_close(archive_); }
  Archive(const Archive &) = delete;
  Archive &operator=(const Archive &) = delete;

  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < overtime_archive_count(archive_); ++k)
      names.emplace_back(overtime_archive_name(archive_, k));
    return names;
  }
  bool find(const std::string &name, std::size_t &index) const {
    return overtime_archive_find(archive_, name.c_str(), &index) == OVERTIME_OK;
  }
  Tensor read(std::size_t index) const {
    FileArray array;
    overtime_message message;
    check(overtime_archive_read(archive_, index, &array, &message), message);
    return array.tensor();
  }

private:
  overtime_archive *archive_ = nullptr;
};

std::string listed(const std::vector<std::string> &names) {
  constexpr std::size_t most = 20;
  std::string text;
  for (std::size_t k = 0; k < names.size() && k < most; ++k)
    text += (k == 0 ? "" : ", ") + names[k];
  if (names.size() > most)
    text += " and " + std::to_string(names.size() - most) + " more";
  return names.empty() ? "it holds none" : "it holds " + text;
}

Tensor load_member(const std::string &path, const std::string &key) {
  Archive archive(path);
  std::size_t index = 0;
  if (archive.find(key, index))
    return archive.read(index);
  std::vector<std::string> names = archive.names();
  throw Error(ErrorKind::File, path + ": no array '" + key + "'; " + listed(names) + did_you_mean(key, names));
}

Tensor load_npy(const std::string &path) {
  FileArray array;
  overtime_message message;
  check(overtime_npy_read(path.c_str(), &array, &message), message);
  return array.tensor();
}

const std::string archives[] = {".npz", ".safetensors"};

overtime_named_array item_of(const char *name, const Tensor &tensor) {
  return {name, static_cast<std::int32_t>(tensor.dtype()), static_cast<std::int32_t>(tensor.rank()),
          tensor.shape().data(), tensor.data()};
}

} // namespace

Tensor load_tensor(const std::string &source) {
  for (const std::string &archive : archives)
    if (std::size_t at = source.find(archive + ":"); at != std::string::npos)
      return load_member(source.substr(0, at + archive.size()), source.substr(at + archive.size() + 1));
  if (is_tensor_file(source)) {
    Archive opened(source);
    std::vector<std::string> names = opened.names();
    if (names.size() == 1)
      return opened.read(0);
    throw Error(ErrorKind::File, source + ": say which array, as in " + source + ":KEY; " + listed(names));
  }
  if (source.ends_with(".npy"))
    return load_npy(source);
  throw Error(ErrorKind::File, "cannot load '" + source + "'; expected FILE.npz:KEY, FILE.safetensors:KEY or FILE.npy");
}

bool is_tensor_file(const std::string &path) {
  return std::ranges::any_of(archives, [&](const std::string &archive) { return path.ends_with(archive); });
}

std::map<std::string, Tensor> load_tensors(const std::string &path, std::map<std::string, std::string> *unreadable) {
  Archive archive(path);
  std::vector<std::string> names = archive.names();
  std::map<std::string, Tensor> arrays;
  for (std::size_t k = 0; k < names.size(); ++k)
    try {
      arrays.emplace(names[k], archive.read(k));
    } catch (const std::runtime_error &error) {
      if (!unreadable)
        throw;
      unreadable->emplace(names[k], error.what());
    }
  return arrays;
}

void save_tensors(const std::string &path, const std::map<std::string, Tensor> &arrays) {
  std::vector<overtime_named_array> items;
  for (const auto &[name, tensor] : arrays)
    items.push_back(item_of(name.c_str(), tensor));
  overtime_message message;
  check(overtime_archive_write(path.c_str(), items.data(), items.size(), /*compress=*/0, &message), message);
}

void save_npy(const std::string &path, const Tensor &array) {
  overtime_named_array item = item_of("", array);
  overtime_message message;
  check(overtime_npy_write(path.c_str(), &item, &message), message);
}

} // namespace overtime

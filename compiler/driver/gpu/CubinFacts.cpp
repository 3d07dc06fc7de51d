// SPDX-License-Identifier: Apache-2.0
// What a .cubin says of its kernels.
#include "compiler/driver/gpu/CubinFacts.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/Endian.h"

using namespace llvm;

namespace overtime::driver {
namespace {

using Elf = object::ELFFile<object::ELF64LE>;

/// Of a record of `.nv.info`: with Sized, that many bytes follow its head.
enum Form : uint8_t { Sized = 4 };
enum Attribute : uint8_t { MaxThreads = 0x05, RequiredThreads = 0x10, FrameSize = 0x11, Registers = 0x2f };

Error notOne(const Twine &why) { return createStringError("is no .cubin: " + why); }

/// Calls `visit` with every attribute that has numbers of 32 bits.
Error eachAttribute(ArrayRef<uint8_t> info, function_ref<void(uint8_t, ArrayRef<uint32_t>)> visit) {
  while (info.size() >= 4) {
    uint8_t form = info[0], attribute = info[1];
    size_t size = form == Sized ? support::endian::read16le(info.data() + 2) : 0;
    if (info.size() < 4 + size)
      return notOne("an attribute of .nv.info goes beyond its end");
    std::vector<uint32_t> numbers;
    for (size_t at = 0; at + 4 <= size; at += 4)
      numbers.push_back(support::endian::read32le(info.data() + 4 + at));
    if (!numbers.empty())
      visit(attribute, numbers);
    info = info.drop_front(4 + size);
  }
  return Error::success();
}

class Reader {
public:
  Reader(const Elf &elf) : elf(elf) {}

  Expected<CubinFacts> read() {
    if (auto segments = elf.program_headers(); !segments) // the last of the file
      return segments.takeError();
    if (Error failed = findSections())
      return failed;
    const auto &header = elf.getHeader();
    CubinFacts facts;
    bool isNew = header.e_ident[ELF::EI_ABIVERSION] >= ELF::ELFABIVERSION_CUDA_V2;
    facts.capability =
        isNew ? (header.e_flags & ELF::EF_CUDA_SM_MASK) >> ELF::EF_CUDA_SM_OFFSET : header.e_flags & ELF::EF_CUDA_SM;
    for (const auto &[name, section] : order)
      if (StringRef(name).starts_with(".text.")) {
        Expected<CubinKernel> kernel = kernelOf(StringRef(name).drop_front(6), facts.capability);
        if (!kernel)
          return kernel.takeError();
        facts.kernels.push_back(std::move(*kernel));
      }
    if (facts.kernels.empty())
      return notOne("it has no kernel");
    return facts;
  }

private:
  Error findSections() {
    auto all = elf.sections();
    if (!all)
      return all.takeError();
    for (const auto &section : *all) {
      Expected<StringRef> name = elf.getSectionName(section);
      if (!name)
        return name.takeError();
      sections[*name] = &section;
      order.emplace_back(name->str(), &section);
    }
    return Error::success();
  }

  Expected<CubinKernel> kernelOf(StringRef name, int capability) {
    CubinKernel kernel;
    kernel.name = name.str();
    Error own = attributesOf((".nv.info." + name).str(), [&](uint8_t attribute, ArrayRef<uint32_t> numbers) {
      if ((attribute == MaxThreads || attribute == RequiredThreads) && numbers.size() == 3)
        kernel.threads = int64_t(numbers[0]) * numbers[1] * numbers[2];
    });
    if (own)
      return own;
    Expected<uint32_t> number = symbolOf(name);
    if (!number)
      return number.takeError();
    Error common = attributesOf(".nv.info", [&](uint8_t attribute, ArrayRef<uint32_t> numbers) {
      if (numbers.size() != 2 || numbers[0] != *number)
        return;
      if (attribute == Registers)
        kernel.registers = numbers[1];
      if (attribute == FrameSize)
        kernel.localBytes = numbers[1];
    });
    if (common)
      return common;
    if (kernel.registers == 0)
      return notOne("it does not say how many registers " + name + " takes");
    if (auto shared = sections.find((".nv.shared." + name).str()); shared != sections.end()) {
      constexpr int64_t ofSystem = 1024; // comes first in the section, from 9.0 on
      kernel.sharedBytes = int64_t(shared->second->sh_size);
      if (sections.contains(".nv.shared.reserved.0"))
        kernel.sharedBytes = std::max<int64_t>(0, kernel.sharedBytes - ofSystem);
    }
    return kernel;
  }

  Error attributesOf(const std::string &section, function_ref<void(uint8_t, ArrayRef<uint32_t>)> visit) {
    auto found = sections.find(section);
    if (found == sections.end())
      return Error::success();
    auto bytes = elf.getSectionContents(*found->second);
    return bytes ? eachAttribute(*bytes, visit) : bytes.takeError();
  }

  /// The number of the kernel's symbol, by which `.nv.info` knows it.
  Expected<uint32_t> symbolOf(StringRef name) {
    auto table = sections.find(".symtab");
    if (table == sections.end())
      return notOne("it has no symbols");
    auto symbols = elf.symbols(table->second);
    if (!symbols)
      return symbols.takeError();
    auto strings = elf.getStringTableForSymtab(*table->second);
    if (!strings)
      return strings.takeError();
    for (const auto &[number, symbol] : enumerate(*symbols)) {
      Expected<StringRef> own = symbol.getName(*strings);
      if (!own)
        return own.takeError();
      if (*own == name && symbol.getType() == ELF::STT_FUNC)
        return uint32_t(number);
    }
    return notOne("it has no symbol " + name);
  }

  const Elf &elf;
  StringMap<const Elf::Elf_Shdr *> sections;
  std::vector<std::pair<std::string, const Elf::Elf_Shdr *>> order;
};

} // namespace

Expected<CubinFacts> readCubin(StringRef bytes) {
  if (!bytes.starts_with("\x7f"
                         "ELF"))
    return notOne("it is no ELF");
  Expected<Elf> elf = Elf::create(bytes);
  if (!elf)
    return elf.takeError();
  if (bytes.size() < 64 || bytes[ELF::EI_CLASS] != ELF::ELFCLASS64 || elf->getHeader().e_machine != ELF::EM_CUDA)
    return notOne("its code is not for a GPU");
  return Reader(*elf).read();
}

} // namespace overtime::driver

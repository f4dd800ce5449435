#include "tests/kernels/cuda/resources.h"

#include <cxxabi.h>
#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <regex>
#include <stdexcept>
#include <string_view>

namespace netsurf::testing {
namespace {

constexpr uint16_t kDeviceMachine = 190;  // EM_CUDA
/// Version 8 of the format has the architecture in the second byte of the flags, version 7 in the first.
constexpr uint8_t kSecondByteVersion = 8;
/// Attributes of the section .nv.info: a format, a kind, and for the format kSized a size in bytes and as
/// much more.
constexpr uint8_t kSized = 4, kStackSize = 0x12, kRegisters = 0x2f;
constexpr std::string_view kInfo = ".nv.info.", kLocal = ".nv.local.", kShared = ".nv.shared.";

/// An image: an ELF file somewhere in a larger one, perhaps at an odd place.
class Image {
 public:
  explicit Image(std::string_view bytes) : bytes_(bytes), header_(at<Elf64_Ehdr>(0)) {
    for (unsigned i = 0; i < header_.e_shnum; ++i)
      sections_.push_back(at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr)));
  }

  bool is_device_code() const { return header_.e_machine == kDeviceMachine; }

  int architecture() const {
    const bool second = header_.e_ident[EI_ABIVERSION] >= kSecondByteVersion;
    return static_cast<int>((second ? header_.e_flags >> 8 : header_.e_flags) & 0xff);
  }

  std::vector<KernelResources> kernels() const {
    std::map<std::string_view, KernelResources> found;
    for (const Elf64_Shdr& section : sections_)
      if (name_of(section).starts_with(kInfo)) found[name_of(section).substr(kInfo.size())] = {};
    for (const Elf64_Shdr& section : sections_) {
      const std::string_view name = name_of(section);
      if (name.starts_with(kLocal))
        found.at(name.substr(kLocal.size())).local_bytes = static_cast<unsigned>(section.sh_size);
      if (name.starts_with(kShared) && found.contains(name.substr(kShared.size())))
        found.at(name.substr(kShared.size())).shared_bytes = static_cast<unsigned>(section.sh_size);
      if (name == ".nv.info") read_attributes(section, found);
    }
    std::vector<KernelResources> all;
    for (auto& [symbol, kernel] : found) {
      if (kernel.registers == 0) throw std::runtime_error("no registers of " + std::string(symbol));
      name_kernel(std::string(symbol), kernel);
      kernel.architecture = architecture();
      all.push_back(std::move(kernel));
    }
    return all;
  }

 private:
  template <typename Part>
  Part at(uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(Part))
      throw std::runtime_error("an ELF image ends within a part of it");
    Part part;
    std::memcpy(&part, bytes_.data() + offset, sizeof part);
    return part;
  }

  std::string_view text(const Elf64_Shdr& strings, uint64_t offset) const {
    const std::string_view rest = bytes_.substr(std::min(bytes_.size(), strings.sh_offset + offset));
    return rest.substr(0, rest.find('\0'));
  }

  std::string_view name_of(const Elf64_Shdr& section) const {
    return text(sections_.at(header_.e_shstrndx), section.sh_name);
  }

  /// `section` names its symbol table, that its strings.
  std::string_view symbol(const Elf64_Shdr& section, uint32_t index) const {
    const Elf64_Shdr& table = sections_.at(section.sh_link);
    return text(sections_.at(table.sh_link),
                at<Elf64_Sym>(table.sh_offset + index * sizeof(Elf64_Sym)).st_name);
  }

  void read_attributes(const Elf64_Shdr& section, std::map<std::string_view, KernelResources>& found) const {
    uint64_t size = 0;
    for (uint64_t offset = section.sh_offset; offset < section.sh_offset + section.sh_size;
         offset += 4 + size) {
      const auto format = at<uint8_t>(offset), kind = at<uint8_t>(offset + 1);
      size = format == kSized ? at<uint16_t>(offset + 2) : 0;
      if (format != kSized || (kind != kStackSize && kind != kRegisters)) continue;
      const auto kernel = found.find(symbol(section, at<uint32_t>(offset + 4)));
      if (kernel == found.end()) continue;  // a function that kernels call
      (kind == kStackSize ? kernel->second.stack_bytes : kernel->second.registers) = at<uint32_t>(offset + 8);
    }
  }

  static void name_kernel(const std::string& symbol, KernelResources& kernel) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> plain(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
    kernel.name = status == 0 ? plain.get() : symbol;
    // nvcc puts hash, length, file, hash into the name of an anonymous namespace.
    static const std::regex local("_GLOBAL__N__[0-9a-f]+_[0-9]+_(\\w+_cu)_[0-9a-f]{8}");
    std::smatch match;
    if (std::regex_search(symbol, match, local)) kernel.file = match[1];
  }

  std::string_view bytes_;
  Elf64_Ehdr header_;
  std::vector<Elf64_Shdr> sections_;
};

}  // namespace

std::vector<KernelResources> kernel_resources(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  std::vector<KernelResources> all;
  // 64-bit little-endian images: the host's own objects too, which hold the device's.
  const std::string_view magic("\177ELF\2\1", 6);
  for (size_t begin = bytes.find(magic); begin != std::string::npos; begin = bytes.find(magic, begin + 1)) {
    const Image image(std::string_view(bytes).substr(begin));
    if (!image.is_device_code()) continue;
    for (KernelResources& kernel : image.kernels()) all.push_back(std::move(kernel));
  }
  return all;
}

}  // namespace netsurf::testing

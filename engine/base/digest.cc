#include "engine/base/digest.h"

#include <openssl/evp.h>

#include <array>
#include <bit>
#include <cstring>
#include <fstream>

#include "engine/base/error.h"

namespace netsurf {

static_assert(std::endian::native == std::endian::little, "digests and files assume a little-endian machine");

struct Digest::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }

  void update(const void* bytes, size_t size) {
    if (EVP_DigestUpdate(context, bytes, size) != 1) throw RunError("SHA-256 failed in OpenSSL");
  }
  std::array<unsigned char, 32> finish() {
    std::array<unsigned char, 32> hash{};
    if (EVP_DigestFinal_ex(context, hash.data(), nullptr) != 1) throw RunError("SHA-256 failed in OpenSSL");
    return hash;
  }
};

namespace {

std::string to_hex(const std::array<unsigned char, 32>& hash) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : hash) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

Digest::Digest() : state_(std::make_unique<State>()) {
  if (EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) != 1)
    throw RunError("OpenSSL offers no SHA-256");
}
Digest::~Digest() = default;

Digest& Digest::add_bytes(std::span<const std::byte> bytes) {
  uint64_t size = bytes.size();
  state_->update(&size, sizeof size);
  state_->update(bytes.data(), bytes.size());
  return *this;
}

Digest& Digest::add(std::string_view field) { return add_bytes(std::as_bytes(std::span(field))); }
Digest& Digest::add(int64_t number) { return add_bytes(std::as_bytes(std::span(&number, 1))); }
Digest& Digest::add(std::span<const int32_t> numbers) { return add_bytes(std::as_bytes(numbers)); }

std::string Digest::hex() { return to_hex(state_->finish()); }

uint64_t Digest::first_64_bits() {
  auto hash = state_->finish();
  uint64_t bits = 0;
  std::memcpy(&bits, hash.data(), sizeof bits);
  return bits;
}

std::string sha256_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw RunError("cannot read " + path + ": " + std::strerror(errno));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> owner(context, EVP_MD_CTX_free);
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  std::array<char, 1 << 16> buffer;
  while (file.read(buffer.data(), buffer.size()) || file.gcount() > 0) {
    EVP_DigestUpdate(context, buffer.data(), static_cast<size_t>(file.gcount()));
  }
  if (file.bad()) throw RunError("cannot read " + path + " to its end");
  std::array<unsigned char, 32> hash{};
  EVP_DigestFinal_ex(context, hash.data(), nullptr);
  return to_hex(hash);
}

}  // namespace netsurf

#include "base/sha256.h"

#include <openssl/evp.h>

#include "base/check.h"

namespace nines {

struct Sha256::Context {
  EVP_MD_CTX* evp = EVP_MD_CTX_new();
};

// These calls fail without memory or without SHA-256 alone.
Sha256::Sha256() : context_(std::make_unique<Context>()) {
  NINES_CHECK(context_->evp != nullptr && EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(context_->evp); }

Sha256& Sha256::Add(std::string_view bytes) {
  NINES_CHECK(EVP_DigestUpdate(context_->evp, bytes.data(), bytes.size()) == 1);
  return *this;
}

Digest Sha256::Take() {
  Digest digest;
  unsigned int size = 0;
  NINES_CHECK(EVP_DigestFinal_ex(context_->evp, digest.data(), &size) == 1 && size == digest.size());
  NINES_CHECK(EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) == 1);
  return digest;
}

Digest Sha256Of(std::string_view bytes) { return Sha256().Add(bytes).Take(); }

Digest NextLink(const std::optional<Digest>& before, std::string_view bytes) {
  Sha256 hash;
  if (before.has_value()) hash.Add(ToHex(*before));
  return hash.Add(bytes).Take();
}

std::string ToHex(const Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const uint8_t byte : digest) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xf]);
  }
  return hex;
}

std::optional<Digest> DigestFromHex(std::string_view hex) {
  Digest digest;
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (size_t i = 0; i < hex.size(); ++i) {
    const char c = hex[i];
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    const auto value = static_cast<uint8_t>(letter ? c - 'a' + 10 : c - '0');
    digest[i / 2] = static_cast<uint8_t>(digest[i / 2] << 4 | value);
  }
  return digest;
}

}  // namespace nines

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nines {

// A SHA-256 (FIPS 180-4).
using Digest = std::array<uint8_t, 32>;

// Hashes what is added, in the order of adding. Thread-compatible.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  Sha256& Add(std::string_view bytes);
  // Of all that was added; afterwards it begins anew.
  Digest Take();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest Sha256Of(std::string_view bytes);

// The next link of a chain of digests: the SHA-256 of the digest before it, as ToHex() writes it, and then `bytes`. The
// first link has none before it. With the digits, a shell and openssl can follow the chain.
Digest NextLink(const std::optional<Digest>& before, std::string_view bytes);

// 64 lower-case digits, as `openssl dgst -sha256 -r` and sha256sum print them; nothing else is read.
std::string ToHex(const Digest& digest);
std::optional<Digest> DigestFromHex(std::string_view hex);

}  // namespace nines

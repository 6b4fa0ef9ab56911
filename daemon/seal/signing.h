#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/sha256.h"

// Ed25519 (RFC 8032).
namespace nines::seal {

class PublicKey {
 public:
  // PEM as `openssl pkey -pubout` writes it, byte by byte. InvalidArgument says what it is instead.
  static absl::StatusOr<PublicKey> FromPem(std::string_view pem);
  // As Text() writes it.
  static absl::StatusOr<PublicKey> FromText(std::string_view text);

  std::string Pem() const;
  // The PEM's middle line: the key as SubjectPublicKeyInfo, in base64.
  std::string Text() const;
  // SHA-256 of the SubjectPublicKeyInfo: what people compare.
  Digest Id() const;
  bool Verify(std::string_view message, std::string_view signature) const;
  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  friend class PrivateKey;
  std::array<uint8_t, 32> raw_{};
};

// Confined to one thread at a time.
class PrivateKey {
 public:
  static PrivateKey Generate();
  // From a file with PKCS#8 PEM; if there is none, makes it first, with mode 0600. FailedPrecondition if others than
  // its owner may read or write it, or if it is no such key; the message says what to do.
  static absl::StatusOr<PrivateKey> LoadOrCreate(const std::string& path);
  // As above, but NotFound if there is no file.
  static absl::StatusOr<PrivateKey> Load(const std::string& path);

  PublicKey public_key() const;
  // 64 bytes; the same message has the same signature.
  std::string Sign(std::string_view message) const;

 private:
  struct Free {
    void operator()(void* key) const;
  };
  explicit PrivateKey(void* key) : key_(key) {}
  std::unique_ptr<void, Free> key_;  // an EVP_PKEY
};

}  // namespace nines::seal

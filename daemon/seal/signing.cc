#include "daemon/seal/signing.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "base/check.h"
#include "base/text.h"
#include "daemon/seal/key_file.h"

namespace nines::seal {
namespace {

// RFC 8410: SubjectPublicKeyInfo of an Ed25519 key is always this, and then the 32 bytes.
constexpr std::string_view kInfoHead("\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00", 12);
constexpr std::string_view kPemBegin = "-----BEGIN PUBLIC KEY-----\n";
constexpr std::string_view kPemEnd = "\n-----END PUBLIC KEY-----\n";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string PemOf(EVP_PKEY* key) {
  const Bio bio(BIO_new(BIO_s_secmem()));
  NINES_CHECK(bio != nullptr &&
              PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

EVP_PKEY* KeyOfPem(const std::string& pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  NINES_CHECK(bio != nullptr);
  // An encrypted key would ask for its password at the terminal.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr);
  if (key != nullptr && EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
    EVP_PKEY_free(key);
    return nullptr;
  }
  return key;
}

EVP_PKEY* Evp(void* key) { return static_cast<EVP_PKEY*>(key); }

}  // namespace

absl::StatusOr<PublicKey> PublicKey::FromText(std::string_view text) {
  std::string info;
  PublicKey key;
  if (!absl::Base64Unescape(ToAbsl(text), &info) || info.size() != kInfoHead.size() + key.raw_.size() ||
      !info.starts_with(kInfoHead)) {
    return absl::InvalidArgumentError("it is not an Ed25519 public key");
  }
  std::copy(info.begin() + kInfoHead.size(), info.end(), key.raw_.begin());
  // Base64 has several forms of the same bytes.
  if (key.Text() != text) return absl::InvalidArgumentError("it is not an Ed25519 public key in its usual form");
  return key;
}

absl::StatusOr<PublicKey> PublicKey::FromPem(std::string_view pem) {
  if (!pem.starts_with(kPemBegin) || !pem.ends_with(kPemEnd) || pem.size() < kPemBegin.size() + kPemEnd.size()) {
    return absl::InvalidArgumentError(
        "it is not a public key in PEM; `ninesctl public-key` and `openssl pkey -pubout` write one");
  }
  pem.remove_prefix(kPemBegin.size());
  pem.remove_suffix(kPemEnd.size());
  return FromText(pem);
}

std::string PublicKey::Text() const {
  std::string info(kInfoHead);
  info.append(raw_.begin(), raw_.end());
  return absl::Base64Escape(info);
}

std::string PublicKey::Pem() const { return StrCat(kPemBegin, Text(), kPemEnd); }

Digest PublicKey::Id() const {
  return Sha256().Add(kInfoHead).Add({reinterpret_cast<const char*>(raw_.data()), raw_.size()}).Take();
}

bool PublicKey::Verify(std::string_view message, std::string_view signature) const {
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw_.data(), raw_.size());
  if (key == nullptr) return false;
  const MdContext context(EVP_MD_CTX_new());
  const bool good =
      context != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message), message.size()) == 1;
  EVP_PKEY_free(key);
  return good;
}

void PrivateKey::Free::operator()(void* key) const { EVP_PKEY_free(Evp(key)); }

PrivateKey PrivateKey::Generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  NINES_CHECK(key != nullptr);
  return PrivateKey(key);
}

absl::StatusOr<PrivateKey> PrivateKey::Load(const std::string& path) {
  absl::StatusOr<std::string> pem = ReadKeyFile(path);
  if (!pem.ok()) return pem.status();
  EVP_PKEY* key = KeyOfPem(*pem);
  OPENSSL_cleanse(pem->data(), pem->size());
  if (key != nullptr) return PrivateKey(key);
  return absl::FailedPreconditionError(
      StrCat(path,
             " is not a private Ed25519 key (PKCS#8 in PEM, not encrypted); put the right one back, or move it "
             "away to have a new one made"));
}

absl::StatusOr<PrivateKey> PrivateKey::LoadOrCreate(const std::string& path) {
  absl::StatusOr<PrivateKey> loaded = Load(path);
  if (loaded.ok() || loaded.status().code() != absl::StatusCode::kNotFound) return loaded;
  std::string pem = PemOf(Evp(Generate().key_.get()));
  const absl::Status status = CreateKeyFile(path, pem);
  OPENSSL_cleanse(pem.data(), pem.size());
  // Another process can have been faster: its key counts.
  if (!status.ok() && status.code() != absl::StatusCode::kAlreadyExists) return status;
  return Load(path);
}

PublicKey PrivateKey::public_key() const {
  PublicKey key;
  size_t size = key.raw_.size();
  NINES_CHECK(EVP_PKEY_get_raw_public_key(Evp(key_.get()), key.raw_.data(), &size) == 1 && size == key.raw_.size());
  return key;
}

std::string PrivateKey::Sign(std::string_view message) const {
  const MdContext context(EVP_MD_CTX_new());
  std::string signature(64, '\0');
  size_t size = signature.size();
  NINES_CHECK(context != nullptr &&
              EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, Evp(key_.get())) == 1 &&
              EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, Bytes(message),
                             message.size()) == 1 &&
              size == signature.size());
  return signature;
}

}  // namespace nines::seal

#include "daemon/seal/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/escaping.h"
#include "base/check.h"
#include "base/text.h"

namespace nines::seal {
namespace {

using ::testing::HasSubstr;

class SigningTest : public ::testing::Test {
 protected:
  SigningTest() {
    std::string path = testing::TempDir() + "/nines-signing-XXXXXX";
    NINES_CHECK(mkdtemp(path.data()) != nullptr);
    folder_ = path;
    path_ = folder_ + "/seal.key";
  }
  ~SigningTest() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& content, mode_t mode = 0600) {
    std::ofstream(path_, std::ios::trunc) << content;
    NINES_CHECK(chmod(path_.c_str(), mode) == 0);
  }
  std::string Read() {
    std::ifstream stream(path_);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }
  mode_t Mode() {
    struct stat info = {};
    NINES_CHECK(stat(path_.c_str(), &info) == 0);
    return info.st_mode & 07777;
  }
  std::string Refusal() {
    const absl::Status status = PrivateKey::LoadOrCreate(path_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
    return std::string(FromAbsl(status.message()));
  }

  std::string folder_;
  std::string path_;
};

// RFC 8032, 7.1, tests 1 and 3.
struct Vector {
  const char* secret;
  const char* key;
  const char* message;
  const char* signature;
};
const Vector kVectors[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
                            "f9b46bd25bf5f0595bbe24655"
                            "141438e7a100b"},
                           {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
                            "4dc6594a7c15e9716ed28dc02"
                            "7beceea1ec40a"}};

std::string Pkcs8(const std::string& secret_hex) {
  const std::string der = absl::HexStringToBytes("302e020100300506032b657004220420" + secret_hex);
  return StrCat("-----BEGIN PRIVATE KEY-----\n", absl::Base64Escape(der), "\n-----END PRIVATE KEY-----\n");
}

TEST_F(SigningTest, PublishedVectors) {
  for (const Vector& vector : kVectors) {
    Write(Pkcs8(vector.secret));
    const absl::StatusOr<PrivateKey> key = PrivateKey::Load(path_);
    ASSERT_TRUE(key.ok()) << key.status();
    const std::string message = absl::HexStringToBytes(vector.message);
    const std::string signature = absl::HexStringToBytes(vector.signature);
    EXPECT_EQ(key->Sign(message), signature);
    const std::string info = absl::HexStringToBytes(std::string("302a300506032b6570032100") + vector.key);
    EXPECT_EQ(key->public_key().Text(), absl::Base64Escape(info));
    EXPECT_EQ(key->public_key().Id(), Sha256Of(info));
    EXPECT_TRUE(key->public_key().Verify(message, signature));
    EXPECT_FALSE(key->public_key().Verify(message + "x", signature));
    EXPECT_FALSE(key->public_key().Verify(message, signature.substr(1)));
    EXPECT_FALSE(key->public_key().Verify(message, ""));
    for (size_t bit = 0; bit < signature.size() * 8; bit += 7) {
      std::string other = signature;
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(key->public_key().Verify(message, other)) << bit;
    }
  }
}

TEST_F(SigningTest, TheKeyIsMadeOnFirstUseForItsOwnerAlone) {
  const mode_t before = umask(0);
  EXPECT_EQ(PrivateKey::Load(path_).status().code(), absl::StatusCode::kNotFound);
  const absl::StatusOr<PrivateKey> made = PrivateKey::LoadOrCreate(path_);
  umask(before);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Mode(), 0600u);
  EXPECT_THAT(Read(), HasSubstr("BEGIN PRIVATE KEY"));
  const absl::StatusOr<PrivateKey> again = PrivateKey::LoadOrCreate(path_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->public_key(), made->public_key());
  EXPECT_NE(PrivateKey::Generate().public_key(), made->public_key());
  EXPECT_TRUE(made->public_key().Verify("m", again->Sign("m")));
  EXPECT_FALSE(PrivateKey::Generate().public_key().Verify("m", again->Sign("m")));
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) files += entry.exists() ? 1 : 0;
  EXPECT_EQ(files, 1u) << "nothing is left beside it";
}

TEST_F(SigningTest, AKeyThatOthersCanReadIsRefused) {
  for (const mode_t mode : {0640, 0604, 0660, 0610}) {
    Write(Pkcs8(kVectors[0].secret), mode);
    const std::string refusal = Refusal();
    EXPECT_THAT(refusal, HasSubstr(path_));
    EXPECT_THAT(refusal, HasSubstr("chmod 600"));
    EXPECT_THAT(refusal, HasSubstr("mode 0"));
  }
  Write(Pkcs8(kVectors[0].secret), 0400);
  EXPECT_TRUE(PrivateKey::LoadOrCreate(path_).ok());
}

TEST_F(SigningTest, WhatIsNoSuchKeyIsRefusedAndStays) {
  for (const std::string& content : {std::string(), std::string("rubbish"), Pkcs8(kVectors[0].secret).substr(0, 60)}) {
    Write(content);
    EXPECT_THAT(Refusal(), HasSubstr("is not a private Ed25519 key"));
    EXPECT_EQ(Read(), content);
  }
  // openssl genpkey -algorithm X25519
  Write(
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIBibeL2xKnk0eKLl2eEqBz6ohEwcVe6ns9Eh+KrYZ+lI\n"
      "-----END PRIVATE KEY-----\n");
  EXPECT_THAT(Refusal(), HasSubstr("is not a private Ed25519 key"));
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  EXPECT_THAT(Refusal(), HasSubstr("is not a file"));
  path_ = folder_ + "/none/seal.key";
  EXPECT_THAT(Refusal(), HasSubstr("its folder is not there"));
}

TEST_F(SigningTest, PublicKeysHaveOneForm) {
  const PublicKey key = PrivateKey::Generate().public_key();
  EXPECT_EQ(*PublicKey::FromPem(key.Pem()), key);
  EXPECT_EQ(*PublicKey::FromText(key.Text()), key);
  const std::string pem = key.Pem();
  for (size_t bit = 0; bit < pem.size() * 8; ++bit) {
    std::string other = pem;
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
    const absl::StatusOr<PublicKey> read = PublicKey::FromPem(other);
    EXPECT_TRUE(!read.ok() || *read != key) << bit;
  }
  for (size_t size = 0; size < pem.size(); ++size) EXPECT_FALSE(PublicKey::FromPem(pem.substr(0, size)).ok()) << size;
  EXPECT_FALSE(PublicKey::FromPem(pem + "\n").ok());
}

}  // namespace
}  // namespace nines::seal

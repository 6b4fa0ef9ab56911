#include "daemon/seal/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "tests/unit/daemon/seal/sealed_month.h"

namespace nines::seal {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class BundleTest : public ::testing::Test {
 protected:
  std::vector<std::string> Faults(const Files& files) { return VerifyBundle(files, keys_).faults; }
  std::vector<std::string> FaultsWith(const std::string& name, const std::string& content) {
    Files files = month_.files;
    files[name] = content;
    return Faults(files);
  }

  const PrivateKey key_ = PrivateKey::Generate();
  const std::vector<PublicKey> keys_ = {key_.public_key()};
  const SealedMonth month_{key_};
};

TEST_F(BundleTest, AWholeBundleIsSound) {
  const BundleVerdict verdict = VerifyBundle(month_.files, keys_);
  EXPECT_THAT(verdict.faults, IsEmpty());
  EXPECT_EQ(verdict.facts, 7u);
  EXPECT_EQ(verdict.seals, 3u);
  EXPECT_EQ(verdict.statement->period, "2025-01");
  EXPECT_THAT(VerifyBundle(month_.files, {}).faults, IsEmpty());
}

TEST_F(BundleTest, EveryFlippedByteIsFoundInItsFile) {
  for (const auto& [name, content] : month_.files) {
    for (size_t i = 0; i < content.size(); ++i) {
      std::string other = content;
      other[i] = static_cast<char>(other[i] ^ (1 << (i % 8)));
      const std::vector<std::string> faults = FaultsWith(name, other);
      // A signature does not say which of the two was changed.
      const std::string stem = name.substr(0, name.size() - 3);
      ASSERT_THAT(faults, Contains(AllOf(StartsWith(stem), HasSubstr(name))))
          << name << " byte " << i << ": " << testing::PrintToString(faults);
      ASSERT_THAT(faults[0], StartsWith(stem)) << name << " byte " << i;
    }
  }
}

TEST_F(BundleTest, AChangedFactIsNamedAndNoOther) {
  const std::string& text = month_.files.at("facts.txt");
  size_t line_start = kFactsHead.size();
  for (uint64_t position = 1; position <= 7; ++position) {
    const size_t line_end = text.find('\n', line_start);
    for (size_t i = line_start; i < line_end; ++i) {
      std::string other = text;
      other[i] ^= 1;
      const std::string name = StrCat("facts.txt: line ", position + 1, ", fact ", position, ": was changed");
      const std::vector<std::string> faults = FaultsWith("facts.txt", other);
      EXPECT_THAT(faults[0], StartsWith(name)) << i;
      // Besides, the digests that the seals name can be missed.
      for (size_t fault = 1; fault < faults.size(); ++fault)
        EXPECT_THAT(faults[fault], HasSubstr("the digest of fact")) << i;
    }
    line_start = line_end + 1;
  }
}

TEST_F(BundleTest, AnotherKeyIsNotTheOneThatIsTrusted) {
  const std::vector<PublicKey> others = {PrivateKey::Generate().public_key()};
  EXPECT_THAT(VerifyBundle(month_.files, others).faults, Contains(HasSubstr("is not one that was given")).Times(3));
  const std::vector<PublicKey> both = {others[0], keys_[0]};
  EXPECT_THAT(VerifyBundle(month_.files, both).faults, IsEmpty());
  // All of it made anew, with another key: nothing but the key tells.
  const PrivateKey forger = PrivateKey::Generate();
  const SealedMonth forged(forger);
  EXPECT_THAT(VerifyBundle(forged.files, {}).faults, IsEmpty());
  EXPECT_THAT(Faults(forged.files), Contains(HasSubstr("is not one that was given")));
}

TEST_F(BundleTest, MissingAndAdditionalFilesAreNamed) {
  for (const auto& [name, content] : month_.files) {
    Files files = month_.files;
    files.erase(name);
    EXPECT_THAT(Faults(files), Contains(StrCat(name, ": is missing")));
  }
  EXPECT_THAT(FaultsWith("more.txt", ""), ElementsAre("more.txt: does not belong into the bundle"));
  EXPECT_THAT(FaultsWith("chain/0003.txt", ""), ElementsAre("chain/0003.txt: does not belong into the bundle"));
}

TEST_F(BundleTest, FactsThatAreLeftOutOrAddedAtTheEndAreMissed) {
  std::string text = month_.files.at("facts.txt");
  const std::string cut = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
  EXPECT_THAT(FaultsWith("facts.txt", cut), Contains(HasSubstr("has 6 facts, but seal.txt was made from 7")));
  const Digest last = *DigestFromHex(text.substr(cut.size() + 2, 64));
  EXPECT_THAT(FaultsWith("facts.txt", text + FactLine(8, NextLink(last, "more"), "more")),
              ElementsAre(HasSubstr("has 8 facts, but seal.txt was made from 7")));
}

TEST_F(BundleTest, FactsThatWereMadeAnewAreNotThoseOfTheSeals) {
  std::string lines(kFactsHead);
  std::optional<Digest> chain;
  for (uint64_t position = 1; position <= 7; ++position) {
    const std::string fact = position == 4 ? "forged" : StrCat("fact ", position, std::string(position, '\0'));
    chain = NextLink(chain, fact);
    lines += FactLine(position, *chain, fact);
  }
  EXPECT_THAT(FaultsWith("facts.txt", lines),
              ElementsAre("facts.txt: the digest of fact 7 is not the one that stands in seal.txt",
                          "facts.txt: the digest of fact 5 is not the one that stands in chain/0002.txt"));
}

TEST_F(BundleTest, ASealThatIsSignedButNotOfTheChainIsFound) {
  // Signed with the right key, and another reason.
  absl::StatusOr<Statement> statement = ReadStatement(month_.files.at("chain/0001.txt"));
  ASSERT_TRUE(statement.ok());
  statement->author = "somebody else";
  Files files = month_.files;
  files["chain/0001.txt"] = WriteStatement(*statement);
  files["chain/0001.sig"] = key_.Sign(files["chain/0001.txt"]);
  EXPECT_THAT(Faults(files), ElementsAre(HasSubstr("chain/0002.txt: does not follow chain/0001.txt")));
}

TEST_F(BundleTest, ArchivesTakeNoOtherForm) {
  const std::string archive = WriteArchive(month_.files);
  ASSERT_TRUE(ReadArchive(archive).ok()) << ReadArchive(archive).status();
  EXPECT_EQ(*ReadArchive(archive), month_.files);
  EXPECT_EQ(*ReadArchive(WriteArchive({})), Files());
  EXPECT_EQ(archive.size() % 512, 0u);
  for (size_t size = 0; size < archive.size(); size += 13)
    EXPECT_FALSE(ReadArchive(archive.substr(0, size)).ok()) << size;
  EXPECT_FALSE(ReadArchive(archive + std::string(512, '\0')).ok());
}

TEST_F(BundleTest, EveryFlippedByteOfAnArchiveIsFound) {
  const std::string archive = WriteArchive(month_.files);
  size_t in_files = 0;
  for (size_t i = 0; i < archive.size(); ++i) {
    std::string other = archive;
    other[i] = static_cast<char>(other[i] ^ (1 << (i % 8)));
    const absl::StatusOr<Files> files = ReadArchive(other);
    if (!files.ok()) continue;
    ++in_files;
    ASSERT_NE(*files, month_.files) << i;
    ASSERT_THAT(Faults(*files), Not(IsEmpty())) << i;
  }
  size_t expected = 0;
  for (const auto& [name, content] : month_.files) expected += content.size();
  EXPECT_EQ(in_files, expected) << "what is not a file's is found by the archive";
}

TEST_F(BundleTest, ArchivesNameWhatIsWrong) {
  const std::string archive = WriteArchive({{"a.txt", "one"}, {"b.txt", "two"}});
  std::string other = archive;
  other[1024 + 101] ^= 1;
  EXPECT_THAT(std::string(FromAbsl(ReadArchive(other).status().message())),
              HasSubstr("the entry behind a.txt was changed"));
  other = archive;
  other[512 + 3] = 'x';
  EXPECT_THAT(std::string(FromAbsl(ReadArchive(other).status().message())),
              HasSubstr("a.txt: its padding was changed"));
}

}  // namespace
}  // namespace nines::seal

#include "daemon/seal/canonical_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "base/text.h"

namespace nines::seal {
namespace {

using ::testing::HasSubstr;

struct Word {
  std::string text;
  std::string Words() const { return text; }
  bool FromWords(std::string_view words) {
    text = words;
    return text != "bad";
  }
  friend bool operator==(const Word&, const Word&) = default;
};

struct Sample {
  std::string text;
  int64_t number = 0;
  uint64_t count = 0;
  std::optional<int64_t> maybe_number;
  std::optional<std::string> maybe_text;
  Digest digest{};
  std::optional<Digest> maybe_digest;
  std::vector<Word> words;
  friend bool operator==(const Sample&, const Sample&) = default;
};

constexpr auto kFields = [](auto& archive, auto& sample) {
  archive.Head("sample", 1);
  archive.Text("text", sample.text);
  archive.Int("number", sample.number);
  archive.Int("count", sample.count);
  archive.Int("maybe_number", sample.maybe_number);
  archive.Text("maybe_text", sample.maybe_text);
  archive.Hash("digest", sample.digest);
  archive.Hash("maybe_digest", sample.maybe_digest);
  archive.Blank();
  archive.List("word", sample.words);
};

std::string ErrorOf(const std::string& text) {
  return std::string(FromAbsl(ReadText<Sample>(text, kFields).status().message()));
}

const std::string kZeros(64, '0');

TEST(CanonicalTextTest, AValueHasOneText) {
  const Sample empty;
  EXPECT_EQ(WriteText(empty, kFields), "sample 1\ntext=\nnumber=0\ncount=0\nmaybe_number=-\nmaybe_text=-\ndigest=" +
                                           kZeros + "\nmaybe_digest=-\n\n");
  Sample full;
  full.text = "机房 = 断电\n\\\x7f";
  full.number = std::numeric_limits<int64_t>::min();
  full.count = std::numeric_limits<uint64_t>::max();
  full.maybe_number = -1;
  full.maybe_text = "99.9000";
  full.maybe_digest = Digest();
  full.words = {{"one two"}, {""}};
  const std::string text = WriteText(full, kFields);
  EXPECT_EQ(text,
            "sample 1\ntext=机房 = 断电\\x0a\\x5c\\x7f\nnumber=-9223372036854775808\ncount=18446744073709551615\n"
            "maybe_number=-1\nmaybe_text=99.9000\ndigest=" +
                kZeros + "\nmaybe_digest=" + kZeros + "\n\nword=one two\nword=\n");
  for (const Sample& sample : {empty, full}) EXPECT_EQ(*ReadText<Sample>(WriteText(sample, kFields), kFields), sample);
}

TEST(CanonicalTextTest, ATextHasOneValue) {
  const std::string good = WriteText(Sample(), kFields);
  const auto with = [&](const std::string& before, const std::string& after) {
    std::string text = good;
    const size_t at = text.find(before);
    EXPECT_NE(at, std::string::npos) << before;
    return ErrorOf(text.replace(at, before.size(), after));
  };
  EXPECT_EQ(ErrorOf(good), "");
  EXPECT_EQ(with("sample 1", "sample 2"), "line 1: expected 'sample 1'");
  EXPECT_EQ(with("text=", "test="), "line 2: expected 'text=…'");
  EXPECT_EQ(with("text=", "text=\\n"), "line 2: a backslash begins \\xHH alone");
  EXPECT_EQ(with("text=", "text=\\x4"), "line 2: a backslash begins \\xHH alone");
  EXPECT_EQ(with("text=", "text=\\x41"), "line 2: not in the form that it would have been written in");
  EXPECT_EQ(with("text=", "text=\\x5C"), "line 2: not in the form that it would have been written in");
  EXPECT_EQ(with("number=0", "number=00"), "line 3: not in the form that it would have been written in");
  EXPECT_EQ(with("number=0", "number=-0"), "line 3: not in the form that it would have been written in");
  EXPECT_EQ(with("number=0", "number="), "line 3: 'number' is not a whole number");
  EXPECT_EQ(with("number=0", "number=9223372036854775808"), "line 3: 'number' is not a whole number");
  EXPECT_EQ(with("count=0", "count=-1"), "line 4: 'count' is not a whole number");
  EXPECT_EQ(with("maybe_number=-", "maybe_number="), "line 5: 'maybe_number' is neither a whole number nor -");
  EXPECT_THAT(with("digest=0", "digest=A"), HasSubstr("line 7: 'digest' is not a SHA-256"));
  EXPECT_THAT(with("maybe_digest=-", "maybe_digest="), HasSubstr("line 8: 'maybe_digest' is neither"));
  EXPECT_EQ(with("-\n\n", "-\nx\n"), "line 9: expected an empty line");
  EXPECT_EQ(ErrorOf(good + "word=bad\n"), "line 10: the value cannot be read");
  EXPECT_EQ(ErrorOf(good + "word=a\nmore\n"), "line 10: nothing should follow");
  EXPECT_EQ(ErrorOf(good + "word=a"), "line 10: the text breaks off");
  for (size_t size = 0; size < good.size(); ++size) EXPECT_NE(ErrorOf(good.substr(0, size)), "") << size;
}

TEST(CanonicalTextTest, ScopesAreTexts) {
  for (const char* text : {"all", "provider/a", "agency/a/b c"}) EXPECT_EQ(Scope::Parse(text)->Text(), text);
  for (const char* text : {"", "alle", "provider/", "agency/", "region/a"})
    EXPECT_FALSE(Scope::Parse(text).has_value());
  EXPECT_EQ(Scope::Parse("agency/a/b c")->id, "a/b c");
}

}  // namespace
}  // namespace nines::seal

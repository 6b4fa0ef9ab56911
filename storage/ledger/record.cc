#include "storage/ledger/record.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/status_macros.h"
#include "storage/codec/bytes.h"

namespace nines::ledger {
namespace {

constexpr uint8_t kWithoutChain = 1;
constexpr uint8_t kWithChain = 2;
constexpr uint8_t kPositionVersion = 1;
constexpr uint8_t kDocumentVersion = 1;
constexpr size_t kDigestBytes = std::tuple_size_v<Digest>;

absl::Status UnknownVersion(uint8_t version) {
  return absl::DataLossError(
      StrCat("format version ", static_cast<int>(version), " is not known; use the ninesd that wrote it"));
}

std::string_view AsBytes(const Digest& digest) { return {reinterpret_cast<const char*>(digest.data()), digest.size()}; }

}  // namespace

std::string FactKey(FactId id) {
  std::string key;
  codec::AppendFixed64(id.value(), &key);
  return key;
}

std::string EncodeRecord(const Fact& fact, const Digest& chain) {
  std::string value;
  codec::AppendByte(kWithChain, &value);
  value += EncodeFact(fact);
  value += AsBytes(chain);
  codec::AppendChecksum(/*key=*/"", &value);
  return value;
}

absl::StatusOr<Record> DecodeRecord(std::string_view value) {
  std::optional<std::string_view> content = codec::StripChecksum(/*key=*/"", value);
  if (!content.has_value()) return absl::DataLossError("the checksum is wrong");
  if (content->empty()) return absl::DataLossError("the bytes are not a fact");
  const auto version = static_cast<uint8_t>(content->front());
  if (version != kWithoutChain && version != kWithChain) return UnknownVersion(version);
  content->remove_prefix(1);
  Record record;
  if (version == kWithChain) {
    if (content->size() < kDigestBytes) return absl::DataLossError("the bytes are not a fact");
    const std::string_view chain = content->substr(content->size() - kDigestBytes);
    std::copy(chain.begin(), chain.end(), record.chain.emplace().begin());
    content->remove_suffix(kDigestBytes);
  }
  NINES_ASSIGN_OR_RETURN(record.fact, DecodeFact(*content));
  return record;
}

bool IsStreamKey(std::string_view key) {
  codec::ByteReader reader(key);
  reader.Text();
  reader.Text();
  reader.Fixed64();
  return reader.AtEnd();
}

std::string EncodeSequence(std::string_view key, uint64_t sequence) {
  std::string value;
  codec::AppendByte(kPositionVersion, &value);
  codec::AppendVarint(sequence, &value);
  codec::AppendChecksum(key, &value);
  return value;
}

std::optional<uint64_t> DecodeSequence(std::string_view key, std::string_view value) {
  const std::optional<std::string_view> content = codec::StripChecksum(key, value);
  if (!content.has_value() || !IsStreamKey(key)) return std::nullopt;
  codec::ByteReader reader(*content);
  const uint8_t version = reader.Byte();
  const uint64_t sequence = reader.Varint();
  if (!reader.AtEnd() || version != kPositionVersion) return std::nullopt;
  return sequence;
}

std::string DocumentKey(const Digest& digest) { return std::string(AsBytes(digest)); }

std::string EncodeDocument(const Digest& digest, std::string_view document) {
  std::string value;
  value.reserve(document.size() + 5);
  codec::AppendByte(kDocumentVersion, &value);
  value += document;
  codec::AppendChecksum(AsBytes(digest), &value);
  return value;
}

absl::StatusOr<std::string> DecodeDocument(std::string_view key, std::string_view value) {
  const std::optional<std::string_view> content = codec::StripChecksum(key, value);
  if (!content.has_value() || content->empty()) return absl::DataLossError("the checksum is wrong");
  const auto version = static_cast<uint8_t>(content->front());
  if (version != kDocumentVersion) return UnknownVersion(version);
  std::string document(content->substr(1));
  if (AsBytes(Sha256Of(document)) != key) return absl::DataLossError("it is not the document that was stored");
  return document;
}

absl::Status ChainReader::Skip(std::string_view key, FactId expected) {
  codec::ByteReader reader(key);
  const uint64_t found = reader.Fixed64();
  if (!reader.AtEnd() || found < expected.value()) {
    return absl::DataLossError(StrCat("ledger: behind fact ", position_.value(), " there is a record that is no fact"));
  }
  position_ = FactId(found);
  return absl::DataLossError(found == expected.value() + 1
                                 ? StrCat("ledger: fact ", expected.value(), " is missing")
                                 : StrCat("ledger: facts ", expected.value(), " to ", found - 1, " are missing"));
}

absl::StatusOr<ChainReader::Link> ChainReader::Follow(Record record) {
  const uint64_t position = position_.value();
  if (!record.chain.has_value()) {
    if (has_chains_) return absl::DataLossError("it has no digest, though those before it have");
    if (lost_) return absl::DataLossError("it cannot be judged: one before it is damaged");
  }
  has_chains_ = record.chain.has_value();
  const Digest computed = NextLink(chain_, EncodeFact(record.fact));
  const bool follows = lost_ || !record.chain.has_value() || *record.chain == computed;
  chain_ = record.chain.value_or(computed);
  lost_ = false;
  if (follows) return Link{std::move(record.fact), *chain_};
  return absl::DataLossError(
      StrCat("its digest does not follow from ",
             position == 1 ? "its bytes" : StrCat("that of fact ", position - 1, " and its bytes"),
             "; it was changed, or one before it"));
}

absl::StatusOr<ChainReader::Link> ChainReader::Next(std::string_view key, std::string_view value) {
  const FactId expected(position_.value() + 1);
  if (key != FactKey(expected)) {
    lost_ = true;
    return Skip(key, expected);
  }
  position_ = expected;
  const std::string where = StrCat("ledger: fact ", expected.value(), " is damaged");
  absl::StatusOr<Record> record = DecodeRecord(value);
  if (!record.ok() || record->fact.id != expected) {
    lost_ = true;
    if (!record.ok()) return Annotate(record.status(), where);
    return absl::DataLossError(StrCat(where, ": it says that it is fact ", record->fact.id.value()));
  }
  absl::StatusOr<Link> link = Follow(*std::move(record));
  if (!link.ok()) return Annotate(link.status(), where);
  return link;
}

}  // namespace nines::ledger

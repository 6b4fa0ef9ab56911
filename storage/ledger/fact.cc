#include "storage/ledger/fact.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/text.h"
#include "storage/codec/bytes.h"

namespace nines::ledger {
namespace {

using codec::AppendByte;
using codec::AppendSignedVarint;
using codec::AppendText;
using codec::AppendVarint;
using codec::ByteReader;

// Which optional times of a body are there, and its mark that it was taken back.
constexpr uint8_t kFirstTime = 1;
constexpr uint8_t kSecondTime = 2;
constexpr uint8_t kTakenBack = 4;

uint8_t Flags(bool first, bool second, bool taken_back) {
  return static_cast<uint8_t>((first ? kFirstTime : 0) | (second ? kSecondTime : 0) | (taken_back ? kTakenBack : 0));
}

void PutOptional(std::string& bytes, const std::optional<int64_t>& time_ms) {
  if (time_ms.has_value()) AppendSignedVarint(*time_ms, &bytes);
}

void PutScope(std::string& bytes, const Scope& scope) {
  AppendByte(static_cast<uint8_t>(scope.kind), &bytes);
  AppendText(scope.id, &bytes);
}

void PutBody(std::string& bytes, const Declaration& body) {
  AppendByte(Flags(body.end_ms.has_value(), body.told_ms.has_value(), body.withdrawn), &bytes);
  AppendText(body.source, &bytes);
  AppendText(body.id, &bytes);
  PutScope(bytes, body.scope);
  AppendSignedVarint(body.start_ms, &bytes);
  PutOptional(bytes, body.end_ms);
  AppendByte(static_cast<uint8_t>(body.impact), &bytes);
  PutOptional(bytes, body.told_ms);
  AppendText(body.title, &bytes);
}

void PutBody(std::string& bytes, const Maintenance& body) {
  AppendByte(Flags(body.announced_ms.has_value(), body.cancelled_ms.has_value(), false), &bytes);
  AppendText(body.source, &bytes);
  AppendText(body.id, &bytes);
  PutScope(bytes, body.scope);
  AppendSignedVarint(body.start_ms, &bytes);
  AppendSignedVarint(body.end_ms, &bytes);
  PutOptional(bytes, body.announced_ms);
  PutOptional(bytes, body.cancelled_ms);
  AppendText(body.title, &bytes);
}

void PutBody(std::string& bytes, const Ruling& body) {
  AppendByte(Flags(false, false, body.revoked), &bytes);
  AppendText(body.id, &bytes);
  AppendText(body.target.value(), &bytes);
  AppendSignedVarint(body.start_ms, &bytes);
  AppendSignedVarint(body.end_ms, &bytes);
  AppendByte(static_cast<uint8_t>(body.state), &bytes);
  AppendText(body.reason, &bytes);
}

void PutBody(std::string& bytes, const CatalogueChange& body) {
  AppendText(body.kind, &bytes);
  AppendText(body.id, &bytes);
  AppendText(body.bytes, &bytes);
}

void PutBody(std::string& bytes, const Seal& body) {
  AppendText(body.statement, &bytes);
  AppendText(body.signature, &bytes);
  AppendVarint(body.documents.size(), &bytes);
  for (const Digest& digest : body.documents) bytes.append(digest.begin(), digest.end());
}

// The byte of an enumeration whose values are 1 to `max`.
template <typename Enum>
Enum TakeEnum(ByteReader& reader, Enum max) {
  const uint8_t value = reader.Byte();
  if (value < 1 || value > static_cast<uint8_t>(max)) reader.Fail();
  return static_cast<Enum>(value);
}

uint8_t TakeFlags(ByteReader& reader, uint8_t known) {
  const uint8_t flags = reader.Byte();
  if ((flags & ~known) != 0) reader.Fail();
  return flags;
}

std::optional<int64_t> TakeOptional(ByteReader& reader, bool there) {
  return there ? std::optional<int64_t>(reader.SignedVarint()) : std::nullopt;
}

std::string TakeText(ByteReader& reader) { return std::string(reader.Text()); }

Scope TakeScope(ByteReader& reader) {
  Scope scope;
  scope.kind = TakeEnum(reader, ScopeKind::kService);
  scope.id = TakeText(reader);
  return scope;
}

Declaration TakeDeclaration(ByteReader& reader) {
  const uint8_t flags = TakeFlags(reader, kFirstTime | kSecondTime | kTakenBack);
  Declaration body;
  body.withdrawn = (flags & kTakenBack) != 0;
  body.source = TakeText(reader);
  body.id = TakeText(reader);
  body.scope = TakeScope(reader);
  body.start_ms = reader.SignedVarint();
  body.end_ms = TakeOptional(reader, (flags & kFirstTime) != 0);
  body.impact = TakeEnum(reader, Impact::kDown);
  body.told_ms = TakeOptional(reader, (flags & kSecondTime) != 0);
  body.title = TakeText(reader);
  return body;
}

Maintenance TakeMaintenance(ByteReader& reader) {
  const uint8_t flags = TakeFlags(reader, kFirstTime | kSecondTime);
  Maintenance body;
  body.source = TakeText(reader);
  body.id = TakeText(reader);
  body.scope = TakeScope(reader);
  body.start_ms = reader.SignedVarint();
  body.end_ms = reader.SignedVarint();
  body.announced_ms = TakeOptional(reader, (flags & kFirstTime) != 0);
  body.cancelled_ms = TakeOptional(reader, (flags & kSecondTime) != 0);
  body.title = TakeText(reader);
  return body;
}

Ruling TakeRuling(ByteReader& reader) {
  Ruling body;
  body.revoked = (TakeFlags(reader, kTakenBack) & kTakenBack) != 0;
  body.id = TakeText(reader);
  body.target = TargetId(TakeText(reader));
  body.start_ms = reader.SignedVarint();
  body.end_ms = reader.SignedVarint();
  body.state = TakeEnum(reader, RulingState::kExcluded);
  body.reason = TakeText(reader);
  return body;
}

CatalogueChange TakeCatalogueChange(ByteReader& reader) {
  CatalogueChange body;
  body.kind = TakeText(reader);
  body.id = TakeText(reader);
  body.bytes = TakeText(reader);
  return body;
}

Seal TakeSeal(ByteReader& reader) {
  Seal body;
  body.statement = TakeText(reader);
  body.signature = TakeText(reader);
  for (uint64_t left = reader.Varint(); left > 0 && reader.ok(); --left) {
    const std::string_view bytes = reader.Raw(std::tuple_size_v<Digest>);
    if (reader.ok()) std::copy(bytes.begin(), bytes.end(), body.documents.emplace_back().begin());
  }
  return body;
}

FactBody TakeBody(ByteReader& reader, FactKind kind) {
  switch (kind) {
    case FactKind::kDeclaration:
      return TakeDeclaration(reader);
    case FactKind::kMaintenance:
      return TakeMaintenance(reader);
    case FactKind::kRuling:
      return TakeRuling(reader);
    case FactKind::kCatalogue:
      return TakeCatalogueChange(reader);
    case FactKind::kSeal:
      return TakeSeal(reader);
  }
  reader.Fail();
  return CatalogueChange{};
}

struct SourceAndId {
  std::string_view source;
  std::string_view id;
};
SourceAndId Names(const Declaration& body) { return {body.source, body.id}; }
SourceAndId Names(const Maintenance& body) { return {body.source, body.id}; }
SourceAndId Names(const Ruling& body) { return {"", body.id}; }
SourceAndId Names(const CatalogueChange& body) { return {body.kind, body.id}; }
SourceAndId Names(const Seal& body) { return {"", body.statement}; }

}  // namespace

FactKind KindOf(const FactBody& body) {
  NINES_CHECK(!body.valueless_by_exception());
  return static_cast<FactKind>(body.index() + 1);
}

std::string IdentityOf(const ProviderId& provider, const FactBody& body) {
  const SourceAndId names = std::visit([](const auto& alternative) { return Names(alternative); }, body);
  std::string identity;
  AppendByte(static_cast<uint8_t>(KindOf(body)), &identity);
  // With their lengths, so that ("a", "bc") is not ("ab", "c").
  AppendText(provider.value(), &identity);
  AppendText(names.source, &identity);
  AppendText(names.id, &identity);
  return identity;
}

std::string EncodeFact(const Fact& fact) {
  std::string bytes;
  AppendByte(static_cast<uint8_t>(KindOf(fact.body)), &bytes);
  AppendVarint(fact.id.value(), &bytes);
  AppendSignedVarint(fact.recorded_ms, &bytes);
  AppendText(fact.author, &bytes);
  AppendText(fact.provider.value(), &bytes);
  std::visit([&bytes](const auto& body) { PutBody(bytes, body); }, fact.body);
  return bytes;
}

absl::StatusOr<Fact> DecodeFact(std::string_view bytes) {
  ByteReader reader(bytes);
  const FactKind kind = TakeEnum(reader, FactKind::kSeal);
  Fact fact;
  fact.id = FactId(reader.Varint());
  fact.recorded_ms = reader.SignedVarint();
  fact.author = TakeText(reader);
  fact.provider = ProviderId(TakeText(reader));
  if (reader.ok()) fact.body = TakeBody(reader, kind);
  if (!reader.AtEnd()) return absl::DataLossError("the bytes are not a fact");
  return fact;
}

}  // namespace nines::ledger

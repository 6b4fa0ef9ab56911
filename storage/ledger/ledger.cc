#include "storage/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "storage/codec/bytes.h"

namespace nines::ledger {
namespace {

using FactPtr = std::shared_ptr<const Fact>;

constexpr uint8_t kPositionVersion = 1;

std::string FactKey(FactId id) {
  std::string key;
  codec::AppendFixed64(id.value(), &key);
  return key;
}

std::string EncodeStreamKey(const StreamKey& stream) {
  std::string key;
  codec::AppendText(stream.provider.value(), &key);
  codec::AppendText(stream.collector, &key);
  codec::AppendFixed64(stream.epoch, &key);
  return key;
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

// Everything in memory. FactId n is facts[n - 1].
struct Contents {
  std::vector<FactPtr> facts;
  std::vector<FactId> replaced_by;                     // by fact
  absl::flat_hash_map<std::string, FactId> in_force;   // by identity
  absl::flat_hash_map<std::string, uint64_t> streams;  // last sequence by encoded StreamKey

  bool Has(FactId id) const { return id.value() >= 1 && id.value() <= facts.size(); }
  const FactPtr& At(FactId id) const { return facts[id.value() - 1]; }

  void Add(FactPtr fact) {
    NINES_CHECK(fact->id.value() == facts.size() + 1);
    FactId& current = in_force[IdentityOf(fact->provider, fact->body)];
    if (Has(current)) replaced_by[current.value() - 1] = fact->id;
    current = fact->id;
    facts.push_back(std::move(fact));
    replaced_by.emplace_back();
  }
};

absl::Status LoadFacts(const rocks::Database& database, Contents& contents) {
  absl::Status damage;
  NINES_RETURN_IF_ERROR(
      database.Scan(rocks::Family::kFacts, "", "", [&contents, &damage](std::string_view key, std::string_view value) {
        const FactId expected(contents.facts.size() + 1);
        const std::string where = StrCat("ledger: fact ", expected.value());
        absl::StatusOr<Fact> fact = DecodeFact(value);
        if (key != FactKey(expected)) {
          damage = absl::DataLossError(StrCat(where, " is missing"));
        } else if (!fact.ok()) {
          damage = Annotate(fact.status(), StrCat(where, " is damaged"));
        } else if (fact->id != expected) {
          damage = absl::DataLossError(StrCat(where, " is damaged: it says that it is fact ", fact->id.value()));
        } else {
          contents.Add(std::make_shared<const Fact>(*std::move(fact)));
        }
        return damage.ok();
      }));
  return damage;
}

absl::Status StreamDamage(std::string_view key) {
  codec::ByteReader reader(key);
  const std::string_view provider = reader.Text();
  const std::string_view collector = reader.Text();
  return absl::DataLossError(StrCat("ledger: the position of the stream of provider '", provider, "', collector '",
                                    collector, "' is damaged"));
}

absl::Status LoadStreams(const rocks::Database& database, Contents& contents) {
  absl::Status damage;
  NINES_RETURN_IF_ERROR(database.Scan(rocks::Family::kStreams, "", "",
                                      [&contents, &damage](std::string_view key, std::string_view value) {
                                        const std::optional<uint64_t> sequence = DecodeSequence(key, value);
                                        if (sequence.has_value()) {
                                          contents.streams[std::string(key)] = *sequence;
                                          return true;
                                        }
                                        damage = StreamDamage(key);
                                        return false;
                                      }));
  return damage;
}

}  // namespace

class Ledger::Impl {
 public:
  explicit Impl(Contents contents) : contents_(std::move(contents)) {}

  std::vector<Recorded> Stage(std::span<const NewFact> facts, int64_t recorded_ms, rocks::Batch& batch)
      ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    std::vector<Recorded> recorded;
    recorded.reserve(facts.size());
    for (const NewFact& fact : facts) recorded.push_back(StageOne(fact, recorded_ms, batch));
    return recorded;
  }

  void StagePosition(const StreamKey& key, uint64_t sequence) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    staged_streams_[EncodeStreamKey(key)] = sequence;
  }

  std::string StagedPositions() const ABSL_LOCKS_EXCLUDED(mutex_) {
    std::string bytes;
    MutexLock lock(mutex_);
    for (const auto& [stream, sequence] : staged_streams_) {
      codec::AppendText(stream, &bytes);
      codec::AppendVarint(sequence, &bytes);
    }
    return bytes;
  }

  absl::Status RestorePositions(std::string_view bytes) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    for (codec::ByteReader reader(bytes); !reader.AtEnd();) {
      const std::string_view stream = reader.Text();
      const uint64_t sequence = reader.Varint();
      if (!reader.ok() || !IsStreamKey(stream)) return absl::DataLossError("its stream positions cannot be read");
      contents_.streams[std::string(stream)] = sequence;
      unput_streams_.insert(std::string(stream));
    }
    return absl::OkStatus();
  }

  void PutPositions(rocks::Batch& batch) ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    for (const std::string& stream : unput_streams_) {
      batch.Put(rocks::Family::kStreams, stream, EncodeSequence(stream, contents_.streams[stream]));
    }
    // Put again with every cut until a newer one is there: a batch that is not written costs nothing.
  }

  void PublishFacts() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    for (FactPtr& fact : staged_) contents_.Add(std::move(fact));
    staged_.clear();
    staged_in_force_.clear();
  }

  void PublishPositions() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    for (const auto& [stream, sequence] : staged_streams_) {
      contents_.streams[stream] = sequence;
      unput_streams_.insert(stream);
    }
    staged_streams_.clear();
  }

  void Discard() ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    Forget();
  }

  FactId LastPosition() const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    return FactId(contents_.facts.size());
  }

  FactPtr Get(FactId id) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    return contents_.Has(id) ? contents_.At(id) : nullptr;
  }

  std::vector<FactPtr> Current(FactKind kind) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    std::vector<FactPtr> current;
    for (size_t i = 0; i < contents_.facts.size(); ++i) {
      const FactPtr& fact = contents_.facts[i];
      if (contents_.replaced_by[i] == FactId() && KindOf(fact->body) == kind) current.push_back(fact);
    }
    return current;
  }

  std::vector<FactPtr> List(FactId from, size_t limit) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    const size_t size = contents_.facts.size();
    const size_t first = from.value() == 0 ? 0 : std::min<uint64_t>(from.value() - 1, size);
    const auto begin = contents_.facts.begin() + static_cast<ptrdiff_t>(first);
    return {begin, begin + static_cast<ptrdiff_t>(std::min(limit, size - first))};
  }

  FactId ReplacedBy(FactId id) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    return contents_.Has(id) ? contents_.replaced_by[id.value() - 1] : FactId();
  }

  uint64_t LastSequence(const StreamKey& key) const ABSL_LOCKS_EXCLUDED(mutex_) {
    const std::string encoded = EncodeStreamKey(key);
    MutexLock lock(mutex_);
    const auto it = contents_.streams.find(encoded);
    return it == contents_.streams.end() ? 0 : it->second;
  }

 private:
  Recorded StageOne(const NewFact& added, int64_t recorded_ms, rocks::Batch& batch)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::string identity = IdentityOf(added.provider, added.body);
    const FactPtr before = InForce(identity);
    if (before != nullptr && before->body == added.body) return {.id = before->id, .unchanged = true};
    const FactId id(contents_.facts.size() + staged_.size() + 1);
    auto fact = std::make_shared<const Fact>(Fact{
        .id = id, .recorded_ms = recorded_ms, .author = added.author, .provider = added.provider, .body = added.body});
    batch.Put(rocks::Family::kFacts, FactKey(id), EncodeFact(*fact));
    staged_.push_back(fact);
    staged_in_force_[std::move(identity)] = std::move(fact);
    return {.id = id, .unchanged = false};
  }

  // Also of what is staged; nullptr if there is none.
  FactPtr InForce(const std::string& identity) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (const auto it = staged_in_force_.find(identity); it != staged_in_force_.end()) return it->second;
    const auto it = contents_.in_force.find(identity);
    return it == contents_.in_force.end() ? nullptr : contents_.At(it->second);
  }

  void Forget() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    staged_.clear();
    staged_in_force_.clear();
    staged_streams_.clear();
  }

  mutable Mutex mutex_;
  Contents contents_ ABSL_GUARDED_BY(mutex_);
  std::vector<FactPtr> staged_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, FactPtr> staged_in_force_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<std::string, uint64_t> staged_streams_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> unput_streams_ ABSL_GUARDED_BY(mutex_);  // published since the start
};

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() = default;

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(rocks::Database& database) {
  Contents contents;
  NINES_RETURN_IF_ERROR(LoadFacts(database, contents));
  NINES_RETURN_IF_ERROR(LoadStreams(database, contents));
  return std::unique_ptr<Ledger>(new Ledger(std::make_unique<Impl>(std::move(contents))));
}

std::vector<Recorded> Ledger::Stage(std::span<const NewFact> facts, int64_t recorded_ms, rocks::Batch& batch) {
  return impl_->Stage(facts, recorded_ms, batch);
}
void Ledger::PublishFacts() { impl_->PublishFacts(); }
void Ledger::PublishPositions() { impl_->PublishPositions(); }
void Ledger::Discard() { impl_->Discard(); }
FactId Ledger::LastPosition() const { return impl_->LastPosition(); }
std::shared_ptr<const Fact> Ledger::Get(FactId id) const { return impl_->Get(id); }
std::vector<std::shared_ptr<const Fact>> Ledger::Current(FactKind kind) const { return impl_->Current(kind); }
std::vector<std::shared_ptr<const Fact>> Ledger::List(FactId from, size_t limit) const {
  return impl_->List(from, limit);
}
FactId Ledger::ReplacedBy(FactId id) const { return impl_->ReplacedBy(id); }
uint64_t Ledger::LastSequence(const StreamKey& key) const { return impl_->LastSequence(key); }
void Ledger::StagePosition(const StreamKey& key, uint64_t sequence) { impl_->StagePosition(key, sequence); }
std::string Ledger::StagedPositions() const { return impl_->StagedPositions(); }
absl::Status Ledger::RestorePositions(std::string_view bytes) { return impl_->RestorePositions(bytes); }
void Ledger::PutPositions(rocks::Batch& batch) { impl_->PutPositions(batch); }

}  // namespace nines::ledger

#include "storage/ledger/ledger.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "base/check.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "storage/codec/bytes.h"
#include "storage/ledger/record.h"

namespace nines::ledger {
namespace {

using FactPtr = std::shared_ptr<const Fact>;

std::string EncodeStreamKey(const StreamKey& stream) {
  std::string key;
  codec::AppendText(stream.provider.value(), &key);
  codec::AppendText(stream.collector, &key);
  codec::AppendFixed64(stream.epoch, &key);
  return key;
}

// Everything in memory. FactId n is facts[n - 1].
struct Contents {
  std::vector<FactPtr> facts;
  std::vector<Digest> chain;                           // by fact
  std::vector<FactId> replaced_by;                     // by fact
  std::vector<FactId> replaces;                        // by fact
  absl::flat_hash_map<std::string, FactId> in_force;   // by identity
  absl::flat_hash_map<std::string, uint64_t> streams;  // last sequence by encoded StreamKey

  bool Has(FactId id) const { return id.value() >= 1 && id.value() <= facts.size(); }
  const FactPtr& At(FactId id) const { return facts[id.value() - 1]; }

  void Add(FactPtr fact, const Digest& digest) {
    NINES_CHECK(fact->id.value() == facts.size() + 1);
    FactId& current = in_force[IdentityOf(fact->provider, fact->body)];
    if (Has(current)) replaced_by[current.value() - 1] = fact->id;
    replaces.push_back(current);
    current = fact->id;
    facts.push_back(std::move(fact));
    chain.push_back(digest);
    replaced_by.emplace_back();
  }
};

absl::Status LoadFacts(const rocks::Database& database, Contents& contents) {
  absl::Status damage;
  ChainReader reader;
  NINES_RETURN_IF_ERROR(database.Scan(rocks::Family::kFacts, "", "", [&](std::string_view key, std::string_view value) {
    absl::StatusOr<ChainReader::Link> link = reader.Next(key, value);
    damage = link.status();
    if (!link.ok()) return false;
    contents.Add(std::make_shared<const Fact>(std::move(link->fact)), link->chain);
    return true;
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
  Impl(const rocks::Database& database, Contents contents) : database_(database), contents_(std::move(contents)) {}

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
    for (Staged& staged : staged_) contents_.Add(std::move(staged.fact), staged.chain);
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

  std::vector<FactPtr> Current(FactKind kind, FactId as_of) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    std::vector<FactPtr> current;
    const size_t size = std::min<uint64_t>(as_of.value(), contents_.facts.size());
    for (size_t i = 0; i < size; ++i) {
      const FactPtr& fact = contents_.facts[i];
      const FactId replaced_by = contents_.replaced_by[i];
      if ((replaced_by == FactId() || replaced_by > as_of) && KindOf(fact->body) == kind) current.push_back(fact);
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

  FactId Replaces(FactId id) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    return contents_.Has(id) ? contents_.replaces[id.value() - 1] : FactId();
  }

  FactId PositionAt(int64_t time_ms) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    // Not a binary search: a clock that was set back has left times that are out of order.
    const auto later = std::find_if(contents_.facts.begin(), contents_.facts.end(),
                                    [time_ms](const FactPtr& fact) { return fact->recorded_ms > time_ms; });
    return FactId(static_cast<uint64_t>(later - contents_.facts.begin()));
  }

  Digest ChainAt(FactId id) const ABSL_LOCKS_EXCLUDED(mutex_) {
    MutexLock lock(mutex_);
    NINES_CHECK(contents_.Has(id));
    return contents_.chain[id.value() - 1];
  }

  absl::StatusOr<std::string> Document(const Digest& digest) const {
    const std::string key = DocumentKey(digest);
    const std::string where = StrCat("ledger: document ", ToHex(digest));
    NINES_ASSIGN_OR_RETURN(const std::optional<std::string> value, database_.Get(rocks::Family::kDocuments, key));
    if (!value.has_value()) return absl::NotFoundError(StrCat(where, " is not there"));
    absl::StatusOr<std::string> document = DecodeDocument(key, *value);
    if (!document.ok()) return Annotate(document.status(), StrCat(where, " is damaged"));
    return document;
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
    std::optional<Digest> chain;
    if (!staged_.empty()) {
      chain = staged_.back().chain;
    } else if (!contents_.chain.empty()) {
      chain = contents_.chain.back();
    }
    auto fact = std::make_shared<const Fact>(Fact{
        .id = id, .recorded_ms = recorded_ms, .author = added.author, .provider = added.provider, .body = added.body});
    const Digest digest = NextLink(chain, EncodeFact(*fact));
    batch.Put(rocks::Family::kFacts, FactKey(id), EncodeRecord(*fact, digest));
    for (const std::string& document : added.documents) {
      const Digest name = Sha256Of(document);
      batch.Put(rocks::Family::kDocuments, DocumentKey(name), EncodeDocument(name, document));
    }
    staged_.push_back({fact, digest});
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

  struct Staged {
    FactPtr fact;
    Digest chain;
  };

  const rocks::Database& database_;
  mutable Mutex mutex_;
  Contents contents_ ABSL_GUARDED_BY(mutex_);
  std::vector<Staged> staged_ ABSL_GUARDED_BY(mutex_);
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
  return std::unique_ptr<Ledger>(new Ledger(std::make_unique<Impl>(database, std::move(contents))));
}

std::vector<Recorded> Ledger::Stage(std::span<const NewFact> facts, int64_t recorded_ms, rocks::Batch& batch) {
  return impl_->Stage(facts, recorded_ms, batch);
}
void Ledger::PublishFacts() { impl_->PublishFacts(); }
void Ledger::PublishPositions() { impl_->PublishPositions(); }
void Ledger::Discard() { impl_->Discard(); }
FactId Ledger::LastPosition() const { return impl_->LastPosition(); }
std::shared_ptr<const Fact> Ledger::Get(FactId id) const { return impl_->Get(id); }
std::vector<std::shared_ptr<const Fact>> Ledger::Current(FactKind kind) const {
  return impl_->Current(kind, FactId(UINT64_MAX));
}
std::vector<std::shared_ptr<const Fact>> Ledger::Current(FactKind kind, FactId as_of) const {
  return impl_->Current(kind, as_of);
}
std::vector<std::shared_ptr<const Fact>> Ledger::List(FactId from, size_t limit) const {
  return impl_->List(from, limit);
}
FactId Ledger::ReplacedBy(FactId id) const { return impl_->ReplacedBy(id); }
FactId Ledger::Replaces(FactId id) const { return impl_->Replaces(id); }
FactId Ledger::PositionAt(int64_t time_ms) const { return impl_->PositionAt(time_ms); }
Digest Ledger::ChainAt(FactId id) const { return impl_->ChainAt(id); }
absl::StatusOr<std::string> Ledger::Document(const Digest& digest) const { return impl_->Document(digest); }
uint64_t Ledger::LastSequence(const StreamKey& key) const { return impl_->LastSequence(key); }
void Ledger::StagePosition(const StreamKey& key, uint64_t sequence) { impl_->StagePosition(key, sequence); }
std::string Ledger::StagedPositions() const { return impl_->StagedPositions(); }
absl::Status Ledger::RestorePositions(std::string_view bytes) { return impl_->RestorePositions(bytes); }
void Ledger::PutPositions(rocks::Batch& batch) { impl_->PutPositions(batch); }

}  // namespace nines::ledger

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/ledger/fact.h"
#include "storage/rocks/database.h"

namespace nines::ledger {

// Where a stream stands: everything of (provider, collector, epoch) up to `sequence` is durable.
struct StreamKey {
  ProviderId provider;
  std::string collector;
  uint64_t epoch = 0;
  friend bool operator==(const StreamKey&, const StreamKey&) = default;
};

// What a fact became.
struct Recorded {
  FactId id;
  bool unchanged = false;  // the same content was in force already: nothing was written, `id` is the earlier one's
};

// The append-only list of facts, chained by their digests, and the stream positions. Few and precious: all facts are
// kept in memory; the documents of seals are not.
//
// Writing is done by one thread, in two steps like series::Store: Stage() puts facts into a batch that the caller
// writes, then PublishFacts() makes them visible; positions are staged, logged and published in the same way. Discard()
// forgets what is staged when its write failed. Reading is thread-safe.
class Ledger {
 public:
  // Reads everything, which must be sound: DataLoss names the fact that is damaged, changed or missing. `database`
  // outlives the ledger, which reads documents from it.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(rocks::Database& database);
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // In order, with the documents that they name; a fact equal to the one in force under its identity (also one staged
  // before it) is not written again.
  std::vector<Recorded> Stage(std::span<const NewFact> facts, int64_t recorded_ms, rocks::Batch& batch);
  void PublishFacts();
  void PublishPositions();
  void Discard();

  // Position of the last published fact; 0 = none.
  FactId LastPosition() const;
  std::shared_ptr<const Fact> Get(FactId id) const;  // nullptr if there is none
  // Facts of a kind in force (not replaced), by position: now, or when the ledger's last position was `as_of`.
  std::vector<std::shared_ptr<const Fact>> Current(FactKind kind) const;
  std::vector<std::shared_ptr<const Fact>> Current(FactKind kind, FactId as_of) const;
  // All facts with from ≤ position, in order, at most `limit`.
  std::vector<std::shared_ptr<const Fact>> List(FactId from, size_t limit) const;
  // The fact that replaced `id`; 0 = it is in force.
  FactId ReplacedBy(FactId id) const;
  // The fact that `id` replaced; 0 = it is the first of its identity.
  FactId Replaces(FactId id) const;
  // The last position before the first fact that was recorded later than `time_ms`; 0 = nothing was recorded then.
  FactId PositionAt(int64_t time_ms) const;

  // The digest of all facts up to `id`, which is published: base/sha256.h, NextLink().
  Digest ChainAt(FactId id) const;
  // NotFound for a document that no published seal names, DataLoss for one that is damaged.
  absl::StatusOr<std::string> Document(const Digest& digest) const;

  // Stream positions. Staged and published together with the facts of the same group; what keeps them is the log record
  // of the group's samples, with the bytes of StagedPositions(), until PutPositions() has put all that are published
  // into a batch.
  uint64_t LastSequence(const StreamKey& key) const;
  void StagePosition(const StreamKey& key, uint64_t sequence);
  std::string StagedPositions() const;
  // Takes over what StagedPositions() gave before a crash. Errors: DataLoss.
  absl::Status RestorePositions(std::string_view bytes);
  void PutPositions(rocks::Batch& batch);

 private:
  class Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nines::ledger

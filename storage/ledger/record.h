#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/sha256.h"
#include "storage/ledger/fact.h"

// Facts, positions and documents as the database has them: storage/FORMAT.md, "Ledger".
namespace nines::ledger {

struct Record {
  Fact fact;
  std::optional<Digest> chain;  // absent in records of version 1, which has none
};
std::string FactKey(FactId id);
std::string EncodeRecord(const Fact& fact, const Digest& chain);
// Strict: takes nothing that was not written by this or an earlier version. DataLoss says what is wrong.
absl::StatusOr<Record> DecodeRecord(std::string_view value);

bool IsStreamKey(std::string_view key);
std::string EncodeSequence(std::string_view key, uint64_t sequence);
// nullopt for what is damaged, the key included.
std::optional<uint64_t> DecodeSequence(std::string_view key, std::string_view value);

std::string DocumentKey(const Digest& digest);
std::string EncodeDocument(const Digest& digest, std::string_view document);
// DataLoss says what is wrong: also where the document is not the one that its key names.
absl::StatusOr<std::string> DecodeDocument(std::string_view key, std::string_view value);

// Follows the chain over the records, from the first on. Confined to one thread.
class ChainReader {
 public:
  struct Link {
    Fact fact;
    Digest chain;
  };
  // The next record. DataLoss names the fact that is missing, damaged or changed. Reading can go on behind it: the next
  // fact is judged by the digest that stands in the record before, where there is one.
  absl::StatusOr<Link> Next(std::string_view key, std::string_view value);

  // Of the record read last, sound or not; 0 before the first.
  FactId position() const { return position_; }

 private:
  absl::Status Skip(std::string_view key, FactId expected);
  absl::StatusOr<Link> Follow(Record record);

  FactId position_;
  std::optional<Digest> chain_;  // of the fact at position_
  bool lost_ = false;            // that fact is damaged or missing: there is nothing to follow
  bool has_chains_ = false;      // there was a record with a digest; so have all that follow
};

}  // namespace nines::ledger

#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nines/v1/catalogue.pb.h"
#include "storage/ledger/ledger.h"

namespace nines::catalogue {

struct Change {
  v1::ChangeAction action = v1::CHANGE_ACTION_UNSPECIFIED;
  std::string kind;
  std::string id;
  std::string before_bytes;  // serialized entry; empty: none
  std::string after_bytes;
};

struct File {
  std::string name;
  std::string content;
};

enum class Prune { kNo, kYes };

// What applying `files` to the catalogue in force would change. InvalidArgument lists every mistake as
// "FILE:LINE:COLUMN: …": what ParseYaml finds, ids that are missing, stand twice or are too long, references to
// entries that exist neither in the files nor in force, circles among targets (with their path), contracts whose terms
// make no sense, and entries that --prune would retire though others refer to them.
absl::StatusOr<std::vector<Change>> Diff(const std::vector<File>& files, Prune prune, const ledger::Ledger& ledger);

// The changes as facts, ready to be recorded together.
std::vector<ledger::NewFact> ToFacts(const std::vector<Change>& changes, const std::string& author);

// Canonical YAML of an entry's serialized bytes.
absl::StatusOr<std::string> EntryYaml(const std::string& kind, const std::string& bytes);

}  // namespace nines::catalogue

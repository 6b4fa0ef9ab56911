#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/seal/scope.h"

// The observed timelines that a sealed report was made from, so that it can be made again from these and the facts when
// the results are gone. docs/sealing.md, "The timelines".
namespace nines::seal {

struct SealedSpan {
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  std::string state;  // "up", "degraded", "down", "unknown"
  std::string Words() const;
  bool FromWords(std::string_view words);
  friend bool operator==(const SealedSpan&, const SealedSpan&) = default;
};

struct SealedTimeline {
  std::string target;
  std::vector<SealedSpan> spans;  // without a gap; also beyond the period, as far as was looked to see outages whole
  friend bool operator==(const SealedTimeline&, const SealedTimeline&) = default;
};

struct SealedTimelines {
  std::string period;
  Scope scope;
  uint64_t ledger_position = 0;
  int64_t now_ms = 0;
  std::vector<SealedTimeline> targets;  // by id
  friend bool operator==(const SealedTimelines&, const SealedTimelines&) = default;
};

std::string WriteTimelines(const SealedTimelines& timelines);
// InvalidArgument, with the line, for whatever WriteTimelines() does not write.
absl::StatusOr<SealedTimelines> ReadTimelines(std::string_view text);

}  // namespace nines::seal

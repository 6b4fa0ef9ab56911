#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/strong_id.h"
#include "storage/codec/xor_samples.h"
#include "storage/rocks/database.h"
#include "storage/series/series_head.h"

namespace nines::series {

// A sample, and the sequence of the chunk it is in: at one time the largest sequence stands.
struct Candidate {
  codec::Sample sample;
  uint64_t sequence = 0;
};

// One series, in memory and in the database together, as it was at the moment of `view`, which is taken before the
// database is read: a chunk that is stored in between is then seen in one of the two. Left out of the database is what
// the view has itself, and every chunk that was begun after it: else there could be a late sample without the ones
// before. Errors, all of them: DataLoss with the series and the chunk, and those of the database. Thread-compatible.
class SeriesReader {
 public:
  SeriesReader(const rocks::Database& database, SeriesId series, const HeadView& view)
      : database_(database), series_(series), view_(view) {}

  // Appends the samples of [start_ms, end_ms), oldest first, one a time stamp.
  absl::Status Read(int64_t start_ms, int64_t end_ms, std::vector<codec::Sample>* samples);
  absl::StatusOr<std::optional<codec::Sample>> LastBefore(int64_t time_ms);
  absl::StatusOr<std::optional<codec::Sample>> FirstFrom(int64_t time_ms);

 private:
  struct StoredChunk;

  // Whether a stored chunk is a part of the series that the view does not have.
  bool Counts(uint64_t sequence) const;
  absl::StatusOr<StoredChunk> ParseStored(std::string_view key, std::string_view value) const;
  absl::Status Unpack(const StoredChunk& chunk, std::vector<codec::Sample>* samples) const;
  absl::Status UnpackPart(const HeadView::Part& part, std::vector<codec::Sample>* samples) const;
  // Keeps of scratch_ what lies in [start_ms, end_ms).
  void Collect(uint64_t sequence, int64_t start_ms, int64_t end_ms);
  absl::Status CollectStored(SpanClass span, int64_t start_ms, int64_t end_ms);
  absl::Status LastStored(SpanClass span, int64_t time_ms, std::optional<Candidate>* best);
  absl::Status FirstStored(SpanClass span, int64_t time_ms, std::optional<Candidate>* best);

  const rocks::Database& database_;
  SeriesId series_;
  const HeadView& view_;
  std::vector<codec::Sample> scratch_;
  std::vector<Candidate> collected_;
};

}  // namespace nines::series

#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/interval.h"
#include "base/strong_id.h"
#include "storage/codec/xor_samples.h"
#include "storage/rocks/database.h"
#include "storage/series/chunk_key.h"

namespace nines::series {

// A chunk that takes no more samples and is on its way to the database. A value that never changes.
struct ReadyChunk {
  SeriesId series;
  uint64_t sequence = 0;
  int64_t start_ms = 0;
  int64_t end_ms = 0;  // time of the last sample
  uint32_t count = 0;
  std::string key;
  std::string value;
  // Where an earlier state of it was stored, if elsewhere.
  std::string stale_key;
};

// What the writing thread lends to every head, so that none has buffers and counters of its own.
struct HeadWriter {
  std::atomic<uint64_t> next_sequence = 1;  // only the writing thread changes it
  std::vector<codec::Sample> scratch;
  std::vector<std::shared_ptr<const ReadyChunk>> ready;  // not stored yet, oldest first
  size_t ready_bytes = 0;
};

// A copy of what of one series is in memory, still packed. A value.
struct HeadView {
  struct Part {
    uint64_t sequence = 0;
    int64_t start_ms = 0;
    uint32_t count = 0;
    std::string packed;                  // of the open chunk
    std::vector<codec::Sample> samples;  // of the late buffer
    std::shared_ptr<const ReadyChunk> ready;
  };
  // Of every chunk that is in memory, also where none of its samples was asked for: an older state of these may be
  // stored.
  std::vector<uint64_t> sequences;
  // Every chunk of the series that had been begun has a smaller sequence.
  uint64_t sequence_limit = 0;
  // No two with the same sequence.
  std::vector<Part> parts;
};

// The samples of one series that are not, or not all, in stored chunks:
// - the open chunk takes samples in order of time, and those that fall between its first and its last;
// - the late buffer takes what lies before the open chunk, and before what the last open chunk held;
// - ready chunks wait for being stored.
// The rule that of two samples at one time the one recorded last stands is kept by the chunks' sequences, which are
// given when a chunk is begun. Two chunks that are in memory together, and still take samples, never hold the same
// time: the late buffer only takes times before the open chunk's start, which does not move, and when the open chunk is
// sealed the late buffer is sealed with it. So of any two chunks with a common time one was sealed before the other was
// begun. Thread-compatible.
class SeriesHead {
 public:
  // Samples of a full chunk, and of a full late buffer. Insertions may take an open chunk to twice its size.
  static constexpr uint32_t kOpenCount = 240;
  static constexpr uint32_t kLateCount = 120;

  void Append(SeriesId id, codec::Sample sample, HeadWriter& writer);

  // Puts the open chunk and the late buffer into `batch` as they are, where they changed since the last time.
  // Answers how many chunks that were.
  int StoreChanged(SeriesId id, HeadWriter& writer, rocks::Batch& batch);
  // The oldest ready chunk is stored.
  void DropOldestReady();

  // Samples of [start_ms, end_ms] (both included).
  void View(int64_t start_ms, int64_t end_ms, HeadView* view) const;
  uint64_t sample_count() const;
  uint64_t memory_bytes() const;

 private:
  // Where a chunk was stored last.
  struct Place {
    bool stored = false;
    SpanClass span = SpanClass::kShort;
    int64_t start_ms = 0;
  };
  struct LateBuffer {
    uint64_t sequence = 0;
    Place place;
    bool changed = false;
    std::vector<codec::Sample> samples;  // sorted, times unique
  };

  void InsertIntoOpen(codec::Sample sample, HeadWriter& writer);
  void AppendLate(SeriesId id, codec::Sample sample, HeadWriter& writer);
  void Seal(SeriesId id, HeadWriter& writer);
  void SealOpen(SeriesId id, HeadWriter& writer);
  void SealLate(SeriesId id, HeadWriter& writer);
  void UnpackOpen(std::vector<codec::Sample>* samples) const;
  void AddReady(SeriesId id, uint64_t sequence, const Place& place, const std::vector<codec::Sample>& samples,
                HeadWriter& writer);
  static void Store(SeriesId id, uint64_t sequence, const std::vector<codec::Sample>& samples, Place* place,
                    rocks::Batch& batch);

  codec::XorAppender open_;  // no samples = there is no open chunk
  uint64_t open_sequence_ = 0;
  Place open_place_;
  bool open_changed_ = false;
  // Last time of any open chunk sealed so far. While there is no open chunk, what is not later than this is late.
  int64_t sealed_until_ms_ = std::numeric_limits<int64_t>::min();
  std::unique_ptr<LateBuffer> late_;
  std::vector<std::shared_ptr<const ReadyChunk>> ready_;
};

}  // namespace nines::series

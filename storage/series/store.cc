#include "storage/series/store.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "storage/codec/bytes.h"
#include "storage/series/head.h"
#include "storage/series/log_record.h"
#include "storage/series/series_reader.h"

namespace nines::series {

using rocks::Durability;
using rocks::Family;

namespace {

constexpr char kFormatKey[] = "series.format";
constexpr char kLogCutKey[] = "series.log_cut";
constexpr char kSequenceLimitKey[] = "series.chunk_sequence_limit";
constexpr uint64_t kFormat = 1;
constexpr uint8_t kSeriesVersion = 1;

// Chunk sequences are set aside in lots of this size, so that the limit is seldom written.
constexpr uint64_t kSequenceLot = 1 << 20;

std::string NumberKey(uint64_t number) {
  std::string key;
  codec::AppendFixed64(number, &key);
  return key;
}

absl::StatusOr<uint64_t> ReadNumber(const rocks::Database& database, const char* key, uint64_t without) {
  NINES_ASSIGN_OR_RETURN(std::optional<std::string> value, database.Get(Family::kMeta, key));
  if (!value.has_value()) return without;
  const std::optional<std::string_view> body = codec::StripChecksum(key, *value);
  codec::ByteReader reader(body.value_or(""));
  const uint64_t number = reader.Fixed64();
  if (!reader.AtEnd()) return absl::DataLossError(StrCat("the record ", key, " is damaged; restore a backup"));
  return number;
}

void PutNumber(const char* key, uint64_t number, rocks::Batch& batch) {
  std::string value;
  codec::AppendFixed64(number, &value);
  codec::AppendChecksum(key, &value);
  batch.Put(Family::kMeta, key, value);
}

absl::Status CheckFormat(rocks::Database& database) {
  NINES_ASSIGN_OR_RETURN(const uint64_t format, ReadNumber(database, kFormatKey, 0));
  if (format == kFormat) return absl::OkStatus();
  if (format != 0) {
    return absl::FailedPreconditionError(StrCat("the series are stored in format ", format, ", and this ninesd knows ",
                                                kFormat, " only; use the version that wrote them"));
  }
  rocks::Batch batch;
  PutNumber(kFormatKey, kFormat, batch);
  return database.Write(batch, Durability::kSync);
}

}  // namespace

class Store::Impl {
 public:
  Impl(rocks::Database& database, const Options& options, uint64_t sequence_limit, uint64_t log_cut)
      : database_(database),
        options_(options),
        head_(sequence_limit),
        sequence_limit_(sequence_limit),
        log_cut_(log_cut),
        next_log_(log_cut) {}

  absl::Status LoadIndex();
  absl::Status Replay();
  SeriesId Resolve(const Labels& labels, rocks::Batch& batch);
  void Log(std::span<const Point> points, rocks::Batch& batch);
  void Append(std::span<const Point> points);
  absl::Status Maintain();
  SeriesReader Reader(SeriesId series, const HeadView& view) const { return {database_, series, view}; }
  StoreStats Stats() const;

  const Index& index() const { return index_; }
  const Head& head() const { return head_; }

 private:
  // A walk over all heads that stores what is not stored. All that was logged before `log_end` is stored at its end, so
  // that the log before it can go.
  struct Walk {
    uint64_t log_end = 0;
    uint64_t log_bytes = 0;
    size_t next_block = 0;
  };

  absl::Status ContinueWalk();
  absl::Status StoreReady();
  absl::Status CutLog();
  absl::Status WriteChunks(rocks::Batch& batch, int chunks);

  rocks::Database& database_;
  const Options options_;
  Index index_;
  Head head_;
  // The rest is the writer thread's, but for the counters.
  uint64_t sequence_limit_;
  uint64_t log_cut_;
  uint64_t next_log_;
  std::optional<Walk> walk_;
  absl::Status broken_;
  std::string record_;
  int64_t unseen_points_ = 0;  // logged, not appended
  std::atomic<uint64_t> log_bytes_{0};
  std::atomic<uint64_t> chunks_written_{0};
};

absl::Status Store::Impl::LoadIndex() {
  absl::Status damage;
  auto visit = [&](std::string_view key, std::string_view value) {
    const uint64_t expected = index_.size() + 1;
    const std::optional<std::string_view> body = codec::StripChecksum(key, value);
    const bool versioned = body.has_value() && !body->empty() && (*body)[0] == kSeriesVersion;
    absl::StatusOr<Labels> labels = absl::DataLossError("its labels are damaged");
    if (versioned) labels = Labels::Decode(body->substr(1));
    if (key == NumberKey(expected) && labels.ok() && !index_.Find(body->substr(1)).has_value()) {
      index_.Add(*labels, std::string(body->substr(1)));
      return true;
    }
    damage = absl::DataLossError(StrCat("series ", expected, ": its record is damaged or missing; restore a backup"));
    return false;
  };
  NINES_RETURN_IF_ERROR(database_.Scan(Family::kSeries, "", "", visit));
  head_.Grow(SeriesId(index_.size()));
  return damage;
}

absl::Status Store::Impl::Replay() {
  const uint64_t series = index_.size();
  std::vector<Point> points;
  absl::Status damage;
  auto visit = [&](std::string_view key, std::string_view value) {
    codec::ByteReader reader(key);
    const uint64_t number = reader.Fixed64();
    points.clear();
    damage = reader.AtEnd() ? DecodeLogRecord(key, value, &points) : absl::DataLossError("its key cannot be read");
    for (const Point& point : points) {
      if (!damage.ok()) break;
      if (point.series.value() == 0 || point.series.value() > series) {
        damage = absl::DataLossError(StrCat("it names series ", point.series.value(), ", which there is not"));
      }
    }
    if (!damage.ok()) {
      damage = Annotate(damage, StrCat("log record ", number));
      return false;
    }
    head_.Append(points);
    next_log_ = number + 1;
    log_bytes_ += value.size();
    return true;
  };
  NINES_RETURN_IF_ERROR(database_.Scan(Family::kLog, NumberKey(log_cut_), "", visit));
  return damage;
}

SeriesId Store::Impl::Resolve(const Labels& labels, rocks::Batch& batch) {
  std::string encoded = labels.Encode();
  if (std::optional<SeriesId> known = index_.Find(encoded)) return *known;
  const SeriesId id(index_.size() + 1);
  const std::string key = NumberKey(id.value());
  std::string value;
  codec::AppendByte(kSeriesVersion, &value);
  value += encoded;
  codec::AppendChecksum(key, &value);
  batch.Put(Family::kSeries, key, value);
  // Readers find the series as soon as it is in the index: its head must be there by then.
  head_.Grow(id);
  index_.Add(labels, std::move(encoded));
  return id;
}

void Store::Impl::Log(std::span<const Point> points, rocks::Batch& batch) {
  if (points.empty()) return;
  const std::string key = NumberKey(next_log_++);
  record_.clear();
  EncodeLogRecord(key, points, &record_);
  batch.Put(Family::kLog, key, record_);
  log_bytes_ += record_.size();
  unseen_points_ += static_cast<int64_t>(points.size());
}

void Store::Impl::Append(std::span<const Point> points) {
  head_.Append(points);
  unseen_points_ -= static_cast<int64_t>(points.size());
}

absl::Status Store::Impl::Maintain() {
  // After a failed write the heads count as stored what may not be: the log must not be cut any more.
  if (!broken_.ok()) return broken_;
  // What is logged but not appended yet would be cut off without being stored.
  if (!walk_.has_value() && unseen_points_ == 0 && log_bytes_ > options_.checkpoint_log_bytes) {
    walk_ = Walk{next_log_, log_bytes_, 0};
  }
  if (walk_.has_value()) {
    broken_ = ContinueWalk();
  } else if (head_.ready_bytes() >= options_.ready_chunk_bytes) {
    broken_ = StoreReady();
  }
  return broken_;
}

absl::Status Store::Impl::ContinueWalk() {
  rocks::Batch batch;
  int chunks = 0;
  const size_t blocks = head_.block_count();
  do {
    chunks += head_.StoreBlock(walk_->next_block++, batch);
  } while (walk_->next_block < blocks && batch.bytes() < options_.checkpoint_step_bytes);
  NINES_RETURN_IF_ERROR(WriteChunks(batch, chunks));
  if (walk_->next_block < blocks) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(StoreReady());
  return CutLog();
}

absl::Status Store::Impl::StoreReady() {
  while (!head_.ready().empty()) {
    rocks::Batch batch;
    size_t count = 0;
    do {
      const ReadyChunk& chunk = *head_.ready()[count++];
      if (!chunk.stale_key.empty()) batch.Delete(Family::kChunks, chunk.stale_key);
      batch.Put(Family::kChunks, chunk.key, chunk.value);
    } while (count < head_.ready().size() && batch.bytes() < options_.checkpoint_step_bytes);
    NINES_RETURN_IF_ERROR(WriteChunks(batch, static_cast<int>(count)));
    head_.DropReady(count);
  }
  return absl::OkStatus();
}

absl::Status Store::Impl::WriteChunks(rocks::Batch& batch, int chunks) {
  if (batch.empty()) return absl::OkStatus();
  if (head_.next_sequence() > sequence_limit_) {
    sequence_limit_ = head_.next_sequence() + kSequenceLot;
    PutNumber(kSequenceLimitKey, sequence_limit_, batch);
  }
  // The log still has these samples: it goes only after a later write that is synced.
  NINES_RETURN_IF_ERROR(database_.Write(batch, Durability::kBuffer));
  chunks_written_ += static_cast<uint64_t>(chunks);
  return absl::OkStatus();
}

absl::Status Store::Impl::CutLog() {
  const Walk walk = *std::exchange(walk_, std::nullopt);
  rocks::Batch batch;
  PutNumber(kLogCutKey, walk.log_end, batch);
  // Nothing reads below the cut, so that this only frees space.
  batch.DeleteRange(Family::kLog, NumberKey(log_cut_), NumberKey(walk.log_end));
  NINES_RETURN_IF_ERROR(database_.Write(batch, Durability::kSync));
  log_cut_ = walk.log_end;
  log_bytes_ -= walk.log_bytes;
  return database_.DropFiles(Family::kLog, NumberKey(0), NumberKey(log_cut_));
}

StoreStats Store::Impl::Stats() const {
  const Head::Counts counts = head_.Count();
  StoreStats stats;
  stats.series = index_.size();
  stats.head_samples = counts.samples;
  stats.head_bytes = counts.bytes;
  stats.log_bytes = log_bytes_;
  stats.chunks_written = chunks_written_;
  return stats;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

absl::StatusOr<std::unique_ptr<Store>> Store::Open(rocks::Database& database, const Options& options) {
  NINES_RETURN_IF_ERROR(CheckFormat(database));
  NINES_ASSIGN_OR_RETURN(const uint64_t sequence_limit, ReadNumber(database, kSequenceLimitKey, 1));
  NINES_ASSIGN_OR_RETURN(const uint64_t log_cut, ReadNumber(database, kLogCutKey, 1));
  auto impl = std::make_unique<Impl>(database, options, sequence_limit, log_cut);
  NINES_RETURN_IF_ERROR(impl->LoadIndex());
  NINES_RETURN_IF_ERROR(impl->Replay());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

SeriesId Store::Resolve(const Labels& labels, rocks::Batch& batch) { return impl_->Resolve(labels, batch); }

std::optional<SeriesId> Store::Find(const Labels& labels) const { return impl_->index().Find(labels.Encode()); }

uint64_t Store::SeriesOfProvider(std::string_view provider) const {
  return impl_->index().CountWith("provider", provider);
}

void Store::Log(std::span<const Point> points, rocks::Batch& batch) { impl_->Log(points, batch); }
void Store::Append(std::span<const Point> points) { impl_->Append(points); }
absl::Status Store::Maintain() { return impl_->Maintain(); }

absl::Status Store::Read(SeriesId series, Interval span, std::vector<Sample>* samples) const {
  if (span.empty()) return absl::OkStatus();
  const HeadView view = impl_->head().View(series, span.start_ms, span.end_ms - 1);
  return impl_->Reader(series, view).Read(span.start_ms, span.end_ms, samples);
}

absl::StatusOr<std::optional<Sample>> Store::LastBefore(SeriesId series, int64_t time_ms) const {
  constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
  if (time_ms == kFirst) return std::optional<Sample>();
  const HeadView view = impl_->head().View(series, kFirst, time_ms - 1);
  return impl_->Reader(series, view).LastBefore(time_ms);
}

absl::StatusOr<std::optional<Sample>> Store::FirstFrom(SeriesId series, int64_t time_ms) const {
  const HeadView view = impl_->head().View(series, time_ms, std::numeric_limits<int64_t>::max());
  return impl_->Reader(series, view).FirstFrom(time_ms);
}

absl::StatusOr<std::vector<SeriesId>> Store::Select(std::span<const Matcher> matchers) const {
  return impl_->index().Select(matchers);
}

Labels Store::LabelsOf(SeriesId series) const { return impl_->index().LabelsOf(series); }
StoreStats Store::Stats() const { return impl_->Stats(); }

Labels CheckResultLabels(const ProviderId& provider, const CheckId& check) {
  absl::StatusOr<Labels> labels =
      Labels::Create({{"__name__", kCheckResultName}, {"provider", provider.value()}, {"check", check.value()}});
  // The catalogue admits only ids that can be label values.
  NINES_CHECK(labels.ok());
  return *std::move(labels);
}

}  // namespace nines::series

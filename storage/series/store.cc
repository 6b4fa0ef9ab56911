#include "storage/series/store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/mutex.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "storage/codec/bytes.h"
#include "storage/series/chunk_key.h"
#include "storage/series/lives.h"
#include "storage/series/meta.h"
#include "storage/series/verify.h"

namespace nines::series {

using rocks::Durability;
using rocks::Family;

namespace {

constexpr char kLogFolder[] = "/log";
constexpr char kFormatKey[] = "series.format";
constexpr char kWindowKey[] = "series.window_ms";
constexpr char kPartitionKey[] = "series.partition_ms";
constexpr const char* kNextIdKeys[kSeriesClassCount] = {"series.next_sample_id", "series.next_result_id"};
constexpr uint64_t kFormat = 3;
constexpr uint8_t kSeriesVersion = 1;

std::string SeriesKey(SeriesId id) {
  std::string key;
  codec::AppendFixed32(static_cast<uint32_t>(id.value()), &key);
  return key;
}

absl::Status CheckFormat(rocks::Database& database, Grid* grid) {
  NINES_ASSIGN_OR_RETURN(const uint64_t format, ReadNumber(database, kFormatKey, 0));
  if (format == kFormat) {
    NINES_ASSIGN_OR_RETURN(const uint64_t window_ms, ReadNumber(database, kWindowKey, 0));
    NINES_ASSIGN_OR_RETURN(const uint64_t partition_ms, ReadNumber(database, kPartitionKey, 0));
    *grid = {static_cast<int64_t>(window_ms), static_cast<int64_t>(partition_ms)};
    if (window_ms == 0 || partition_ms == 0 || partition_ms % window_ms != 0 || window_ms % 3'600'000 != 0) {
      return absl::DataLossError("the records of how time is cut are damaged; restore a backup");
    }
    return absl::OkStatus();
  }
  if (format != 0) {
    return absl::FailedPreconditionError(StrCat("the series are stored in format ", format, ", and this ninesd knows ",
                                                kFormat, " only; use the version that wrote them"));
  }
  NINES_CHECK(grid->window_ms % 3'600'000 == 0 && grid->partition_ms % grid->window_ms == 0);
  rocks::Batch batch;
  PutNumber(kFormatKey, kFormat, batch);
  PutNumber(kWindowKey, static_cast<uint64_t>(grid->window_ms), batch);
  PutNumber(kPartitionKey, static_cast<uint64_t>(grid->partition_ms), batch);
  return database.Write(batch, Durability::kSync);
}

}  // namespace

class Store::Impl {
 public:
  Impl(rocks::Database& database, const Clock& clock, const Grid& grid, const Options& options)
      : database_(database),
        clock_(clock),
        grid_(grid),
        options_(options),
        writer_(database, grid, blocks_, options.writer),
        reclaimer_(database, options.reclaimer),
        merger_(database, grid, blocks_, reclaimer_, options.merger),
        retention_(database, grid, blocks_, merger_),
        times_(options.retention) {}

  absl::Status Recover(const Notes& notes);
  SeriesId Resolve(const Labels& labels, rocks::Batch& batch);
  absl::Status Backup(const std::string& directory);
  absl::Status Maintain();
  absl::Status Tend(const std::function<bool()>& stop);
  uint64_t removed() const { return removed_; }
  const std::vector<std::string>& recovery_damage() const { return recovery_damage_; }
  void SetRetention(const RetentionTimes& times) {
    MutexLock lock(mutex_);
    times_ = times;
  }
  absl::Status ReadSpan(SeriesId series, Interval span, std::vector<Sample>* samples) const;
  absl::StatusOr<std::optional<Sample>> LastBefore(SeriesId series, int64_t time_ms) const;
  absl::StatusOr<std::optional<Sample>> FirstFrom(SeriesId series, int64_t time_ms) const;
  absl::Status Scan(std::span<const SeriesId> series, Interval span, const VisitSamples& visit) const;
  absl::Status ScanRollups(std::span<const SeriesId> series, Interval span, Resolution resolution, AggregateSet set,
                           const VisitRollup& visit) const;
  StoreStats Stats() const;
  absl::StatusOr<Verification> Verify() const { return VerifyAll(database_, index_); }

  int64_t MonotonicMs() const { return absl::ToInt64Milliseconds(clock_.Monotonic()); }
  Writer& writer() { return writer_; }
  const Index& index() const { return index_; }
  const Retention& retention() const { return retention_; }

 private:
  absl::Status LoadIndex();
  absl::Status LoadDirty();
  absl::Status RemoveSilent(SeriesClass series_class, uint32_t partition);
  // When sealed samples of a series begin and end, and what of it is in the head. Nothing: there is none.
  std::optional<Interval> Known(SeriesId series) const;

  rocks::Database& database_;
  const Clock& clock_;
  const Grid grid_;
  const Options options_;
  Index index_;
  Blocks blocks_;
  Writer writer_;
  Reclaimer reclaimer_;
  Merger merger_;
  Retention retention_;
  // Series with nothing from this partition on are to be removed; 0 = none.
  std::atomic<uint32_t> silent_before_[kSeriesClassCount] = {};
  std::atomic<uint64_t> removed_ = 0;
  std::vector<std::string> recovery_damage_;  // does not change after Recover()
  mutable Mutex mutex_;
  RetentionTimes times_ ABSL_GUARDED_BY(mutex_);
};

absl::Status Store::Impl::Recover(const Notes& notes) {
  NINES_RETURN_IF_ERROR(LoadIndex());
  NINES_RETURN_IF_ERROR(LoadLives(database_, blocks_));
  NINES_RETURN_IF_ERROR(LoadDirty());
  NINES_RETURN_IF_ERROR(merger_.Load());
  NINES_RETURN_IF_ERROR(retention_.Load());
  writer_.OnCut(notes.on_cut);
  Writer::Recovery recovery;
  recovery.known = [this](uint32_t id) { return index_.Contains(SeriesId(id)); };
  recovery.note = [&](std::string_view note) { return notes.recovered ? notes.recovered(note) : absl::OkStatus(); };
  recovery.damaged = [this](std::string what) { recovery_damage_.push_back(std::move(what)); };
  return writer_.Recover(database_.directory() + kLogFolder, recovery);
}

absl::Status Store::Impl::Backup(const std::string& directory) {
  const std::string log = directory + ".log";
  absl::Status status = writer_.Backup(log, [&] { return database_.Checkpoint(directory); });
  std::error_code error;
  if (status.ok()) std::filesystem::rename(log, directory + kLogFolder, error);
  if (error) status = absl::UnavailableError(StrCat(directory, ": cannot be written: ", error.message()));
  if (!status.ok()) std::filesystem::remove_all(log, error);
  return status;
}

absl::Status Store::Impl::LoadIndex() {
  std::array<uint32_t, kSeriesClassCount> next_ids{};  // also past records that are damaged
  const auto visit = [&](std::string_view key, std::string_view value) {
    codec::ByteReader reader(key);
    const SeriesId id(reader.Fixed32());
    if (reader.AtEnd() && id.value() > 0) {
      uint32_t& next = next_ids[static_cast<size_t>(ClassOf(id))];
      next = std::max(next, static_cast<uint32_t>(id.value()) + 1);
    }
    const std::optional<std::string_view> body = codec::StripChecksum(key, value);
    absl::Status status = absl::DataLossError("its labels are damaged");
    if (reader.AtEnd() && body.has_value() && !body->empty() && (*body)[0] == kSeriesVersion) {
      status = index_.Restore(id, body->substr(1));
    }
    if (!status.ok()) {
      // Its samples cannot be found, and nothing else is hit.
      recovery_damage_.push_back(StrCat("series ", id.value(), ": ", FromAbsl(status.message())));
      return true;
    }
    blocks_.Grow(BlockOf(id));
    return true;
  };
  NINES_RETURN_IF_ERROR(database_.Scan(Family::kSeries, "", "", visit));
  for (int i = 0; i < kSeriesClassCount; ++i) {
    const SeriesClass series_class = static_cast<SeriesClass>(i);
    NINES_ASSIGN_OR_RETURN(const uint64_t next, ReadNumber(database_, kNextIdKeys[i], 0));
    const uint32_t next_id = std::max(static_cast<uint32_t>(next), next_ids[i]);
    if (next_id > index_.next_id(series_class)) index_.SetNextId(series_class, next_id);
  }
  index_.Trim();
  return absl::OkStatus();
}

// Frames may be many, but (window, block) pairs are few: it jumps from one to the next.
absl::Status Store::Impl::LoadDirty() {
  const auto cursor = database_.OpenCursor(Family::kFrames, nullptr, rocks::Cache::kLeave);
  cursor->Seek("");
  while (cursor->valid()) {
    const std::optional<FrameKey> key = FrameKey::Decode(cursor->key());
    if (!key.has_value()) {
      recovery_damage_.push_back("a frame: its key cannot be read");
      cursor->Next();
      continue;
    }
    const std::shared_ptr<Block> block = blocks_.Grow(key->block);
    {
      MutexLock lock(block->mutex);
      // Whatever their sequences, the next merge takes all that are there.
      block->dirty.push_back({.window = key->window, .frames = 1, .newest_sequence = 0});
    }
    cursor->Seek(FramePrefix(key->window, key->block + 1));
  }
  return cursor->status();
}

SeriesId Store::Impl::Resolve(const Labels& labels, rocks::Batch& batch) {
  if (std::optional<SeriesId> known = index_.Find(labels)) return *known;
  const SeriesClass series_class =
      labels.Get("__name__") == kCheckResultName ? SeriesClass::kResults : SeriesClass::kSamples;
  // Readers find the series as soon as it is in the index: its block must be there by then.
  const SeriesId next(index_.next_id(series_class));
  const uint32_t number = BlockOf(next);
  const std::shared_ptr<Block> block = blocks_.Grow(number);
  if (SlotOf(next) <= 1) {
    // So that blocks which begin together are not all full at the same moment.
    MutexLock lock(block->mutex);
    block->seal_pages = 1 + number % options_.writer.head_pages;
  }
  const SeriesId id = index_.Add(labels, series_class);
  const std::string key = SeriesKey(id);
  std::string value;
  codec::AppendByte(kSeriesVersion, &value);
  value += labels.Encode();
  codec::AppendChecksum(key, &value);
  batch.Put(Family::kSeries, key, value);
  return id;
}

absl::Status Store::Impl::Tend(const std::function<bool()>& stop) {
  RetentionTimes times;
  {
    MutexLock lock(mutex_);
    times = times_;
  }
  const Merger::Now now{clock_.NowMs(), MonotonicMs()};
  NINES_RETURN_IF_ERROR(merger_.Run(now, stop));
  if (stop()) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(retention_.Run(now.wall_ms, times, stop, [this](SeriesClass series_class, uint32_t partition) {
    silent_before_[static_cast<size_t>(series_class)] = partition;
  }));
  return reclaimer_.Run(now.monotonic_ms, stop);
}

absl::Status Store::Impl::Maintain() {
  NINES_RETURN_IF_ERROR(writer_.Maintain(MonotonicMs()));
  for (int i = 0; i < kSeriesClassCount; ++i) {
    const uint32_t partition = silent_before_[i].exchange(0);
    if (partition == 0) continue;
    const absl::Status status = RemoveSilent(static_cast<SeriesClass>(i), partition);
    if (!status.ok()) silent_before_[i] = partition;
    NINES_RETURN_IF_ERROR(status);
  }
  return absl::OkStatus();
}

// On the writer thread, so that nothing is appended to a series while it goes.
absl::Status Store::Impl::RemoveSilent(SeriesClass series_class, uint32_t partition) {
  std::vector<SeriesId> silent;
  std::vector<uint32_t> gone;
  rocks::Batch batch;
  for (uint32_t number : blocks_.Numbers()) {
    if (ClassOfBlock(number) != series_class) continue;
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr) continue;
    MutexLock lock(block->mutex);
    // What is in a head is not counted in the lives yet, and its series stay.
    const uint64_t in_head = block->head.slots();
    for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
      Life& life = block->lives[slot];
      if (life.first > life.last) continue;
      if (life.last >= partition || ((in_head >> slot) & 1) != 0) {
        if (life.first < partition && life.last >= partition) {
          life.first = partition;
          block->lives_changed = true;
        }
        continue;
      }
      life = Life();
      block->lives_changed = true;
      silent.push_back(IdOf(number, slot));
      batch.Delete(Family::kSeries, SeriesKey(silent.back()));
    }
    // Ids are not given again: a block that has all its series and lost them is not needed any more.
    const bool complete = IdOf(number, kBlockSeries - 1).value() < index_.next_id(series_class);
    const bool empty =
        std::all_of(block->lives.begin(), block->lives.end(), [](const Life& life) { return life.first > life.last; });
    if (complete && empty && block->dirty.empty() && block->head.empty()) {
      if (block->lives_changed) PutLives(number, *block, batch);
      gone.push_back(number);
    }
  }
  if (silent.empty()) return absl::OkStatus();
  for (int i = 0; i < kSeriesClassCount; ++i) {
    PutNumber(kNextIdKeys[i], index_.next_id(static_cast<SeriesClass>(i)), batch);
  }
  NINES_RETURN_IF_ERROR(database_.Write(batch, Durability::kBuffer));
  index_.Remove(silent);
  for (uint32_t number : gone) {
    writer_.Forget(number);
    blocks_.Remove(number);
  }
  removed_ += silent.size();
  return absl::OkStatus();
}

absl::Status Store::Impl::ReadSpan(SeriesId series, Interval span, std::vector<Sample>* samples) const {
  span.start_ms = std::max(span.start_ms, retention_.TakenFromMs(ClassOf(series)));
  BlockReader reader(database_, grid_, blocks_);
  BlockSamples columns;
  const uint32_t slot = SlotOf(series);
  NINES_RETURN_IF_ERROR(reader.Read(BlockOf(series), uint64_t{1} << slot, span, BlockReader::Source::kAll, &columns));
  const BlockSamples::Column& column = columns.column(slot);
  samples->reserve(samples->size() + column.times_ms.size());
  for (size_t i = 0; i < column.times_ms.size(); ++i) samples->push_back({column.times_ms[i], column.values[i]});
  return absl::OkStatus();
}

std::optional<Interval> Store::Impl::Known(SeriesId series) const {
  const std::shared_ptr<Block> block = blocks_.Find(BlockOf(series));
  if (block == nullptr) return std::nullopt;
  std::optional<Interval> known;
  MutexLock lock(block->mutex);
  const Life& life = block->lives[SlotOf(series)];
  if (life.first <= life.last) {
    known = Interval{grid_.PartitionSpan(life.first).start_ms, grid_.PartitionSpan(life.last).end_ms};
  }
  if (!block->head.empty()) {
    const Interval head{block->head.first_ms(), block->head.last_ms() + 1};
    if (!known.has_value()) known = head;
    known->start_ms = std::min(known->start_ms, head.start_ms);
    known->end_ms = std::max(known->end_ms, head.end_ms);
  }
  if (known.has_value()) known->start_ms = std::max(known->start_ms, retention_.TakenFromMs(ClassOf(series)));
  return known;
}

// Looks at the window first, for it is likely there; then at the rest of the partition, then at those before.
absl::StatusOr<std::optional<Sample>> Store::Impl::LastBefore(SeriesId series, int64_t time_ms) const {
  const std::optional<Interval> known = Known(series);
  std::vector<Sample> samples;
  if (!known.has_value()) return std::optional<Sample>();
  int64_t end_ms = std::min(time_ms, known->end_ms);
  bool first = true;
  while (end_ms > known->start_ms) {
    const int64_t start_ms = first ? grid_.WindowSpan(grid_.WindowOf(end_ms - 1)).start_ms
                                   : grid_.PartitionSpan(grid_.PartitionOf(end_ms - 1)).start_ms;
    first = false;
    NINES_RETURN_IF_ERROR(ReadSpan(series, {start_ms, end_ms}, &samples));
    if (!samples.empty()) return std::optional<Sample>(samples.back());
    end_ms = start_ms;
  }
  return std::optional<Sample>();
}

absl::StatusOr<std::optional<Sample>> Store::Impl::FirstFrom(SeriesId series, int64_t time_ms) const {
  const std::optional<Interval> known = Known(series);
  std::vector<Sample> samples;
  if (!known.has_value()) return std::optional<Sample>();
  int64_t start_ms = std::max(time_ms, known->start_ms);
  bool first = true;
  while (start_ms < known->end_ms) {
    const int64_t end_ms = first ? grid_.WindowSpan(grid_.WindowOf(start_ms)).end_ms
                                 : grid_.PartitionSpan(grid_.PartitionOf(start_ms)).end_ms;
    first = false;
    NINES_RETURN_IF_ERROR(ReadSpan(series, {start_ms, end_ms}, &samples));
    if (!samples.empty()) return std::optional<Sample>(samples.front());
    start_ms = end_ms;
  }
  return std::optional<Sample>();
}

namespace {

// Calls `visit(block, slots)` for each block of the series that are asked for.
template <typename Visit>
absl::Status ForEachBlock(std::span<const SeriesId> series, const Visit& visit) {
  std::vector<SeriesId> sorted(series.begin(), series.end());
  std::sort(sorted.begin(), sorted.end());
  for (size_t i = 0; i < sorted.size();) {
    const uint32_t block = BlockOf(sorted[i]);
    uint64_t slots = 0;
    for (; i < sorted.size() && BlockOf(sorted[i]) == block; ++i) slots |= uint64_t{1} << SlotOf(sorted[i]);
    NINES_ASSIGN_OR_RETURN(const bool more, visit(block, slots));
    if (!more) break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Store::Impl::Scan(std::span<const SeriesId> series, Interval span, const VisitSamples& visit) const {
  BlockReader reader(database_, grid_, blocks_);
  BlockSamples columns;
  return ForEachBlock(series, [&](uint32_t block, uint64_t slots) -> absl::StatusOr<bool> {
    const Interval kept = {std::max(span.start_ms, retention_.TakenFromMs(ClassOfBlock(block))), span.end_ms};
    NINES_RETURN_IF_ERROR(reader.Read(block, slots, kept, BlockReader::Source::kAll, &columns));
    for (uint64_t rest = columns.slots(); rest != 0; rest &= rest - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
      const BlockSamples::Column& column = columns.column(slot);
      if (!visit(IdOf(block, slot), column.times_ms, column.values)) return false;
    }
    return true;
  });
}

absl::Status Store::Impl::ScanRollups(std::span<const SeriesId> series, Interval span, Resolution resolution,
                                      AggregateSet set, const VisitRollup& visit) const {
  RollupReader reader(database_, grid_, blocks_, retention_.SamplesFromMs());
  RollupReader::Columns columns;
  return ForEachBlock(series, [&](uint32_t block, uint64_t slots) -> absl::StatusOr<bool> {
    // Again where samples went into their roll-up meanwhile.
    for (int64_t raw_from_ms = -1; raw_from_ms != retention_.SamplesFromMs();) {
      raw_from_ms = retention_.SamplesFromMs();
      reader.SetRawFrom(raw_from_ms);
      NINES_RETURN_IF_ERROR(reader.Read(block, slots, span, resolution, set, &columns));
    }
    for (uint64_t rest = slots; rest != 0; rest &= rest - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
      if (!columns[slot].starts_ms.empty() && !visit(IdOf(block, slot), columns[slot])) return false;
    }
    return true;
  });
}

StoreStats Store::Impl::Stats() const {
  StoreStats stats;
  stats.series = index_.size();
  stats.index_bytes = index_.memory_bytes();
  for (uint32_t number : blocks_.Numbers()) {
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr) continue;
    MutexLock lock(block->mutex);
    stats.head_samples += block->head.sample_count();
    stats.head_bytes += block->head.bytes();
    stats.dirty_windows += block->dirty.size();
  }
  stats.log_bytes = writer_.log_bytes();
  stats.frames_written = writer_.frames_written();
  stats.windows_merged = merger_.windows_merged();
  stats.partitions_merged = merger_.partitions_merged();
  stats.series_removed = removed_;
  stats.reclaimable_bytes = reclaimer_.bytes();
  stats.damaged = recovery_damage_.size() + merger_.damaged() + retention_.damaged();
  return stats;
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

absl::StatusOr<std::unique_ptr<Store>> Store::Open(rocks::Database& database, const Clock& clock,
                                                   const Options& options, const Notes& notes) {
  Grid grid = options.grid;
  NINES_RETURN_IF_ERROR(CheckFormat(database, &grid));
  auto impl = std::make_unique<Impl>(database, clock, grid, options);
  NINES_RETURN_IF_ERROR(impl->Recover(notes));
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

const std::vector<std::string>& Store::recovery_damage() const { return impl_->recovery_damage(); }

SeriesId Store::Resolve(const Labels& labels, rocks::Batch& batch) { return impl_->Resolve(labels, batch); }
bool Store::Contains(SeriesId series) const { return impl_->index().Contains(series); }
std::optional<SeriesId> Store::Find(const Labels& labels) const { return impl_->index().Find(labels); }

uint64_t Store::SeriesOfProvider(std::string_view provider) const {
  return impl_->index().CountWith("provider", provider);
}
int64_t Store::TakenFromMs(SeriesClass series_class) const { return impl_->retention().TakenFromMs(series_class); }

absl::Status Store::Log(const Rows& rows, std::string_view note) { return impl_->writer().Log(rows, note); }
void Store::Append(const Rows& rows) { impl_->writer().Append(rows, impl_->MonotonicMs()); }
absl::Status Store::Maintain() { return impl_->Maintain(); }
uint64_t Store::removals() const { return impl_->removed(); }
absl::Status Store::Close() { return impl_->writer().Close(impl_->MonotonicMs()); }
absl::Status Store::Backup(const std::string& directory) { return impl_->Backup(directory); }
absl::Status Store::Tend(const std::function<bool()>& stop) { return impl_->Tend(stop); }
void Store::SetRetention(const RetentionTimes& times) { impl_->SetRetention(times); }

absl::Status Store::Read(SeriesId series, Interval span, std::vector<Sample>* samples) const {
  return impl_->ReadSpan(series, span, samples);
}
absl::StatusOr<std::optional<Sample>> Store::LastBefore(SeriesId series, int64_t time_ms) const {
  return impl_->LastBefore(series, time_ms);
}
absl::StatusOr<std::optional<Sample>> Store::FirstFrom(SeriesId series, int64_t time_ms) const {
  return impl_->FirstFrom(series, time_ms);
}
absl::Status Store::Scan(std::span<const SeriesId> series, Interval span, const VisitSamples& visit) const {
  return impl_->Scan(series, span, visit);
}
absl::Status Store::ScanRollups(std::span<const SeriesId> series, Interval span, Resolution resolution,
                                AggregateSet set, const VisitRollup& visit) const {
  return impl_->ScanRollups(series, span, resolution, set, visit);
}

absl::StatusOr<std::vector<SeriesId>> Store::Select(std::span<const Matcher> matchers) const {
  return impl_->index().Select(matchers);
}
Labels Store::LabelsOf(SeriesId series) const { return impl_->index().LabelsOf(series); }
StoreStats Store::Stats() const { return impl_->Stats(); }
absl::StatusOr<Store::Verification> Store::Verify() const { return impl_->Verify(); }

Labels CheckResultLabels(const ProviderId& provider, const CheckId& check) {
  absl::StatusOr<Labels> labels =
      Labels::Create({{"__name__", kCheckResultName}, {"provider", provider.value()}, {"check", check.value()}});
  // The catalogue admits only ids that can be label values.
  NINES_CHECK(labels.ok());
  return *std::move(labels);
}

}  // namespace nines::series

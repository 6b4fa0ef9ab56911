#include "storage/series/writer.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

#include "base/check.h"
#include "base/status_macros.h"
#include "storage/codec/bytes.h"
#include "storage/codec/chunk.h"
#include "storage/series/chunk_key.h"
#include "storage/series/lives.h"
#include "storage/series/log_record.h"
#include "storage/series/meta.h"

namespace nines::series {

using rocks::Durability;
using rocks::Family;

namespace {

constexpr char kLogCutKey[] = "series.log_cut";
constexpr char kSequenceLimitKey[] = "series.frame_sequence_limit";
// Sequences are set aside in lots of this size, so that the limit is seldom written.
constexpr uint64_t kSequenceLot = 1 << 20;
constexpr uint64_t kPieceBytes = 1 << 20;

}  // namespace

Writer::Writer(rocks::Database& database, const Grid& grid, Blocks& blocks, const Options& options)
    : database_(database), grid_(grid), blocks_(blocks), options_(options) {}

absl::Status Writer::Recover(const std::string& log_directory, const Recovery& recovery) {
  NINES_ASSIGN_OR_RETURN(next_sequence_, ReadNumber(database_, kSequenceLimitKey, 1));
  sequence_limit_ = next_sequence_;
  NINES_ASSIGN_OR_RETURN(log_cut_, ReadNumber(database_, kLogCutKey, 1));
  NINES_ASSIGN_OR_RETURN(log_, series::Log::Open(log_directory, {}));
  Rows rows;
  absl::Status failed;
  const auto visit = [&](uint64_t number, std::string_view payload) {
    rows.Clear();
    std::string_view note;
    absl::Status status = DecodeLogRecord(payload, &note, &rows);
    if (status.ok() && !note.empty()) status = recovery.note(note);
    if (!status.ok()) {
      recovery.damaged(StrCat("log record ", number, ": ", FromAbsl(status.message()), "; its samples are lost"));
      return true;
    }
    CountLogged(number, payload.size(), 0);
    LeaveOut(recovery.known, &rows);
    AppendRows(rows, number);
    failed = SealFull(0);
    return failed.ok();
  };
  NINES_RETURN_IF_ERROR(log_->Replay(log_cut_, visit, recovery.damaged));
  return failed;
}

void Writer::LeaveOut(const std::function<bool(uint32_t id)>& known, Rows* rows) {
  if (std::all_of(rows->series.begin(), rows->series.end(), known)) return;
  Rows kept;
  size_t at = 0;
  for (const Rows::Row& row : rows->rows) {
    const size_t before = kept.series.size();
    for (const size_t end = at + row.count; at < end; ++at) {
      if (!known(rows->series[at])) continue;
      kept.series.push_back(rows->series[at]);
      kept.values.push_back(rows->values[at]);
    }
    const uint32_t count = static_cast<uint32_t>(kept.series.size() - before);
    if (count > 0) kept.rows.push_back({row.time_ms, count});
  }
  *rows = std::move(kept);
}

void Writer::CountLogged(uint64_t number, uint64_t bytes, int64_t monotonic_ms) {
  if (pieces_.empty() || pieces_.back().bytes >= kPieceBytes) pieces_.push_back({number, 0, monotonic_ms});
  pieces_.back().bytes += bytes;
  log_bytes_ += bytes;
}

absl::Status Writer::Log(const Rows& rows, std::string_view note) {
  record_.clear();
  EncodeLogRecord(note, rows, &record_);
  return log_->Append(record_);
}

void Writer::Append(const Rows& rows, int64_t monotonic_ms) {
  const uint64_t number = log_->next_number() - 1;
  CountLogged(number, record_.size(), monotonic_ms);
  AppendRows(rows, number);
}

void Writer::AppendRows(const Rows& rows, uint64_t log) {
  FindPieces(rows);
  // Every piece goes to another place in memory: they are asked for ahead.
  constexpr size_t kBlockAhead = 12, kTailAhead = 6;
  for (size_t i = 0; i < pieces_to_append_.size(); ++i) {
    if (i + kBlockAhead < pieces_to_append_.size()) PrefetchBlock(*pieces_to_append_[i + kBlockAhead].block);
    if (i + kTailAhead < pieces_to_append_.size()) PrefetchTail(*pieces_to_append_[i + kTailAhead].block);
    const RowPiece& piece = pieces_to_append_[i];
    Block& block = *piece.block;
    MutexLock lock(block.mutex);
    const bool grew = block.head.Append(piece.time_ms, SlotOf(piece.first), piece.count, piece.values, log, pool_);
    block.newest_ms = std::max(block.newest_ms, piece.time_ms);
    if (grew && !block.full && IsFull(block)) [[unlikely]] {
      block.full = true;
      full_.push_back(BlockOf(piece.first));
    }
  }
}

bool Writer::IsFull(const Block& block) {
  // In proportion to the series that have samples, so that what is left of a block, after most of its series have
  // ended, keeps no more in memory than as many series of a whole one.
  const auto series = static_cast<uint32_t>(std::popcount(block.head.slots()));
  return block.head.pages() > std::max(1u, (block.seal_pages * series + kBlockSeries - 1) / kBlockSeries);
}

void Writer::FindPieces(const Rows& rows) {
  pieces_to_append_.clear();
  size_t at = 0;
  for (const Rows::Row& row : rows.rows) {
    for (const size_t end = at + row.count; at < end;) {
      const uint32_t first = rows.series[at];
      const uint32_t block_end = (first | (kBlockSeries - 1)) + 1;
      size_t next = at + 1;
      while (next < end && rows.series[next] == rows.series[next - 1] + 1 && rows.series[next] != block_end) ++next;
      pieces_to_append_.push_back(
          {&BlockAt(BlockOf(first)), row.time_ms, first, static_cast<uint32_t>(next - at), rows.values.data() + at});
      at = next;
    }
  }
}

Block& Writer::BlockAt(uint32_t number) {
  const SeriesClass series_class = ClassOfBlock(number);
  std::vector<std::shared_ptr<Block>>& known = known_[static_cast<size_t>(series_class)];
  const size_t index = number - BlockOf(FirstIdOf(series_class));
  if (index >= known.size()) known.resize(index + 1);
  if (known[index] == nullptr) {
    known[index] = blocks_.Find(number);
    NINES_CHECK(known[index] != nullptr);
  }
  return *known[index];
}

void Writer::PrefetchBlock(const Block& block) {
  __builtin_prefetch(&block, 1);
  __builtin_prefetch(reinterpret_cast<const char*>(&block) + 64, 1);
}

// Only this thread changes where the next row goes.
void Writer::PrefetchTail(const Block& block) ABSL_NO_THREAD_SAFETY_ANALYSIS { block.head.Prefetch(); }

void Writer::PrefetchHead(uint32_t number) const {
  const std::shared_ptr<Block> block = blocks_.Find(number);
  if (block == nullptr) return;
  MutexLock lock(block->mutex);
  block->head.PrefetchAll();
}

void Writer::Forget(uint32_t number) {
  const SeriesClass series_class = ClassOfBlock(number);
  std::vector<std::shared_ptr<Block>>& known = known_[static_cast<size_t>(series_class)];
  const size_t index = number - BlockOf(FirstIdOf(series_class));
  if (index < known.size()) known[index] = nullptr;
}

absl::Status Writer::Maintain(int64_t monotonic_ms) {
  NINES_RETURN_IF_ERROR(SealFull(monotonic_ms));
  if (!walk_.has_value() && !pieces_.empty() &&
      (log_bytes_ > options_.log_bytes_max || monotonic_ms - pieces_.front().monotonic_ms > options_.log_age_max_ms)) {
    BeginWalk(monotonic_ms);
  }
  if (!walk_.has_value()) return absl::OkStatus();
  NINES_RETURN_IF_ERROR(ContinueWalk(monotonic_ms));
  // During a backup it waits.
  if (!walk_->at_end() || !cut_mutex_.TryLock()) return absl::OkStatus();
  const absl::Status cut = EndWalk();
  cut_mutex_.Unlock();
  return cut;
}

absl::Status Writer::Backup(const std::string& log_directory, const std::function<absl::Status()>& copy_database) {
  MutexLock lock(cut_mutex_);
  // The log first: of all series that it names, the database has the labels then.
  NINES_RETURN_IF_ERROR(log_->CopyTo(log_directory));
  return copy_database();
}

void Writer::BeginWalk(int64_t monotonic_ms) {
  // The older half of the log, or what is too old; of a short log everything.
  uint64_t cut = log_->next_number();
  uint64_t bytes = 0;
  for (const Piece& piece : pieces_) {
    const bool old = monotonic_ms - piece.monotonic_ms > options_.log_age_max_ms / 2;
    if (bytes > options_.log_bytes_max / 2 && !old) {
      cut = piece.first;
      break;
    }
    bytes += piece.bytes;
  }
  walk_ = Walk{cut, blocks_.Numbers(), 0};
}

absl::Status Writer::ContinueWalk(int64_t monotonic_ms) {
  while (!walk_->at_end() && (sealed_.empty() || batch_.bytes() < options_.step_bytes)) {
    const uint32_t number = walk_->blocks[walk_->next++];
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr) continue;
    {
      MutexLock lock(block->mutex);
      if (block->head.empty() || block->head.oldest_log() >= walk_->cut) continue;
    }
    if (!walk_->at_end()) PrefetchHead(walk_->blocks[walk_->next]);
    Seal(number, block);
  }
  const absl::Status written = WriteSealed(monotonic_ms);
  if (!written.ok()) walk_.reset();  // from the beginning, next time
  return written;
}

absl::Status Writer::EndWalk() {
  const uint64_t cut = walk_->cut;
  walk_.reset();
  return CutLog(cut);
}

absl::Status Writer::SealFull(int64_t monotonic_ms) {
  for (size_t i = 0; i < full_.size(); ++i) {
    const std::shared_ptr<Block> block = blocks_.Find(full_[i]);
    if (block == nullptr) continue;
    {
      MutexLock lock(block->mutex);
      // A walk may have been here.
      if (!block->full) continue;
    }
    if (i + 1 < full_.size()) PrefetchHead(full_[i + 1]);
    Seal(full_[i], block);
    if (batch_.bytes() >= options_.step_bytes) NINES_RETURN_IF_ERROR(WriteSealed(monotonic_ms));
  }
  NINES_RETURN_IF_ERROR(WriteSealed(monotonic_ms));
  full_.clear();
  return absl::OkStatus();
}

absl::Status Writer::Close(int64_t monotonic_ms) {
  NINES_RETURN_IF_ERROR(SealFull(monotonic_ms));
  walk_ = Walk{log_->next_number(), blocks_.Numbers(), 0};
  while (!walk_->at_end()) NINES_RETURN_IF_ERROR(ContinueWalk(monotonic_ms));
  MutexLock lock(cut_mutex_);
  NINES_RETURN_IF_ERROR(EndWalk());
  NINES_RETURN_IF_ERROR(log_->End(log_cut_));
  return database_.Flush();
}

void Writer::Seal(uint32_t number, const std::shared_ptr<Block>& block) {
  samples_.Clear();
  {
    MutexLock lock(block->mutex);
    block->head.MoveTo(&samples_);
  }
  samples_.Finish();
  Sealed& sealed = sealed_.emplace_back();
  sealed.number = number;
  sealed.block = block;
  // Mostly all of it is in one window or two.
  std::array<size_t, kBlockSeries> begins{};
  while (true) {
    int64_t earliest_ms = kEndTimeMs;
    for (uint64_t rest = samples_.slots(); rest != 0; rest &= rest - 1) {
      const int slot = std::countr_zero(rest);
      const BlockSamples::Column& column = samples_.column(static_cast<uint32_t>(slot));
      if (begins[slot] < column.times_ms.size()) earliest_ms = std::min(earliest_ms, column.times_ms[begins[slot]]);
    }
    if (earliest_ms == kEndTimeMs) break;
    PutFrames(grid_.WindowOf(earliest_ms), begins.data(), sealed);
  }
}

void Writer::PutFrames(uint32_t window, size_t* begins, Sealed& sealed) {
  const int64_t end_ms = grid_.WindowSpan(window).end_ms;
  const uint32_t partition = grid_.PartitionOfWindow(window);
  bool more = true;
  std::vector<codec::SlotColumn> columns;
  while (more) {
    more = false;
    columns.clear();
    for (uint64_t rest = samples_.slots(); rest != 0; rest &= rest - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
      const BlockSamples::Column& column = samples_.column(slot);
      const auto begin = column.times_ms.begin() + static_cast<ptrdiff_t>(begins[slot]);
      // The whole rest, where that is in the window.
      const auto end = column.times_ms.back() < end_ms ? column.times_ms.end()
                                                       : std::lower_bound(begin, column.times_ms.end(), end_ms);
      if (begin == end) continue;
      const size_t count = std::min<size_t>(static_cast<size_t>(end - begin), codec::kSlotSamplesMax);
      more |= count < static_cast<size_t>(end - begin);
      columns.push_back({slot, std::span(column.times_ms).subspan(begins[slot], count),
                         std::span(column.values).subspan(begins[slot], count)});
      begins[slot] += count;
      Life& life = sealed.lives[slot];
      life.first = std::min(life.first, partition);
      life.last = std::max(life.last, partition);
    }
    const uint64_t sequence = next_sequence_++;
    const std::string key = FrameKey{window, sealed.number, sequence}.Encode();
    batch_.Put(Family::kFrames, key, codec::EncodeChunk(key, columns, codec::Effort::kFast));
    sealed.frames.emplace_back(window, sequence);
  }
}

absl::Status Writer::WriteSealed(int64_t monotonic_ms) {
  if (sealed_.empty()) return absl::OkStatus();
  if (next_sequence_ > sequence_limit_) {
    sequence_limit_ = next_sequence_ + kSequenceLot;
    PutNumber(kSequenceLimitKey, sequence_limit_, batch_);
  }
  // The log still has these samples: it goes only with a later write, which is synced.
  const absl::Status status = database_.Write(batch_, Durability::kBuffer);
  if (!status.ok()) sequence_limit_ = 0;  // whether it was stored is not known
  for (Sealed& sealed : sealed_) {
    if (!status.ok()) break;
    Block& block = *sealed.block;
    MutexLock lock(block.mutex);
    block.head.Clear(pool_);
    block.full = false;
    block.seal_pages = options_.head_pages;
    for (const auto& [window, sequence] : sealed.frames) {
      auto at = std::lower_bound(block.dirty.begin(), block.dirty.end(), window,
                                 [](const DirtyWindow& a, uint32_t b) { return a.window < b; });
      if (at == block.dirty.end() || at->window != window) at = block.dirty.insert(at, DirtyWindow{.window = window});
      ++at->frames;
      at->newest_sequence = sequence;
      at->touched_ms = monotonic_ms;
    }
    for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
      const Life& fresh = sealed.lives[slot];
      Life& life = block.lives[slot];
      if (fresh.first > fresh.last || (life.first <= fresh.first && life.last >= fresh.last)) continue;
      life.first = std::min(life.first, fresh.first);
      life.last = std::max(life.last, fresh.last);
      block.lives_changed = true;
    }
    frames_written_ += sealed.frames.size();
  }
  sealed_.clear();
  batch_.Clear();
  return status;
}

absl::Status Writer::CutLog(uint64_t cut) {
  rocks::Batch batch;
  std::vector<std::shared_ptr<Block>> changed;
  for (uint32_t number : blocks_.Numbers()) {
    const std::shared_ptr<Block> block = blocks_.Find(number);
    if (block == nullptr) continue;
    MutexLock lock(block->mutex);
    if (!block->lives_changed) continue;
    PutLives(number, *block, batch);
    changed.push_back(block);
  }
  if (on_cut_) on_cut_(batch);
  PutNumber(kLogCutKey, cut, batch);
  const absl::Status written = database_.Write(batch, Durability::kSync);
  if (!written.ok()) {
    for (const std::shared_ptr<Block>& block : changed) {
      MutexLock lock(block->mutex);
      block->lives_changed = true;
    }
    return written;
  }
  log_cut_ = cut;
  while (!pieces_.empty() && (pieces_.size() == 1 ? log_->next_number() : pieces_[1].first) <= cut) {
    log_bytes_ -= pieces_.front().bytes;
    pieces_.pop_front();
  }
  return log_->Cut(cut);
}

}  // namespace nines::series

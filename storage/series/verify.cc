#include "storage/series/verify.h"

#include <bit>
#include <optional>
#include <string>
#include <vector>

#include "base/status_macros.h"
#include "storage/codec/bytes.h"
#include "storage/codec/chunk.h"
#include "storage/codec/rollup_chunk.h"
#include "storage/series/chunk_key.h"

namespace nines::series {
namespace {

using rocks::Family;

constexpr size_t kNamedMax = 1000;

class Verifier {
 public:
  Verifier(const rocks::Database& database, const Index& index)
      : database_(database), index_(index), snapshot_(database.TakeSnapshot()) {}

  absl::StatusOr<Store::Verification> Run() {
    NINES_RETURN_IF_ERROR(VerifySeries());
    NINES_RETURN_IF_ERROR(Each(Family::kFrames, [this](auto key, auto value) {
      ++found_.frames;
      return FrameKey::Decode(key).has_value() ? VerifyChunk(key, value)
                                               : absl::DataLossError("its key cannot be read");
    }));
    for (const Family family : {Family::kRaw, Family::kResults}) {
      NINES_RETURN_IF_ERROR(Each(family, [this](auto key, auto value) {
        ++found_.chunks;
        return ChunkKey::Decode(key).has_value() ? VerifyChunk(key, value)
                                                 : absl::DataLossError("its key cannot be read");
      }));
    }
    for (const Family family : {Family::kHours, Family::kFiveMinutes}) {
      NINES_RETURN_IF_ERROR(Each(family, [this](auto key, auto value) { return VerifyRollup(key, value); }));
    }
    return std::move(found_);
  }

 private:
  // A file that RocksDB cannot read ends the walk through its family; the others are still looked at.
  template <typename Check>
  absl::Status Each(Family family, const Check& check) {
    const auto visit = [&](std::string_view key, std::string_view value) {
      const absl::Status status = check(key, value);
      if (!status.ok()) Add(family, key, FromAbsl(status.message()));
      return true;
    };
    const absl::Status status = database_.Scan(family, "", "", visit, {snapshot_.get(), rocks::Cache::kLeave});
    if (!absl::IsDataLoss(status)) return status;
    Add(family, "", FromAbsl(status.message()));
    return absl::OkStatus();
  }

  void Add(Family family, std::string_view key, std::string_view what) {
    ++found_.damaged;
    if (found_.damage.size() >= kNamedMax) return;
    std::string place(rocks::NameOf(family));
    if (const auto chunk = ChunkKey::Decode(key)) {
      StrAppend(&place, " block ", chunk->block, " partition ", chunk->partition, " window ", chunk->window);
    } else if (const auto frame = FrameKey::Decode(key)) {
      StrAppend(&place, " block ", frame->block, " window ", frame->window, " frame ", frame->sequence);
    } else if (!key.empty()) {
      codec::ByteReader reader(key);
      StrAppend(&place, " record ", key.size() == 4 ? reader.Fixed32() : reader.Fixed64());
    }
    found_.damage.push_back(StrCat(place, ": ", what));
  }

  absl::Status VerifySeries() {
    uint64_t stored = 0;
    NINES_RETURN_IF_ERROR(Each(Family::kSeries, [&](std::string_view key, std::string_view value) -> absl::Status {
      ++stored;
      codec::ByteReader reader(key);
      const SeriesId id(reader.Fixed32());
      const std::optional<std::string_view> body = codec::StripChecksum(key, value);
      if (!reader.AtEnd() || !body.has_value() || body->empty()) return absl::DataLossError("its checksum is wrong");
      const absl::StatusOr<Labels> labels = Labels::Decode(body->substr(1));
      if (!labels.ok()) return labels.status();
      if (index_.LabelsOf(id) != *labels) return absl::DataLossError("the index has other labels for it");
      return absl::OkStatus();
    }));
    found_.series = stored;
    return absl::OkStatus();
  }

  absl::Status VerifyChunk(std::string_view key, std::string_view value) {
    NINES_ASSIGN_OR_RETURN(codec::ChunkView chunk, codec::ChunkView::Parse(key, value));
    for (uint64_t rest = chunk.slots(); rest != 0; rest &= rest - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
      NINES_RETURN_IF_ERROR(chunk.Times(slot).status());
      values_.resize(chunk.count(slot));
      NINES_RETURN_IF_ERROR(chunk.Values(slot, values_.data()));
      found_.samples += chunk.count(slot);
    }
    return absl::OkStatus();
  }

  absl::Status VerifyRollup(std::string_view key, std::string_view value) {
    ++found_.rollups;
    if (!ChunkKey::Decode(key).has_value()) return absl::DataLossError("its key cannot be read");
    NINES_ASSIGN_OR_RETURN(codec::RollupChunkView chunk, codec::RollupChunkView::Parse(key, value));
    for (uint64_t rest = chunk.slots(); rest != 0; rest &= rest - 1) {
      const uint32_t slot = static_cast<uint32_t>(std::countr_zero(rest));
      std::vector<int64_t> starts;
      NINES_RETURN_IF_ERROR(chunk.Starts(slot, &starts));
      for (int a = 0; a < codec::kAggregateCount; ++a) {
        values_.clear();
        NINES_RETURN_IF_ERROR(chunk.Values(slot, static_cast<codec::Aggregate>(a), &values_));
      }
    }
    return absl::OkStatus();
  }

  const rocks::Database& database_;
  const Index& index_;
  std::unique_ptr<rocks::Snapshot> snapshot_;
  Store::Verification found_;
  std::vector<double> values_;
};

}  // namespace

absl::StatusOr<Store::Verification> VerifyAll(const rocks::Database& database, const Index& index) {
  return Verifier(database, index).Run();
}

}  // namespace nines::series

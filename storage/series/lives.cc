#include "storage/series/lives.h"

#include <bit>
#include <string>

#include "base/status_macros.h"
#include "storage/codec/bytes.h"
#include "storage/series/meta.h"

namespace nines::series {
namespace {

constexpr uint8_t kLivesVersion = 1;

std::string KeyOf(uint32_t block) {
  std::string key(kLivesPrefix);
  codec::AppendFixed32(block, &key);
  return key;
}

bool ReadLives(std::string_view key, std::string_view value, Blocks& blocks) {
  codec::ByteReader number(key.substr(kLivesPrefix.size()));
  const uint32_t block_number = number.Fixed32();
  const std::optional<std::string_view> body = codec::StripChecksum(key, value);
  if (!number.AtEnd() || !body.has_value()) return false;
  codec::ByteReader reader(*body);
  if (reader.Byte() != kLivesVersion) return false;
  const std::shared_ptr<Block> block = blocks.Grow(block_number);
  MutexLock lock(block->mutex);
  for (uint64_t rest = reader.Fixed64(); rest != 0; rest &= rest - 1) {
    Life& life = block->lives[std::countr_zero(rest)];
    life.first = static_cast<uint32_t>(reader.Varint(UINT32_MAX));
    life.last = life.first + static_cast<uint32_t>(reader.Varint(UINT32_MAX - life.first));
  }
  return reader.AtEnd();
}

}  // namespace

void PutLives(uint32_t number, Block& block, rocks::Batch& batch) {
  block.lives_changed = false;
  const std::string key = KeyOf(number);
  uint64_t slots = 0;
  std::string body;
  for (uint32_t slot = 0; slot < kBlockSeries; ++slot) {
    const Life& life = block.lives[slot];
    if (life.first > life.last) continue;
    slots |= uint64_t{1} << slot;
    codec::AppendVarint(life.first, &body);
    codec::AppendVarint(life.last - life.first, &body);
  }
  if (slots == 0) {
    batch.Delete(rocks::Family::kMeta, key);
    return;
  }
  std::string value;
  codec::AppendByte(kLivesVersion, &value);
  codec::AppendFixed64(slots, &value);
  value += body;
  codec::AppendChecksum(key, &value);
  batch.Put(rocks::Family::kMeta, key, value);
}

absl::Status LoadLives(const rocks::Database& database, Blocks& blocks) {
  bool good = true;
  const auto visit = [&](std::string_view key, std::string_view value) { return good = ReadLives(key, value, blocks); };
  NINES_RETURN_IF_ERROR(database.Scan(rocks::Family::kMeta, kLivesPrefix, PrefixEnd(kLivesPrefix), visit));
  if (good) return absl::OkStatus();
  return absl::DataLossError("a record of the partitions that a block has samples in is damaged; restore a backup");
}

}  // namespace nines::series

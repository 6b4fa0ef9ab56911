#include "storage/series/reclaimer.h"

#include "base/status_macros.h"

namespace nines::series {

void Reclaimer::Freed(rocks::Family family, std::string_view key, size_t value_bytes) {
  constexpr size_t kPrefixBytes = sizeof(uint32_t);
  Range& range = ranges_[{family, std::string(key.substr(0, kPrefixBytes))}];
  if (range.bytes == 0 || key < range.first) range.first = key;
  if (range.bytes == 0 || key > range.last) range.last = key;
  range.bytes += key.size() + value_bytes;
  bytes_ += key.size() + value_bytes;
}

absl::Status Reclaimer::Run(int64_t monotonic_ms, const std::function<bool()>& stop) {
  if (bytes_ != seen_bytes_) changed_ms_ = monotonic_ms;
  seen_bytes_ = bytes_;
  const bool idle = monotonic_ms - changed_ms_ >= options_.idle_ms;
  for (auto it = ranges_.begin(); it != ranges_.end() && !stop();) {
    const auto& [family, prefix] = it->first;
    const Range& range = it->second;
    if (!idle && range.bytes < options_.range_bytes) {
      ++it;
      continue;
    }
    // Too little beside what lives there: it goes when RocksDB compacts of itself.
    const std::string end = range.last + '\0';
    if (range.bytes * options_.live_ratio >= database_.RangeBytes(family, range.first, end)) {
      NINES_RETURN_IF_ERROR(database_.CompactRange(family, range.first, end));
    } else if (!idle) {
      ++it;
      continue;
    }
    bytes_ -= range.bytes;
    it = ranges_.erase(it);
  }
  seen_bytes_ = bytes_;
  return absl::OkStatus();
}

}  // namespace nines::series

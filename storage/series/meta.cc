#include "storage/series/meta.h"

#include <optional>

#include "base/status_macros.h"
#include "storage/codec/bytes.h"

namespace nines::series {

using rocks::Family;

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  end.back() = static_cast<char>(end.back() + 1);
  return end;
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

}  // namespace nines::series

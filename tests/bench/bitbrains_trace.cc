#include "tests/bench/bitbrains_trace.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <span>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "collectors/sources/csv_reader.h"

namespace nines::bench {
namespace {

// Where the wanted columns stand: vm, unix_ms, then the values.
absl::StatusOr<std::vector<size_t>> FindColumns(const std::vector<std::string_view>& header) {
  std::vector<std::string_view> names = {"vm", "unix_ms"};
  names.insert(names.end(), kBitbrainsColumns.begin(), kBitbrainsColumns.end());
  std::vector<size_t> columns;
  for (const std::string_view name : names) {
    const auto at = std::find(header.begin(), header.end(), name);
    if (at == header.end()) return absl::InvalidArgumentError(StrCat("the header has no column '", name, "'"));
    columns.push_back(static_cast<size_t>(at - header.begin()));
  }
  return columns;
}

bool ReadRow(const std::vector<std::string_view>& fields, std::span<const size_t> columns, BitbrainsTrace::Row& row) {
  if (*std::max_element(columns.begin(), columns.end()) >= fields.size()) return false;
  if (!absl::SimpleAtoi(ToAbsl(fields[columns[1]]), &row.time_ms)) return false;
  for (size_t i = 0; i < row.values.size(); ++i) {
    if (!absl::SimpleAtod(ToAbsl(fields[columns[i + 2]]), &row.values[i])) return false;
  }
  return true;
}

void SortAndDeduplicate(BitbrainsTrace& trace) {
  const auto key = [](const BitbrainsTrace::Row& row) { return std::pair(row.time_ms, row.vm); };
  // Stable: of rows with one key the file's order is kept, and the last stands.
  std::stable_sort(trace.rows.begin(), trace.rows.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  size_t kept = 0;
  for (size_t i = 0; i < trace.rows.size(); ++i) {
    if (i + 1 < trace.rows.size() && key(trace.rows[i]) == key(trace.rows[i + 1])) continue;
    trace.rows[kept++] = trace.rows[i];
  }
  trace.duplicates = static_cast<int64_t>(trace.rows.size() - kept);
  trace.rows.resize(kept);
}

}  // namespace

LabelSet BitbrainsTrace::LabelsOf(int64_t series) const {
  const auto columns = static_cast<int64_t>(kBitbrainsColumns.size());
  return {{"__name__", StrCat("vm_", kBitbrainsColumns[static_cast<size_t>(series % columns)])},
          {"job", "bitbrains"},
          {"vm", vms[static_cast<size_t>(series / columns)]}};
}

absl::StatusOr<BitbrainsTrace> ReadBitbrains(const std::string& path) {
  NINES_ASSIGN_OR_RETURN(auto file, collector::OpenMaybePacked(path));
  collector::CsvReader csv(std::move(file));
  NINES_ASSIGN_OR_RETURN(const bool has_header, csv.Next());
  if (!has_header) return absl::InvalidArgumentError(StrCat(path, ": the file is empty"));
  auto columns = FindColumns(csv.fields());
  if (!columns.ok()) return Annotate(columns.status(), path);

  BitbrainsTrace trace;
  absl::flat_hash_map<std::string, int32_t> numbers;
  while (true) {
    const absl::StatusOr<bool> next = csv.Next();
    if (!next.ok()) return Annotate(next.status(), StrCat(path, ":", csv.line()));
    if (!*next) break;
    BitbrainsTrace::Row row{};
    if (!ReadRow(csv.fields(), *columns, row)) {
      return absl::InvalidArgumentError(StrCat(path, ":", csv.line(), ": a field is missing or no number"));
    }
    const std::string vm(csv.fields()[(*columns)[0]]);
    const auto [number, is_new] = numbers.try_emplace(vm, static_cast<int32_t>(trace.vms.size()));
    if (is_new) trace.vms.push_back(vm);
    row.vm = number->second;
    trace.rows.push_back(row);
  }
  SortAndDeduplicate(trace);
  return trace;
}

}  // namespace nines::bench

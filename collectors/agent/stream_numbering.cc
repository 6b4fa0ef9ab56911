#include "collectors/agent/stream_numbering.h"

#include "base/check.h"
#include "base/status_macros.h"

namespace nines::collector {

void StreamNumbering::StartSegment() {
  segment_series_.clear();
  segment_checks_.clear();
}

void StreamNumbering::Learn(v1::Batch* batch) {
  for (const auto& registration : batch->register_series()) {
    segment_series_.push_back(&*series_.try_emplace(registration.SerializeAsString(), kUnknown).first);
  }
  for (const auto& check : batch->register_checks()) {
    segment_checks_.push_back(&*checks_.try_emplace(check, kUnknown).first);
  }
  batch->clear_register_series();
  batch->clear_register_checks();
}

absl::Status StreamNumbering::Renumber(v1::Batch* batch) {
  for (v1::Row& row : *batch->mutable_rows()) NINES_RETURN_IF_ERROR(RenumberRow(&row, batch));
  for (v1::CheckResults& results : *batch->mutable_results()) {
    if (results.check() >= segment_checks_.size()) {
      return absl::DataLossError(StrCat("record ", batch->sequence(), ": check ", results.check(), " of none"));
    }
    Entry& check = *segment_checks_[results.check()];
    if (check.second == kUnknown) {
      check.second = next_check_++;
      batch->add_register_checks(check.first);
    }
    results.set_check(check.second);
  }
  return absl::OkStatus();
}

absl::Status StreamNumbering::RenumberRow(v1::Row* row, v1::Batch* batch) {
  const auto count = static_cast<size_t>(row->values_size());
  std::vector<uint32_t> numbers(count);
  bool consecutive = true;
  for (size_t i = 0; i < count; ++i) {
    const bool listed = row->series_size() > 0;
    if (listed && i >= static_cast<size_t>(row->series_size())) return absl::DataLossError("a row of uneven columns");
    const uint64_t number = listed ? row->series(static_cast<int>(i)) : uint64_t{row->first_series()} + i;
    if (number >= segment_series_.size()) {
      return absl::DataLossError(
          StrCat("record ", batch->sequence(), ": series ", number, " of ", segment_series_.size()));
    }
    Entry& series = *segment_series_[number];
    if (series.second == kUnknown) {
      series.second = next_series_++;
      NINES_CHECK(batch->add_register_series()->ParseFromString(series.first));
    }
    numbers[i] = series.second;
    consecutive = consecutive && (i == 0 || numbers[i] == numbers[i - 1] + 1);
  }
  row->clear_series();
  row->set_first_series(consecutive && count > 0 ? numbers[0] : 0);
  if (!consecutive) row->mutable_series()->Add(numbers.begin(), numbers.end());
  return absl::OkStatus();
}

}  // namespace nines::collector

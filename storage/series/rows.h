#pragma once

#include <cstdint>
#include <vector>

#include "base/strong_id.h"

namespace nines::series {

// Samples on their way in, as columns. A row has one time, and the values of some series at it. Their order is the
// order of recording: of two samples of one series at one time the later one stands.
struct Rows {
  struct Row {
    int64_t time_ms = 0;
    uint32_t count = 0;  // of the next entries of `series` and `values`
  };
  std::vector<Row> rows;
  std::vector<uint32_t> series;  // ids
  std::vector<double> values;    // as many

  // A row of one sample.
  void Add(SeriesId id, int64_t time_ms, double value) {
    rows.push_back({time_ms, 1});
    series.push_back(static_cast<uint32_t>(id.value()));
    values.push_back(value);
  }
  void Clear() {
    rows.clear();
    series.clear();
    values.clear();
  }
  bool empty() const { return rows.empty(); }
};

// Times that the store takes: from 1970 to the end of the year 9999.
inline constexpr int64_t kFirstTimeMs = 0;
inline constexpr int64_t kEndTimeMs = 253'402'300'800'000;

}  // namespace nines::series

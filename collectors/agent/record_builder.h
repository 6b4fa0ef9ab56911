#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "collectors/agent/recorder.h"
#include "nines/v1/spool.pb.h"

namespace nines::collector {

// Gathers what sources add, and makes spool records of it, numbered within the current segment. What is
// not UTF-8 becomes '?'. Thread-compatible.
class RecordBuilder {
 public:
  void AddRow(int64_t time_ms, std::span<const RowSample> samples);
  void AddResult(std::string_view check, int64_t time_ms, v1::ResultState state);
  void AddDeclaration(v1::Declaration declaration);
  void AddMaintenance(v1::Maintenance maintenance);
  void SetCursor(const std::string& source, std::string cursor);
  // Of what was added since the last record was built.
  const std::string* FindCursor(const std::string& source) const;

  bool empty() const;
  // Roughly, without labels.
  int64_t bytes() const { return bytes_; }

  // Forgets all numbers: the next record goes into a new segment.
  void StartSegment();
  // Moves what was added first into `record`, as much as stays below `bytes_max` encoded even if each of its series had
  // to be registered again; one fact or one sample goes in any case. Cursors go with the last.
  void Build(int64_t bytes_max, v1::SpoolRecord* record);

 private:
  struct PendingRow {
    int64_t time_ms;
    std::vector<RowSample> samples;
    size_t done = 0;
  };
  struct PendingResult {
    std::string check;
    int64_t time_ms;
    v1::ResultState state;
  };
  struct Series {
    LabelSetPtr held;  // keeps the pointer it is found by from being used again
    uint32_t number = 0;
    uint64_t record = 0;  // the last that counted its labels
    int64_t label_bytes = 0;
  };

  Series& Find(const LabelSetPtr& labels, v1::Batch* batch);
  // True: all of the row is in the batch.
  bool TakeRow(PendingRow* row, int64_t bytes_max, v1::Batch* batch);
  void TakeResults(int64_t bytes_max, v1::Batch* batch);
  void TakeFacts(int64_t bytes_max, v1::Batch* batch);

  std::deque<PendingRow> rows_;
  std::deque<PendingResult> results_;
  std::deque<v1::Declaration> declarations_;
  std::deque<v1::Maintenance> maintenance_;
  absl::flat_hash_map<std::string, std::string> cursors_;
  int64_t bytes_ = 0;

  absl::flat_hash_map<const LabelSet*, Series> series_;
  absl::flat_hash_map<std::string, uint32_t> series_by_content_;
  absl::flat_hash_map<std::string, uint32_t> checks_;
  uint64_t record_ = 0;
  int64_t record_bytes_ = 0;
};

}  // namespace nines::collector

#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "collectors/agent/source.h"
#include "collectors/sources/csv_reader.h"
#include "collectors/sources/replay_rows.h"

namespace nines::collector {

// Reads files of results or samples once, in the order of their names within each pattern, as fast as the recorder
// takes them. How far it is in each file stands in cursors of its own ("source:path"), so that a restart goes on there.
// A file that grew is read on, one that became smaller is read again.
class ReplaySource final : public Source {
 public:
  ReplaySource(std::string name, absl::Duration interval, v1::ReplaySource config, std::filesystem::path base,
               std::unique_ptr<ReplayRows> rows);

  const std::string& name() const override { return name_; }
  const std::string& item() const override { return item_; }
  absl::Duration interval() const override { return interval_; }
  boost::asio::awaitable<absl::Status> Run(Recorder& recorder) override;
  bool AtEnd() const override { return at_end_; }

  uint64_t bad_rows() const { return bad_rows_; }

 private:
  struct Cursor {
    int64_t rows = 0;         // that were read, good and bad, without the header
    int64_t file_bytes = -1;  // when the end was reached; -1: it was not
  };
  struct Open {
    std::string path;
    int64_t file_bytes = 0;
    std::unique_ptr<CsvReader> csv;
    CsvHeader header;
    size_t time_column = 0;
    Cursor cursor;
  };

  absl::StatusOr<std::vector<std::string>> ListFiles() const;
  boost::asio::awaitable<absl::Status> ReadFile(const std::string& path, Recorder& recorder);
  absl::StatusOr<Open> OpenFile(const std::string& path, const Recorder& recorder);
  // At most `count` further rows; false at the end of the file.
  absl::StatusOr<bool> ReadRows(Open& file, int64_t skip, int count, Recorder& recorder);
  absl::Status TakeRow(Open& file, Recorder& recorder);
  void LogBadRow(const Open& file, const absl::Status& status);
  std::string CursorKey(const std::string& path) const;

  const std::string name_;
  std::string item_;
  const absl::Duration interval_;
  const v1::ReplaySource config_;
  const std::filesystem::path base_;
  const std::unique_ptr<ReplayRows> rows_;
  uint64_t bad_rows_ = 0;
  bool at_end_ = false;
};

}  // namespace nines::collector

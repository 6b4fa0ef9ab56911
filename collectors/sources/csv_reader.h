#pragma once

#include <cstdint>
#include <istream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nines::collector {

// CSV as RFC 4180 has it: commas, quotes doubled within quotes, line breaks within quotes; LF or CRLF. A byte order
// mark at the start and empty lines are passed over. Thread-compatible.
class CsvReader {
 public:
  explicit CsvReader(std::unique_ptr<std::istream> in);

  // The next row; false at the end. InvalidArgument: this row is malformed, the next call goes on behind it. Any other
  // error: the input cannot be read further.
  absl::StatusOr<bool> Next();
  // Of the last row; valid until the next call.
  const std::vector<std::string_view>& fields() const { return fields_; }
  // Where it began, from 1.
  int64_t line() const { return line_; }

  // A field that is longer is malformed.
  static constexpr size_t kFieldBytesMax = 1 << 20;

 private:
  enum class Where { kFieldStart, kPlain, kQuoted, kQuoteInQuoted };

  // The next byte, or -1 at the end.
  int Get() {
    if (at_ == block_end_ && !Fill()) return -1;
    return static_cast<uint8_t>(block_[at_++]);
  }
  bool Fill();
  void EndField();
  // Takes one byte of the row in; true: the row is complete.
  bool Take(int byte);

  std::unique_ptr<std::istream> in_;
  absl::Status failed_;
  std::vector<char> block_;
  size_t at_ = 0, block_end_ = 0;
  std::string text_;  // the row's fields, unquoted, one after the other
  std::vector<size_t> ends_;
  std::vector<std::string_view> fields_;
  Where where_ = Where::kFieldStart;
  std::string error_;
  int64_t line_ = 0, next_line_ = 1;
  bool is_first_ = true;
};

// A file as it is, or unpacked while it is read where its name ends in .gz or .xz.
absl::StatusOr<std::unique_ptr<std::istream>> OpenMaybePacked(const std::string& path);

}  // namespace nines::collector

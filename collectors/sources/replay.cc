#include "collectors/sources/replay.h"

#include <glob.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "base/interval.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

constexpr int kRowsPerFlush = 1000;
constexpr uint64_t kBadRowsLogged = 20;

absl::StatusOr<int64_t> ParseTimeMs(std::string_view text) {
  int64_t time_ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time_ms);
  if (error != std::errc() || end != text.data() + text.size() || time_ms < kTimeMinMs || time_ms > kTimeMaxMs) {
    return absl::InvalidArgumentError(StrCat("time '", text, "' is not a whole number of milliseconds"));
  }
  return time_ms;
}

}  // namespace

ReplaySource::ReplaySource(std::string name, absl::Duration interval, v1::ReplaySource config,
                           std::filesystem::path base, std::unique_ptr<ReplayRows> rows)
    : name_(std::move(name)),
      interval_(interval),
      config_(std::move(config)),
      base_(std::move(base)),
      rows_(std::move(rows)) {
  for (const std::string& file : config_.files()) StrAppend(&item_, item_.empty() ? "" : ", ", file);
}

absl::StatusOr<std::vector<std::string>> ReplaySource::ListFiles() const {
  std::vector<std::string> files;
  for (const std::string& pattern : config_.files()) {
    const std::string full = (base_ / pattern).lexically_normal().string();
    glob_t found;
    const int failed = ::glob(full.c_str(), 0, nullptr, &found);
    for (size_t i = 0; failed == 0 && i < found.gl_pathc; ++i) {
      if (std::find(files.begin(), files.end(), found.gl_pathv[i]) == files.end()) files.push_back(found.gl_pathv[i]);
    }
    ::globfree(&found);
    if (failed == GLOB_NOMATCH) return absl::NotFoundError(StrCat("replay.files: no file matches ", full));
    if (failed != 0) return absl::UnavailableError(StrCat("replay.files: the folder of ", full, " cannot be read"));
  }
  return files;
}

boost::asio::awaitable<absl::Status> ReplaySource::Run(Recorder& recorder) {
  at_end_ = false;
  const absl::StatusOr<std::vector<std::string>> files = ListFiles();
  if (!files.ok()) co_return files.status();
  absl::Status first_error;
  for (const std::string& path : *files) {
    const absl::Status status = co_await ReadFile(path, recorder);
    if (absl::IsCancelled(status)) co_return status;
    // The others are read all the same.
    if (first_error.ok()) first_error = Annotate(status, path);
  }
  at_end_ = first_error.ok();
  co_return first_error;
}

boost::asio::awaitable<absl::Status> ReplaySource::ReadFile(const std::string& path, Recorder& recorder) {
  absl::StatusOr<Open> opened = OpenFile(path, recorder);
  if (!opened.ok()) co_return opened.status();
  Open& file = *opened;
  if (!file.csv) co_return absl::OkStatus();
  int64_t skip = file.cursor.rows;
  file.cursor.rows = 0;
  bool more = true;
  while (more) {
    const absl::StatusOr<bool> read = ReadRows(file, skip, kRowsPerFlush, recorder);
    if (!read.ok()) co_return read.status();
    more = *read;
    if (file.cursor.rows >= skip) {
      if (!more) file.cursor.file_bytes = file.file_bytes;
      recorder.SetCursor(CursorKey(path), StrCat(file.cursor.rows, " ", file.cursor.file_bytes));
    }
    const absl::Status flushed = co_await recorder.Flush();
    if (!flushed.ok()) co_return flushed;
  }
  spdlog::info("source {}: {}: {} rows, at the end", name_, path, file.cursor.rows);
  co_return absl::OkStatus();
}

absl::StatusOr<ReplaySource::Open> ReplaySource::OpenFile(const std::string& path, const Recorder& recorder) {
  Open file;
  file.path = path;
  std::error_code error;
  file.file_bytes = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error) return absl::UnavailableError(error.message());
  long long rows = 0, file_bytes = 0;
  if (std::sscanf(recorder.GetCursor(CursorKey(path)).c_str(), "%lld %lld", &rows, &file_bytes) == 2) {
    if (file_bytes == file.file_bytes) return file;
    if (file_bytes < file.file_bytes) file.cursor.rows = rows;
  }
  NINES_ASSIGN_OR_RETURN(std::unique_ptr<std::istream> in, OpenMaybePacked(path));
  file.csv = std::make_unique<CsvReader>(std::move(in));
  NINES_ASSIGN_OR_RETURN(const bool has_header, file.csv->Next());
  if (!has_header)
    return absl::InvalidArgumentError("the file is empty; a header line with the columns' names is missing");
  file.header.assign(file.csv->fields().begin(), file.csv->fields().end());
  const std::string time_column = config_.time_column().empty() ? "unix_ms" : config_.time_column();
  NINES_ASSIGN_OR_RETURN(file.time_column, FindColumn(file.header, time_column));
  NINES_RETURN_IF_ERROR(rows_->Begin(file.header));
  return file;
}

absl::StatusOr<bool> ReplaySource::ReadRows(Open& file, int64_t skip, int count, Recorder& recorder) {
  bool more = true;
  for (int i = 0; i < count && more; ++i) {
    const absl::StatusOr<bool> next = file.csv->Next();
    if (!next.ok() && !absl::IsInvalidArgument(next.status())) {
      rows_->Finish(recorder);
      return next.status();
    }
    more = !next.ok() || *next;
    if (!more) break;
    if (++file.cursor.rows <= skip) {
      if (next.ok() && file.csv->fields().size() == file.header.size()) rows_->Pass(file.csv->fields());
      continue;
    }
    const absl::Status taken = next.ok() ? TakeRow(file, recorder) : next.status();
    if (!taken.ok()) LogBadRow(file, taken);
  }
  rows_->Finish(recorder);
  return more;
}

absl::Status ReplaySource::TakeRow(Open& file, Recorder& recorder) {
  const CsvFields& fields = file.csv->fields();
  if (fields.size() != file.header.size()) {
    return absl::InvalidArgumentError(StrCat(fields.size(), " fields, but the header has ", file.header.size()));
  }
  if (!std::all_of(fields.begin(), fields.end(), IsUtf8)) {
    return absl::InvalidArgumentError("not UTF-8; convert the file, e.g. with iconv");
  }
  NINES_ASSIGN_OR_RETURN(const int64_t time_ms, ParseTimeMs(fields[file.time_column]));
  return rows_->Take(time_ms, fields, recorder);
}

void ReplaySource::LogBadRow(const Open& file, const absl::Status& status) {
  if (++bad_rows_ > kBadRowsLogged) return;
  spdlog::warn("{}:{}: {}; the row is left out{}", file.path, file.csv->line(), FromAbsl(status.message()),
               bad_rows_ == kBadRowsLogged ? " (further ones are not logged)" : "");
}

std::string ReplaySource::CursorKey(const std::string& path) const { return StrCat(name_, ":", path); }

absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeReplaySources(const v1::SourceConfig& config,
                                                                       const SourceContext& context) {
  if (config.replay().files().empty()) {
    return absl::InvalidArgumentError(StrCat("source '", config.name(), "': replay.files is missing"));
  }
  absl::StatusOr<std::unique_ptr<ReplayRows>> rows = MakeReplayRows(config.replay());
  if (!rows.ok()) return Annotate(rows.status(), StrCat("source '", config.name(), "'"));
  const absl::Duration interval =
      config.has_interval() ? absl::Milliseconds(wire::ToMs(config.interval())) : absl::Seconds(15);
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(
      std::make_unique<ReplaySource>(config.name(), interval, config.replay(), context.config_dir, *std::move(rows)));
  return sources;
}

}  // namespace nines::collector

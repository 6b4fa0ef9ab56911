#include "collectors/sources/drop.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <fstream>
#include <set>
#include <sstream>

#include "base/status_macros.h"
#include "base/text.h"
#include "base/utf8.h"
#include "collectors/agent/spool_segment.h"
#include "wire/time.h"

namespace nines::collector {
namespace {

namespace fs = std::filesystem;

const std::string& IdOf(const DropLine& line) {
  return std::visit([](const auto& fact) -> const std::string& { return fact.id(); }, *line.fact);
}

void Add(const DropLine& line, Recorder& recorder) {
  if (const auto* declaration = std::get_if<v1::Declaration>(&*line.fact)) {
    recorder.AddDeclaration(*declaration);
  } else {
    recorder.AddMaintenance(std::get<v1::Maintenance>(*line.fact));
  }
}

absl::StatusOr<std::string> ReadWhole(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || (in.peek() != EOF && !(text << in.rdbuf()))) {
    return absl::UnavailableError(StrCat(path.string(), " cannot be read"));
  }
  return text.str();
}

// "name.csv", or "name.2.csv" and so on where that is taken already.
fs::path FreeName(const fs::path& directory, const std::string& stem, const std::string& extension) {
  fs::path path = directory / (stem + extension);
  for (int n = 2; fs::exists(path); ++n) path = directory / StrCat(stem, ".", n, extension);
  return path;
}

}  // namespace

DropSource::DropSource(std::string name, absl::Duration interval, fs::path directory, std::string fact_source,
                       absl::Duration settle, const Clock& clock)
    : name_(std::move(name)),
      item_(directory.string()),
      interval_(interval),
      directory_(std::move(directory)),
      fact_source_(std::move(fact_source)),
      settle_(settle),
      clock_(clock) {}

absl::StatusOr<DropSource::Look> DropSource::LookAt(const fs::path& path) {
  std::error_code error;
  Look look;
  look.bytes = static_cast<int64_t>(fs::file_size(path, error));
  if (!error) look.changed = fs::last_write_time(path, error);
  if (error) return absl::UnavailableError(StrCat(path.string(), ": ", error.message()));
  return look;
}

absl::StatusOr<std::vector<fs::path>> DropSource::SettledFiles() {
  std::error_code error;
  std::map<fs::path, Seen> seen;
  std::vector<fs::path> settled;
  fs::directory_iterator entries(directory_, error);
  if (error) return absl::NotFoundError(StrCat("drop.directory ", item_, ": ", error.message(), "; create it"));
  for (const fs::directory_entry& entry : entries) {
    const std::string extension = entry.path().extension().string();
    if (!entry.is_regular_file(error) || (extension != ".jsonl" && extension != ".csv")) continue;
    if (entry.path().filename().string().starts_with('.')) continue;
    const absl::StatusOr<Look> look = LookAt(entry.path());
    if (!look.ok()) continue;  // gone again
    const auto before = seen_.find(entry.path());
    const bool same = before != seen_.end() && before->second.look == *look;
    const absl::Duration since = same ? before->second.since : clock_.Monotonic();
    seen.emplace(entry.path(), Seen{*look, since});
    // By the file's own time where that can be believed, as for one that was renamed into place.
    const absl::Time changed = absl::FromChrono(
        std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::file_clock::to_sys(look->changed)));
    const bool is_old = clock_.Now() - changed >= settle_;
    if (is_old || (same && clock_.Monotonic() - since >= settle_)) settled.push_back(entry.path());
  }
  seen_ = std::move(seen);
  std::sort(settled.begin(), settled.end());
  return settled;
}

boost::asio::awaitable<absl::Status> DropSource::Run(Recorder& recorder) {
  at_end_ = false;
  const absl::StatusOr<std::vector<fs::path>> files = SettledFiles();
  if (!files.ok()) co_return files.status();
  const bool all = files->size() == seen_.size();
  absl::Status first_error;
  for (const fs::path& path : *files) {
    const absl::Status status = co_await TakeFile(path, recorder);
    if (absl::IsCancelled(status)) co_return status;
    if (first_error.ok()) first_error = status;
  }
  at_end_ = all && first_error.ok();
  co_return first_error;
}

boost::asio::awaitable<absl::Status> DropSource::TakeFile(const fs::path& path, Recorder& recorder) {
  const absl::StatusOr<Look> look = LookAt(path);
  if (!look.ok()) co_return look.status();
  if (look->bytes > kFileBytesMax) {
    co_return absl::InvalidArgumentError(StrCat(path.string(), " is larger than 256 MiB; split it"));
  }
  absl::StatusOr<std::string> content = ReadWhole(path);
  if (!content.ok()) co_return content.status();
  absl::StatusOr<std::vector<DropLine>> lines =
      path.extension() == ".csv" ? ParseDropCsv(*content, fact_source_)
                                 : absl::StatusOr<std::vector<DropLine>>(ParseDropJsonLines(*content, fact_source_));
  std::vector<Rejected> rejected;
  if (!lines.ok()) {
    rejected.push_back({1, std::string(FromAbsl(lines.status().message())), ""});
    lines = std::vector<DropLine>();
  }
  // A fact that stands in the file twice is sent twice, one after the other, so that an answer is that of its line.
  std::vector<const DropLine*> batch;
  std::set<std::string> ids;
  for (const DropLine& line : *lines) {
    if (!line.fact.ok()) {
      rejected.push_back({line.line, std::string(FromAbsl(line.fact.status().message())), line.text});
      continue;
    }
    if (!ids.insert(IdOf(line)).second) {
      const absl::Status sent = co_await Send(std::exchange(batch, {}), recorder, &rejected);
      if (!sent.ok()) co_return sent;
      ids = {IdOf(line)};
    }
    batch.push_back(&line);
  }
  const absl::Status sent = co_await Send(std::move(batch), recorder, &rejected);
  if (!sent.ok()) co_return sent;
  spdlog::info("source {}: {}: {} facts, {} of them refused", name_, path.string(), lines->size(), rejected.size());
  const absl::Status written = WriteRejected(path, std::move(rejected));
  if (!written.ok()) co_return written;
  co_return MoveToDone(path, *look);
}

boost::asio::awaitable<absl::Status> DropSource::Send(std::vector<const DropLine*> lines, Recorder& recorder,
                                                      std::vector<Rejected>* rejected) {
  constexpr size_t kFactsPerFlush = 500;
  while (!lines.empty()) {
    for (size_t i = 0; i < lines.size(); ++i) {
      Add(*lines[i], recorder);
      if (i % kFactsPerFlush != kFactsPerFlush - 1) continue;
      const absl::Status flushed = co_await recorder.Flush();
      if (!flushed.ok()) co_return flushed;
    }
    const absl::StatusOr<std::vector<v1::Refusal>> refusals = co_await recorder.Acknowledged();
    if (!refusals.ok()) co_return refusals.status();
    std::map<std::string, const v1::Refusal*> refused;
    for (const v1::Refusal& refusal : *refusals) {
      if (refusal.fact_source() == fact_source_) refused[refusal.fact_id()] = &refusal;
    }
    std::vector<const DropLine*> again;
    for (const DropLine* line : lines) {
      const auto it = refused.find(IdOf(*line));
      if (it == refused.end()) continue;
      if (it->second->reason() == v1::REFUSAL_REASON_UNSPECIFIED) {
        again.push_back(line);
      } else {
        rejected->push_back({line->line, StrCat("refused by the daemon: ", it->second->message()), line->text});
      }
    }
    lines = std::move(again);
  }
  co_return absl::OkStatus();
}

absl::Status DropSource::WriteRejected(const fs::path& path, std::vector<Rejected> rejected) const {
  if (rejected.empty()) return absl::OkStatus();
  std::sort(rejected.begin(), rejected.end(), [](const Rejected& a, const Rejected& b) { return a.line < b.line; });
  std::string content;
  for (const Rejected& line : rejected) {
    boost::json::object object = {{"line", line.line}, {"reason", ToUtf8(line.reason)}, {"text", ToUtf8(line.text)}};
    content += boost::json::serialize(object);
    content.push_back('\n');
  }
  const fs::path directory = directory_ / "rejected";
  std::error_code error;
  fs::create_directories(directory, error);
  const std::string stem = path.filename().string();
  const std::string extension = ".rejected.jsonl";
  // The same answer as before a kill is not written twice.
  const absl::StatusOr<std::string> before = ReadWhole(directory / (stem + extension));
  if (before.ok() && *before == content) return absl::OkStatus();
  return ReplaceFile(FreeName(directory, stem, extension), content);
}

absl::Status DropSource::MoveToDone(const fs::path& path, const Look& taken) const {
  const absl::StatusOr<Look> now = LookAt(path);
  if (!now.ok()) return now.status();
  if (*now != taken) return absl::OkStatus();  // written to meanwhile: it is taken once more
  const fs::path directory = directory_ / "done";
  std::error_code error;
  fs::create_directories(directory, error);
  fs::rename(path, FreeName(directory, path.stem().string(), path.extension().string()), error);
  if (error) return absl::UnavailableError(StrCat("moving ", path.string(), " to done/: ", error.message()));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeDropSources(const v1::SourceConfig& config,
                                                                     const SourceContext& context) {
  const v1::DropSource& drop = config.drop();
  if (drop.directory().empty()) {
    return absl::InvalidArgumentError(StrCat("source '", config.name(), "': drop.directory is missing"));
  }
  const absl::Duration interval =
      config.has_interval() ? absl::Milliseconds(wire::ToMs(config.interval())) : absl::Seconds(15);
  const absl::Duration settle = drop.has_settle() ? absl::Milliseconds(wire::ToMs(drop.settle())) : absl::Seconds(2);
  std::vector<std::unique_ptr<Source>> sources;
  sources.push_back(std::make_unique<DropSource>(config.name(), interval, context.config_dir / drop.directory(),
                                                 drop.source().empty() ? config.name() : drop.source(), settle,
                                                 context.clock));
  return sources;
}

}  // namespace nines::collector

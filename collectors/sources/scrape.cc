#include <algorithm>
#include <bit>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "collectors/agent/source.h"
#include "collectors/sources/exposition.h"
#include "collectors/sources/http_request.h"
#include "collectors/sources/probe_schedule.h"
#include "collectors/sources/tcp_address.h"
#include "collectors/sources/tcp_connection.h"
#include "collectors/sources/tls_context.h"

namespace nines::collector {
namespace {

namespace asio = boost::asio;

constexpr size_t kBodyBytesMaxDefault = 64 << 20;
// About a millisecond's work, and what may be added between two flushes.
constexpr size_t kLinesAtOnce = 2000;
constexpr size_t kSamplesAtOnce = 1000;
// A body this large is given back after the scrape instead of being kept for the next one.
constexpr size_t kBodyBytesKept = 8 << 20;
const double kStaleMarker = std::bit_cast<double>(uint64_t{0x7ff0000000000002});

constexpr char kAccept[] =
    "application/openmetrics-text;version=1.0.0;q=0.75,application/openmetrics-text;version=0.0.1;q=0.6,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

struct ScrapeTarget {
  HttpUrl url;
  std::string request;
  LabelSet labels;
  std::string check;  // empty = none
  size_t body_bytes_max = 0;
  std::shared_ptr<asio::ssl::context> tls;
};

// All samples of a page without times of their own get the time at which the scrape was started, and so does the
// result.
class ScrapeTargetSource final : public Source {
 public:
  ScrapeTargetSource(std::string name, std::string item, Schedule schedule, ScrapeTarget target,
                     const SourceContext& context)
      : name_(std::move(name)),
        item_(std::move(item)),
        schedule_(schedule),
        target_(std::move(target)),
        io_(context.io),
        clock_(context.clock),
        connection_(io_.get_executor(), target_.tls, target_.url.address.host),
        reader_(target_.labels),
        up_(reader_.Reserve("up")),
        duration_(reader_.Reserve("scrape_duration_seconds")),
        scraped_(reader_.Reserve("scrape_samples_scraped")) {}

  const std::string& name() const override { return name_; }
  const std::string& item() const override { return item_; }
  absl::Duration interval() const override { return schedule_.interval; }

  asio::awaitable<absl::Status> Run(Recorder& recorder) override {
    const int64_t time_ms = clock_.NowMs();
    const absl::Duration started = clock_.Monotonic();
    absl::Status status = co_await Scrape();
    if (body_.capacity() > kBodyBytesKept) std::string().swap(body_);
    const absl::Duration took = clock_.Monotonic() - started;
    if (IsOwnFailure(status)) co_return status;
    absl::Status recorded = co_await Record(recorder, time_ms, status.ok());
    const RowSample report[] = {{up_, status.ok() ? 1.0 : 0.0},
                                {duration_, absl::ToDoubleSeconds(took)},
                                {scraped_, status.ok() ? static_cast<double>(reader_.samples().size()) : 0.0}};
    recorder.AddRow(time_ms, report);
    if (!target_.check.empty()) {
      recorder.AddResult(target_.check, time_ms, status.ok() ? v1::RESULT_STATE_UP : v1::RESULT_STATE_DOWN);
    }
    absl::Status flushed = co_await recorder.Flush();
    if (!status.ok()) co_return status;
    co_return recorded.ok() ? flushed : recorded;
  }

 private:
  asio::awaitable<absl::Status> Scrape() {
    Deadline deadline(io_.get_executor(), schedule_.timeout);
    absl::StatusOr<HttpAnswer> answer = co_await Fetch(deadline);
    if (!answer.ok()) co_return answer.status();
    if (answer->status != 200) {
      const bool redirect = answer->status / 100 == 3;
      co_return absl::UnavailableError(
          StrCat("HTTP status ", answer->status,
                 redirect ? ": redirects are not followed; scrape the place it points to" : ""));
    }
    if (answer->gzip) {
      absl::StatusOr<std::string> inflated = Gunzip(body_, target_.body_bytes_max);
      if (!inflated.ok()) co_return inflated.status();
      body_ = *std::move(inflated);
    }
    reader_.Begin(body_, FormatOf(answer->content_type));
    while (true) {
      absl::StatusOr<bool> more = reader_.ReadLines(kLinesAtOnce);
      if (!more.ok()) co_return more.status();
      if (!*more) co_return absl::OkStatus();
      co_await asio::post(io_, asio::use_awaitable);
    }
  }

  // One exchange; a second one if the connection kept from the last scrape turns out to have been closed meanwhile.
  asio::awaitable<absl::StatusOr<HttpAnswer>> Fetch(Deadline& deadline) {
    HttpReading reading;
    reading.body_bytes_max = target_.body_bytes_max;
    reading.longer = HttpReading::Longer::kError;
    reading.body = &body_;
    body_.clear();
    if (connection_.open()) {
      absl::StatusOr<HttpAnswer> answer = co_await connection_.Exchange(target_.request, reading, deadline);
      if (!absl::IsAborted(answer.status())) co_return answer;
    }
    absl::Status opened = co_await connection_.Open(target_.url.address, deadline);
    if (!opened.ok()) co_return opened;
    co_return co_await connection_.Exchange(target_.request, reading, deadline);
  }

  // The page's samples, one row for each time, and the markers of what has vanished.
  asio::awaitable<absl::Status> Record(Recorder& recorder, int64_t time_ms, bool good) {
    std::vector<LabelSetPtr> vanished;
    good ? reader_.Commit(&vanished) : reader_.Abort(&vanished);
    std::vector<RowSample> row;
    row.reserve(reader_.samples().size() + vanished.size());
    std::vector<std::pair<int64_t, RowSample>> timed;
    for (const ExpositionReader::Sample& sample : reader_.samples()) {
      if (sample.time_ms.has_value()) {
        timed.emplace_back(*sample.time_ms, sample.row);
      } else {
        row.push_back(sample.row);
      }
    }
    for (LabelSetPtr& series : vanished) row.push_back({std::move(series), kStaleMarker});
    absl::Status status = co_await AddRow(recorder, time_ms, row);
    if (!status.ok()) co_return status;
    std::stable_sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t begin = 0, end = 0; begin < timed.size(); begin = end) {
      row.clear();
      for (; end < timed.size() && timed[end].first == timed[begin].first; ++end) row.push_back(timed[end].second);
      status = co_await AddRow(recorder, timed[begin].first, row);
      if (!status.ok()) co_return status;
    }
    co_return absl::OkStatus();
  }

  asio::awaitable<absl::Status> AddRow(Recorder& recorder, int64_t time_ms, const std::vector<RowSample>& row) {
    for (size_t at = 0; at < row.size(); at += kSamplesAtOnce) {
      const size_t count = std::min(kSamplesAtOnce, row.size() - at);
      recorder.AddRow(time_ms, std::span(row).subspan(at, count));
      unflushed_ += count;
      if (unflushed_ < kSamplesAtOnce) continue;
      unflushed_ = 0;
      absl::Status status = co_await recorder.Flush();
      if (!status.ok()) co_return status;
    }
    co_return absl::OkStatus();
  }

  const std::string name_;
  const std::string item_;
  const Schedule schedule_;
  const ScrapeTarget target_;
  asio::io_context& io_;
  const Clock& clock_;
  Connection connection_;
  ExpositionReader reader_;
  const LabelSetPtr up_;
  const LabelSetPtr duration_;
  const LabelSetPtr scraped_;
  std::string body_;
  size_t unflushed_ = 0;
};

bool IsLabelName(std::string_view name) {
  return IsMetricName(name) && name.find(':') == std::string_view::npos && name != "__name__";
}

absl::StatusOr<LabelSet> TargetLabels(const v1::SourceConfig& config, const std::string& instance) {
  LabelSet labels{{"instance", instance}, {"job", config.name()}};
  for (const auto& [name, value] : config.scrape().labels()) {
    if (!IsLabelName(name))
      return absl::InvalidArgumentError(StrCat("scrape.labels: '", name, "' is not a label name"));
    auto same = [&name = name](const auto& label) { return label.first == name; };
    std::erase_if(labels, same);  // the config knows better
    if (!value.empty()) labels.emplace_back(name, value);
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

absl::StatusOr<ScrapeTarget> MakeTarget(const v1::SourceConfig& config, const std::string& url,
                                        const Schedule& schedule, TlsContexts& contexts) {
  ScrapeTarget target;
  NINES_ASSIGN_OR_RETURN(target.url, ParseHttpUrl(url));
  const std::string instance = target.url.address.Text();
  NINES_ASSIGN_OR_RETURN(target.labels, TargetLabels(config, instance));
  const HttpHeaders headers = {
      {"Accept", kAccept},
      {"Accept-Encoding", "gzip"},
      {"X-Prometheus-Scrape-Timeout-Seconds", StrCat(absl::ToDoubleSeconds(schedule.timeout))}};
  NINES_ASSIGN_OR_RETURN(target.request, RequestText("GET", target.url, headers));
  target.check = absl::StrReplaceAll(config.scrape().check(), {{"{instance}", instance}});
  target.body_bytes_max = config.scrape().body_bytes_max() == 0 ? kBodyBytesMaxDefault
                                                                : static_cast<size_t>(config.scrape().body_bytes_max());
  if (!target.url.tls) return target;
  NINES_ASSIGN_OR_RETURN(target.tls, contexts.Get("", TlsVerify::kPeer));
  return target;
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Source>>> MakeScrapeSources(const v1::SourceConfig& config,
                                                                       const SourceContext& context) {
  const std::string source = StrCat("source ", config.name());
  absl::StatusOr<Schedule> schedule = ScheduleOf(config);
  if (!schedule.ok()) return Annotate(schedule.status(), source);
  const v1::ScrapeSource& scrape = config.scrape();
  if (scrape.urls().empty())
    return absl::InvalidArgumentError(StrCat(source, ": scrape.urls: empty; give at least one URL"));
  if (scrape.body_bytes_max() < 0) {
    return absl::InvalidArgumentError(StrCat(source, ": scrape.body_bytes_max: must not be negative"));
  }
  std::vector<std::unique_ptr<Source>> sources;
  absl::flat_hash_set<std::string> urls;
  absl::flat_hash_set<std::string> checks;
  TlsContexts contexts;
  for (int i = 0; i < scrape.urls_size(); ++i) {
    const std::string where = StrCat(source, ": scrape.urls[", i, "]");
    if (!urls.insert(scrape.urls(i)).second)
      return absl::InvalidArgumentError(StrCat(where, ": '", scrape.urls(i), "' is given twice"));
    absl::StatusOr<ScrapeTarget> target = MakeTarget(config, scrape.urls(i), *schedule, contexts);
    if (!target.ok()) return Annotate(target.status(), where);
    if (!target->check.empty() && !checks.insert(target->check).second) {
      return absl::InvalidArgumentError(StrCat(source, ": scrape.check: several URLs share the check '", target->check,
                                               "'; put {instance} into its name"));
    }
    sources.push_back(
        std::make_unique<ScrapeTargetSource>(config.name(), scrape.urls(i), *schedule, *std::move(target), context));
  }
  return sources;
}

}  // namespace nines::collector

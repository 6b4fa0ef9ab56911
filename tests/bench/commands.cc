#include "tests/bench/commands.h"

#include <chrono>
#include <filesystem>
#include <iostream>
#include <thread>

#include "absl/strings/numbers.h"
#include "base/clock.h"
#include "base/duration_text.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/http_connection.h"
#include "tests/bench/load_measure.h"
#include "tests/bench/process_usage.h"

namespace nines::bench {

void Context::Run(const std::function<absl::Status(Figures&)>& work) {
  Figures figures;
  const absl::Status status = work(figures);
  std::cout << (json ? figures.Json() : figures.Text()) << std::flush;
  if (status.ok()) return;
  std::cerr << "nines-bench: " << status.message() << "\n";
  exit_code = 1;
}

void FleetFlags::AddTo(CLI::App& command) {
  command.add_option("--series", series, "Series; 20 are one VM")->capture_default_str();
  command.add_option("--seed", seed, "The same seed gives the same values")->capture_default_str();
  command.add_option("--interval", interval, "Simulated time between two samples of a series")->capture_default_str();
  command.add_option("--samples-per-series", samples_per_series, "How many")->capture_default_str();
  command.add_option("--duration", duration, "Go on for so much real time instead, e.g. 10m");
  command.add_option("--start", start,
                     "Simulated time of the first sample: milliseconds since 1970, or a span before now, e.g. 2d. "
                     "Default: so that the last is about now; with --duration a week before now");
  command.add_option("--warmup", warmup_steps, "So many samples of each series come before what is measured as steady")
      ->capture_default_str();
  command.add_option("--rate", samples_per_s, "At most so many samples a second; 0: as fast as they are acknowledged")
      ->capture_default_str();
}

absl::StatusOr<double> FleetFlags::DurationSeconds() const {
  if (duration.empty()) return 0;
  NINES_ASSIGN_OR_RETURN(const int64_t duration_ms, ParseDurationMs(duration));
  return static_cast<double>(duration_ms) * 1e-3;
}

absl::StatusOr<FleetLoadOptions> FleetFlags::Options() const {
  if (series <= 0 || series % kSeriesPerVm != 0) {
    return absl::InvalidArgumentError(StrCat("--series ", series, ": give a positive multiple of ", kSeriesPerVm));
  }
  if (warmup_steps < 0 || (duration.empty() && samples_per_series <= warmup_steps)) {
    return absl::InvalidArgumentError(StrCat("--samples-per-series ", samples_per_series,
                                             ": give more than the --warmup of ", warmup_steps, " before it"));
  }
  FleetLoadOptions options;
  options.series = series;
  options.seed = seed;
  options.samples_per_s = samples_per_s;
  NINES_ASSIGN_OR_RETURN(options.interval_ms, ParseDurationMs(interval));
  if (options.interval_ms < 1) return absl::InvalidArgumentError("--interval: give at least 1ms");
  const int64_t now_ms = SystemClock().NowMs();
  if (!start.empty()) {
    NINES_ASSIGN_OR_RETURN(options.start_ms, ParseTimeMs(start));
  } else if (!duration.empty()) {
    options.start_ms = now_ms - 7 * 86'400'000LL;
  } else {
    options.start_ms = now_ms - samples_per_series * options.interval_ms;
  }
  options.start_ms -= options.start_ms % options.interval_ms;
  return options;
}

void PeerFlags::AddTo(CLI::App& command) {
  command.add_option("--pid", pid, "Of the server; without it nothing of it is measured");
  command.add_option("--data-dir", data_dir, "Of the server, to count its bytes");
  command.add_option("--flush-url", flush_url,
                     "POST there once everything is sent, before the bytes are counted again");
  command.add_option("--settle", settle, "Wait so long before the bytes are counted again")->capture_default_str();
}

absl::Status PeerFlags::Settle(int64_t samples, Figures& figures) const {
  NINES_ASSIGN_OR_RETURN(const int64_t settle_ms, ParseDurationMs(settle));
  if (flush_url.empty() && settle_ms == 0) return absl::OkStatus();
  if (!flush_url.empty()) {
    NINES_ASSIGN_OR_RETURN(Url url, ParseUrl(flush_url));
    HttpConnection connection(url);
    NINES_ASSIGN_OR_RETURN(const HttpAnswer answer,
                           connection.Send(connection.Make(boost::beast::http::verb::post, url.path)));
    if (answer.code > 299) return absl::UnavailableError(StrCat("--flush-url: the answer is ", answer.code));
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(settle_ms));
  if (!data_dir.empty()) AddDiskFigures("settled", data_dir, samples, figures);
  if (pid == 0) return absl::OkStatus();
  NINES_ASSIGN_OR_RETURN(const ProcessUsage usage, ReadProcessUsage(pid));
  figures.Add("server_cpu_settled_s", usage.cpu_s);
  figures.Add("rss_peak_settled_bytes", usage.resident_peak_bytes);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ParseTimeMs(const std::string& text) {
  int64_t time_ms = 0;
  if (absl::SimpleAtoi(text, &time_ms)) return time_ms;
  NINES_ASSIGN_OR_RETURN(const int64_t before_ms, ParseDurationMs(text));
  return SystemClock().NowMs() - before_ms;
}

std::string BesideThis(const char* program) {
  std::error_code error;
  return (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / program).string();
}

}  // namespace nines::bench

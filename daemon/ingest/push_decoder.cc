#include "daemon/ingest/push_decoder.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <optional>
#include <utility>

#include "base/status_macros.h"
#include "daemon/ingest/fact_check.h"
#include "daemon/ingest/fact_form.h"

namespace nines::ingest {
namespace {

constexpr std::string_view kProviderLabel = "provider";
constexpr std::string_view kNameLabel = "__name__";

std::optional<double> ValueOf(int state) {
  switch (state) {
    case v1::RESULT_STATE_UP:
      return 1.0;
    case v1::RESULT_STATE_DEGRADED:
      return 0.5;
    case v1::RESULT_STATE_DOWN:
      return 0.0;
    case v1::RESULT_STATE_STALE:
      return std::bit_cast<double>(series::kStaleBits);
    default:
      return std::nullopt;
  }
}

// What a batch brings beside its samples, as it is kept until it is written: about twice as much as on the wire.
size_t OtherBytes(const v1::Batch& in) {
  size_t bytes = 0;
  for (const auto& registration : in.register_series()) bytes += registration.ByteSizeLong();
  for (const auto& check : in.register_checks()) bytes += check.size();
  for (const auto& results : in.results()) bytes += results.time_delta_ms_size() * sizeof(series::Sample) / 2;
  for (const auto& declaration : in.declarations()) bytes += declaration.ByteSizeLong();
  for (const auto& maintenance : in.maintenance()) bytes += maintenance.ByteSizeLong();
  return bytes * 2;
}

constexpr std::string_view kBadTime = "times outside the years 1970 to 9999; send milliseconds since 1970";

}  // namespace

PushDecoder::PushDecoder(ledger::StreamKey stream, uint32_t registrations_max)
    : stream_(std::move(stream)),
      registrations_max_(registrations_max),
      session_(std::make_shared<Session>(stream_.provider)) {}

Batch PushDecoder::Decode(const v1::Batch& in) {
  Batch out;
  out.session = session_;
  out.stream = stream_;
  out.sequence = in.sequence();
  RegisterSeries(in, out);
  RegisterChecks(in, out);
  RefusalList refusals(out.refusals);
  size_t values = 0;
  for (const v1::Row& row : in.rows()) values += row.values_size();
  out.rows.rows.reserve(in.rows_size());
  out.rows.series.reserve(values);
  out.rows.values.reserve(values);
  for (const v1::Row& row : in.rows()) ReadRow(row, out, refusals);
  for (const v1::CheckResults& results : in.results()) ReadResults(results, out, refusals);
  ReadFacts(in, out);
  if (in.has_health()) {
    out.health = CollectorHealth{.spool_bytes = in.health().spool_bytes(),
                                 .spool_bytes_max = in.health().spool_bytes_max(),
                                 .spool_dropped_records = in.health().spool_dropped_records(),
                                 .source_errors = in.health().source_errors()};
  }
  for (Refusal& refusal : out.refusals) refusal.sequence = out.sequence;
  out.bytes = sizeof(Batch) + values * (sizeof(double) + sizeof(uint32_t)) + in.rows_size() * sizeof(series::Rows::Row) +
              in.results_size() * sizeof(Batch::Results) + OtherBytes(in);
  return out;
}

void PushDecoder::RegisterSeries(const v1::Batch& in, Batch& out) {
  out.register_series.reserve(in.register_series_size());
  for (const v1::SeriesRegistration& registration : in.register_series()) {
    // Beyond the limit a number is not even taken, so that it costs nothing.
    if (series_ >= registrations_max_) return;
    out.register_series.push_back(ReadSeries(registration));
    ++series_;
  }
}

SeriesEntry PushDecoder::ReadSeries(const v1::SeriesRegistration& registration) const {
  SeriesEntry entry;
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(registration.labels_size() + 1);
  bool named = false;
  for (const v1::Label& label : registration.labels()) {
    if (label.name() == kProviderLabel) {
      if (label.value() == stream_.provider.value()) continue;
      entry.reason = RefusalReason::kNotAllowed;
      entry.refused = StrCat("label provider=\"", label.value(), "\" in a stream of provider '",
                             stream_.provider.value(), "'; leave the label out, the daemon adds it");
      return entry;
    }
    if (label.name() == kNameLabel) {
      named = !label.value().empty();
      if (label.value() == series::kCheckResultName) {
        entry.reason = RefusalReason::kNotAllowed;
        entry.refused = StrCat("the name ", label.value(), " is the daemon's own; register a check and send results");
        return entry;
      }
    }
    pairs.emplace_back(label.name(), label.value());
  }
  pairs.emplace_back(kProviderLabel, stream_.provider.value());
  absl::StatusOr<series::Labels> labels = series::Labels::Create(std::move(pairs));
  if (!labels.ok()) {
    entry.refused = StrCat("bad labels: ", FromAbsl(labels.status().message()));
  } else if (!named) {
    entry.refused = StrCat("bad labels: ", labels->ToString(), " has no __name__");
  } else {
    entry.labels = *std::move(labels);
  }
  return entry;
}

void PushDecoder::RegisterChecks(const v1::Batch& in, Batch& out) {
  for (const std::string& id : in.register_checks()) {
    if (checks_ >= registrations_max_) return;
    CheckEntry entry{.check = CheckId(id), .refused = {}};
    if (const absl::Status status = CheckIdText("check id", id); !status.ok())
      entry.refused = std::string(status.message());
    out.register_checks.push_back(std::move(entry));
    ++checks_;
  }
}

void PushDecoder::ReadRow(const v1::Row& row, Batch& out, RefusalList& refusals) const {
  const int count = row.values_size();
  if (row.series_size() != 0 && row.series_size() != count) {
    refusals.Add(RefusalReason::kMalformed, "columns of different length", std::max(count, row.series_size()), [&] {
      return StrCat("a row of ", row.series_size(), " series has ", count, " values; send as many");
    });
    return;
  }
  if (!IsTime(row.time_ms())) {
    refusals.Add(RefusalReason::kMalformed, kBadTime, count, [&] { return StrCat("a row at ", row.time_ms(), " ms"); });
    return;
  }
  // The usual row in one piece; of another one what is fine of it.
  series::Rows& rows = out.rows;
  const uint32_t first = static_cast<uint32_t>(rows.series.size());
  if (row.series_size() == 0) {
    const uint64_t known = row.first_series() < series_ ? series_ - row.first_series() : 0;
    const int taken = static_cast<int>(std::min<uint64_t>(known, static_cast<uint64_t>(count)));
    rows.values.insert(rows.values.end(), row.values().begin(), row.values().begin() + taken);
    rows.series.resize(first + taken);
    std::iota(rows.series.begin() + first, rows.series.end(), row.first_series());
    if (taken < count) RefuseNumber(uint64_t{row.first_series()} + taken, count - taken, refusals);
  } else {
    for (int i = 0; i < count; ++i) {
      if (row.series(i) >= series_) [[unlikely]] {
        RefuseNumber(row.series(i), 1, refusals);
        continue;
      }
      rows.series.push_back(row.series(i));
      rows.values.push_back(row.values(i));
    }
  }
  const uint32_t taken = static_cast<uint32_t>(rows.series.size()) - first;
  if (taken > 0) rows.rows.push_back({row.time_ms(), taken});
}

void PushDecoder::RefuseNumber(uint64_t number, int count, RefusalList& refusals) const {
  refusals.Add(RefusalReason::kMalformed, "series that were not registered in this stream", count, [&] {
    return StrCat("number ", number, ", but there are ", series_, "; register a series before its first sample");
  });
}

void PushDecoder::ReadResults(const v1::CheckResults& in, Batch& out, RefusalList& refusals) const {
  const int count = in.time_delta_ms_size();
  if (count != in.states_size()) {
    refusals.Add(RefusalReason::kMalformed, "columns of different length", std::max(count, in.states_size()), [&] {
      return StrCat("results of check number ", in.check(), " have ", count, " times and ", in.states_size(),
                    " states; send as many");
    });
    return;
  }
  if (in.check() >= checks_) {
    refusals.Add(RefusalReason::kMalformed, "checks that were not registered in this stream", count, [&] {
      return StrCat("number ", in.check(), ", but there are ", checks_, "; register a check before its first result");
    });
    return;
  }
  Batch::Results results{.check = in.check(), .samples = {}};
  results.samples.reserve(count);
  int64_t time_ms = 0;
  for (int i = 0; i < count; ++i) {
    if (__builtin_add_overflow(time_ms, in.time_delta_ms(i), &time_ms)) {
      refusals.Add(RefusalReason::kMalformed, kBadTime, count - i,
                   [&] { return StrCat("results of check number ", in.check(), " overflow; send differences"); });
      break;
    }
    if (!IsTime(time_ms)) {
      refusals.Add(RefusalReason::kMalformed, kBadTime, 1, [&] { return StrCat("a result at ", time_ms, " ms"); });
      continue;
    }
    const std::optional<double> value = ValueOf(in.states(i));
    if (!value) {
      refusals.Add(RefusalReason::kMalformed, "unknown result states", 1, [&] {
        return StrCat(static_cast<int>(in.states(i)), " in results of check number ", in.check(),
                      "; send up, degraded, down or stale");
      });
      continue;
    }
    results.samples.push_back({time_ms, *value});
  }
  if (!results.samples.empty()) out.results.push_back(std::move(results));
}

void PushDecoder::ReadFacts(const v1::Batch& in, Batch& out) const {
  const std::string author = StrCat("collector:", stream_.collector);
  const auto add = [&](const auto& message, auto fact) {
    if (fact.ok()) {
      out.facts.push_back({author, stream_.provider, *std::move(fact)});
    } else {
      out.refusals.push_back({.reason = RefusalReason::kInvalidFact,
                              .message = std::string(fact.status().message()),
                              .fact_source = message.source(),
                              .fact_id = message.id()});
    }
  };
  for (const v1::Declaration& declaration : in.declarations()) add(declaration, ReadDeclaration(declaration));
  for (const v1::Maintenance& maintenance : in.maintenance()) add(maintenance, ReadMaintenance(maintenance));
}

}  // namespace nines::ingest

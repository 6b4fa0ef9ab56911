#include "daemon/rpc/query_handler.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include "absl/container/flat_hash_map.h"
#include "base/status_macros.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/request.h"

namespace nines::rpc {
namespace {

// Samples are read in slices, so that a page of a long span takes no more memory than it needs.
constexpr int64_t kSliceMs = 86'400'000;

absl::StatusOr<std::vector<series::Matcher>> MatchersOf(const google::protobuf::RepeatedPtrField<v1::Matcher>& in) {
  if (in.empty()) return absl::InvalidArgumentError("matchers is empty; give at least one, such as __name__ = \"up\"");
  std::vector<series::Matcher> matchers;
  for (const v1::Matcher& matcher : in) {
    const std::string where = StrCat("matchers[", matchers.size(), "]: ");
    if (matcher.name().empty()) return absl::InvalidArgumentError(StrCat(where, "name is missing; name a label"));
    if (matcher.type() < v1::MATCH_TYPE_EQUAL || matcher.type() > v1::MATCH_TYPE_NOT_REGEX) {
      return absl::InvalidArgumentError(StrCat(where,
                                               "type is missing or unknown; give MATCH_TYPE_EQUAL, "
                                               "MATCH_TYPE_NOT_EQUAL, MATCH_TYPE_REGEX or MATCH_TYPE_NOT_REGEX"));
    }
    const auto type = static_cast<series::MatchType>(matcher.type() - v1::MATCH_TYPE_EQUAL);
    matchers.push_back({type, matcher.name(), matcher.value()});
  }
  return matchers;
}

template <typename Message>
void FillLabels(const series::Labels& labels, Message* message) {
  for (const auto& [name, value] : labels.pairs()) {
    v1::Label& label = *message->add_labels();
    label.set_name(name);
    label.set_value(value);
  }
}

// Where a page begins: the series' number, and the time within it.
struct Position {
  SeriesId series;
  int64_t time_ms = 0;
};

std::string TokenOf(std::string_view method, const Position& position) {
  return PageToken(method, StrCat(position.series.value(), " ", position.time_ms));
}

absl::StatusOr<std::optional<Position>> ReadPosition(std::string_view method, const std::string& token) {
  NINES_ASSIGN_OR_RETURN(const std::string text, ReadPageToken(method, token));
  if (text.empty()) return std::optional<Position>();
  const char* const end = text.data() + text.size();
  uint64_t series = 0;
  Position position;
  const auto first = std::from_chars(text.data(), end, series);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') return BadPageToken();
  const auto second = std::from_chars(first.ptr + 1, end, position.time_ms);
  if (second.ec != std::errc() || second.ptr != end) return BadPageToken();
  position.series = SeriesId(series);
  return std::optional<Position>(position);
}

// A series that a token names is found again, where other matchers are not asked for meanwhile, and it is not removed.
absl::StatusOr<size_t> IndexOf(const std::vector<SeriesId>& ids, const std::optional<Position>& position) {
  if (!position.has_value()) return size_t{0};
  const auto found = std::find(ids.begin(), ids.end(), position->series);
  if (found == ids.end()) return BadPageToken();
  return static_cast<size_t>(found - ids.begin());
}

// Reads at most `room` samples of [span) into `out`. Gives the time to go on from, nullopt at the end.
absl::StatusOr<std::optional<int64_t>> ReadSome(const series::Store& store, SeriesId id, Interval span, size_t room,
                                                v1::SeriesSamples* out) {
  std::vector<series::Sample> samples;
  while (true) {
    NINES_ASSIGN_OR_RETURN(const std::optional<series::Sample> next, store.FirstFrom(id, span.start_ms));
    if (!next.has_value() || next->time_ms >= span.end_ms) return std::optional<int64_t>();
    if (room == 0) return std::optional<int64_t>(next->time_ms);
    samples.clear();
    const Interval slice = {next->time_ms, std::min(next->time_ms + kSliceMs, span.end_ms)};
    NINES_RETURN_IF_ERROR(store.Read(id, slice, &samples));
    const size_t taken = std::min(room, samples.size());
    for (size_t i = 0; i < taken; ++i) {
      out->add_time_ms(samples[i].time_ms);
      out->add_values(samples[i].value);
    }
    room -= taken;
    span.start_ms = taken < samples.size() ? samples[taken].time_ms : slice.end_ms;
  }
}

}  // namespace

absl::Status QueryHandler::QuerySeries(const v1::QuerySeriesRequest& request, v1::QuerySeriesResponse* response) {
  NINES_ASSIGN_OR_RETURN(size_t room, PageSize(request.page_size(), 10'000, 100'000));
  NINES_ASSIGN_OR_RETURN(const std::optional<Position> begin, ReadPosition("samples", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const std::vector<series::Matcher> matchers, MatchersOf(request.matchers()));
  if (!request.has_start_time() || !request.has_end_time()) {
    return absl::InvalidArgumentError("start_time and end_time are both needed; end_time is exclusive");
  }
  NINES_ASSIGN_OR_RETURN(const Interval span, SpanOf(request, {}));
  NINES_ASSIGN_OR_RETURN(const std::vector<SeriesId> ids, store_.Select(matchers));
  NINES_ASSIGN_OR_RETURN(const size_t first, IndexOf(ids, begin));
  for (size_t i = first; i < ids.size(); ++i) {
    Interval rest = span;
    if (i == first && begin.has_value()) rest.start_ms = std::max(rest.start_ms, begin->time_ms);
    v1::SeriesSamples samples;
    NINES_ASSIGN_OR_RETURN(const std::optional<int64_t> next_ms, ReadSome(store_, ids[i], rest, room, &samples));
    room -= static_cast<size_t>(samples.time_ms_size());
    if (samples.time_ms_size() > 0) {
      FillLabels(store_.LabelsOf(ids[i]), &samples);
      *response->add_series() = std::move(samples);
    }
    if (next_ms.has_value()) {
      response->set_next_page_token(TokenOf("samples", {ids[i], *next_ms}));
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::Status QueryHandler::QueryRollups(const v1::QueryRollupsRequest& request, v1::QueryRollupsResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 100, 1000));
  NINES_ASSIGN_OR_RETURN(const std::optional<Position> begin, ReadPosition("rollups", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const std::vector<series::Matcher> matchers, MatchersOf(request.matchers()));
  if (!request.has_start_time() || !request.has_end_time()) {
    return absl::InvalidArgumentError("start_time and end_time are both needed; end_time is exclusive");
  }
  if (request.resolution() != v1::RESOLUTION_FIVE_MINUTES && request.resolution() != v1::RESOLUTION_HOUR) {
    return absl::InvalidArgumentError("resolution is missing or unknown; give RESOLUTION_FIVE_MINUTES or RESOLUTION_HOUR");
  }
  const series::Resolution resolution = request.resolution() == v1::RESOLUTION_HOUR
                                            ? series::Resolution::kHour
                                            : series::Resolution::kFiveMinutes;
  NINES_ASSIGN_OR_RETURN(const Interval span, SpanOf(request, {}));
  NINES_ASSIGN_OR_RETURN(const std::vector<SeriesId> ids, store_.Select(matchers));
  NINES_ASSIGN_OR_RETURN(const size_t first, IndexOf(ids, begin));
  const size_t last = std::min(ids.size(), first + page_size);
  const std::span<const SeriesId> page(ids.data() + first, last - first);
  // The scan goes by blocks, the answer by labels.
  absl::flat_hash_map<SeriesId, v1::SeriesRollup> found;
  const auto visit = [&](SeriesId id, const series::Rollup& rollup) {
    v1::SeriesRollup& out = found[id];
    const auto copy = [&](codec::Aggregate aggregate, auto* column) {
      const std::vector<double>& values = rollup.of(aggregate);
      column->Add(values.begin(), values.end());
    };
    out.mutable_start_ms()->Add(rollup.starts_ms.begin(), rollup.starts_ms.end());
    copy(codec::Aggregate::kMin, out.mutable_min());
    copy(codec::Aggregate::kMax, out.mutable_max());
    copy(codec::Aggregate::kSum, out.mutable_sum());
    copy(codec::Aggregate::kCount, out.mutable_count());
    copy(codec::Aggregate::kFirst, out.mutable_first());
    copy(codec::Aggregate::kLast, out.mutable_last());
    copy(codec::Aggregate::kIncrease, out.mutable_increase());
    return true;
  };
  NINES_RETURN_IF_ERROR(store_.ScanRollups(page, span, resolution, series::kAllAggregates, visit));
  for (SeriesId id : page) {
    const auto rollup = found.find(id);
    if (rollup == found.end()) continue;
    FillLabels(store_.LabelsOf(id), &rollup->second);
    *response->add_series() = std::move(rollup->second);
  }
  if (last < ids.size()) response->set_next_page_token(TokenOf("rollups", {ids[last], 0}));
  return absl::OkStatus();
}

absl::Status QueryHandler::ListSeries(const v1::ListSeriesRequest& request, v1::ListSeriesResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const std::optional<Position> begin, ReadPosition("series", request.page_token()));
  NINES_ASSIGN_OR_RETURN(const std::vector<series::Matcher> matchers, MatchersOf(request.matchers()));
  NINES_ASSIGN_OR_RETURN(const std::vector<SeriesId> ids, store_.Select(matchers));
  NINES_ASSIGN_OR_RETURN(const size_t first, IndexOf(ids, begin));
  const size_t last = std::min(ids.size(), first + page_size);
  for (size_t i = first; i < last; ++i) FillLabels(store_.LabelsOf(ids[i]), response->add_series());
  if (last < ids.size()) response->set_next_page_token(TokenOf("series", {ids[last], 0}));
  return absl::OkStatus();
}

}  // namespace nines::rpc

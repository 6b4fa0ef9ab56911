#include "daemon/rpc/availability_handler.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/status_macros.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/render.h"
#include "daemon/rpc/request.h"
#include "wire/time.h"

namespace nines::rpc {
namespace {

constexpr size_t kPage = 200;
constexpr size_t kPageMax = 1000;

// Outages are ordered by (start, target); a token names the last one of its page.
struct OutagePosition {
  int64_t start_ms = kTimeMinMs;
  std::string target;
};

absl::StatusOr<OutagePosition> ReadPosition(const std::string& token) {
  NINES_ASSIGN_OR_RETURN(const std::string text, ReadPageToken("outages", token));
  OutagePosition position;
  if (text.empty()) return position;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, position.start_ms);
  if (error != std::errc() || stop == end || *stop != ' ') return BadPageToken();
  position.target.assign(stop + 1, end);
  return position;
}

absl::StatusOr<std::vector<report::OutageEntry>> Find(const v1::ListOutagesRequest& request,
                                                      const report::Reporter& reporter) {
  const report::Filter filter = FilterOf(request);
  NINES_ASSIGN_OR_RETURN(const report::AsOf as_of, AsOfOf(request.as_of()));
  const bool span = request.has_start_time() || request.has_end_time();
  if (request.month().empty()) {
    NINES_ASSIGN_OR_RETURN(const Interval asked, SpanOf(request, {kTimeMinMs, kTimeMaxMs}));
    return reporter.Outages(asked, filter, as_of);
  }
  if (span) return absl::InvalidArgumentError("give either month, or start_time and end_time, not both");
  return reporter.OutagesOfMonth(request.month(), filter, as_of);
}

}  // namespace

absl::Status AvailabilityHandler::ListTargets(const v1::ListTargetsRequest& request,
                                              v1::ListTargetsResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), kPage, kPageMax));
  NINES_ASSIGN_OR_RETURN(const std::string first, ReadPageToken("targets", request.page_token()));
  const std::shared_ptr<const live::Snapshot> snapshot = live_.Now();
  NINES_RETURN_IF_ERROR(snapshot->error);
  const report::Filter filter = FilterOf(request);
  NINES_RETURN_IF_ERROR(report::CheckFilter(filter, *snapshot->catalogue));
  int32_t total = 0;
  for (const live::TargetStatus& status : snapshot->targets) {
    const catalogue::Target& target = snapshot->catalogue->targets.at(status.target);
    if (!report::Matches(filter, target)) continue;
    ++total;
    if (status.target.value() < first) continue;
    if (static_cast<size_t>(response->targets_size()) < page_size) {
      *response->add_targets() = ToProto(status, *snapshot->catalogue);
    } else if (response->next_page_token().empty()) {
      response->set_next_page_token(PageToken("targets", status.target.value()));
    }
  }
  response->set_total_size(total);
  *response->mutable_now() = wire::FromMs(snapshot->now_ms);
  return absl::OkStatus();
}

absl::Status AvailabilityHandler::ListOutages(const v1::ListOutagesRequest& request,
                                              v1::ListOutagesResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), kPage, kPageMax));
  NINES_ASSIGN_OR_RETURN(const OutagePosition after, ReadPosition(request.page_token()));
  NINES_ASSIGN_OR_RETURN(const std::vector<report::OutageEntry> entries, Find(request, reporter_));
  const auto begin = std::partition_point(entries.begin(), entries.end(), [&](const report::OutageEntry& entry) {
    return std::tie(entry.outage.whole.start_ms, entry.target.value()) <= std::tie(after.start_ms, after.target);
  });
  const auto end = begin + std::min<ptrdiff_t>(static_cast<ptrdiff_t>(page_size), entries.end() - begin);
  for (auto entry = begin; entry != end; ++entry) {
    v1::TargetOutage& out = *response->add_outages();
    out.set_target_id(entry->target.value());
    *out.mutable_outage() = ToProto(entry->outage);
  }
  if (end == entries.end()) return absl::OkStatus();
  const report::OutageEntry& last = *std::prev(end);
  const std::string position = StrCat(last.outage.whole.start_ms, " ", last.target.value());
  response->set_next_page_token(PageToken("outages", position));
  return absl::OkStatus();
}

}  // namespace nines::rpc

#include "daemon/sla/account.h"

#include <algorithm>

namespace nines::sla {

int64_t Account::good_ms(const Contract& contract) const {
  return up_ms + (contract.degraded_counts_as == DegradedCountsAs::kUp ? degraded_ms : 0);
}

int64_t Account::bad_ms(const Contract& contract) const {
  return down_ms + (contract.degraded_counts_as == DegradedCountsAs::kDown ? degraded_ms : 0);
}

int64_t Account::counted_good_ms(const Contract& contract) const {
  return good_ms(contract) + (contract.no_data == NoData::kUp ? unknown_ms : 0);
}

int64_t Account::counted_bad_ms(const Contract& contract) const {
  return bad_ms(contract) + (contract.no_data == NoData::kDown ? unknown_ms : 0);
}

Account& Account::operator+=(const Account& other) {
  up_ms += other.up_ms;
  degraded_ms += other.degraded_ms;
  down_ms += other.down_ms;
  unknown_ms += other.unknown_ms;
  excluded_ms += other.excluded_ms;
  return *this;
}

Account AccountOf(const Timeline& timeline, Interval period) {
  Account account;
  auto span = std::partition_point(timeline.begin(), timeline.end(),
                                   [&](const Span& span) { return span.end_ms <= period.start_ms; });
  for (; span != timeline.end() && span->start_ms < period.end_ms; ++span) {
    const int64_t length_ms = Intersect(span->interval(), period).length_ms();
    switch (span->state) {
      case State::kUp:
        account.up_ms += length_ms;
        break;
      case State::kDegraded:
        account.degraded_ms += length_ms;
        break;
      case State::kDown:
        account.down_ms += length_ms;
        break;
      case State::kExcluded:
        account.excluded_ms += length_ms;
        break;
      case State::kUnknown:
        break;
    }
  }
  account.unknown_ms = period.length_ms() - account.total_ms();
  return account;
}

std::vector<Outage> OutagesOf(const Timeline& timeline, Interval period, const Contract& contract, int64_t now_ms) {
  const Interval clipped = {period.start_ms, std::min(period.end_ms, now_ms)};
  std::vector<Outage> outages;
  if (clipped.empty()) return outages;
  const auto bad = [&](const Span& span) {
    return span.state == State::kDown ||
           (span.state == State::kDegraded && contract.degraded_counts_as == DegradedCountsAs::kDown);
  };
  auto span = std::partition_point(timeline.begin(), timeline.end(),
                                   [&](const Span& span) { return span.end_ms <= clipped.start_ms; });
  while (span != timeline.begin() && span != timeline.end() && bad(*std::prev(span)) && bad(*span)) --span;
  while (span != timeline.end() && span->start_ms < clipped.end_ms) {
    if (!bad(*span)) {
      ++span;
      continue;
    }
    Outage outage;
    outage.whole.start_ms = span->start_ms;
    for (; span != timeline.end() && bad(*span); ++span) outage.whole.end_ms = std::min(span->end_ms, now_ms);
    outage.inside = Intersect(outage.whole, clipped);
    outage.open = outage.whole.end_ms == now_ms;
    outages.push_back(outage);
  }
  return outages;
}

}  // namespace nines::sla

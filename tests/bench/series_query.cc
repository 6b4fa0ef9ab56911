#include "tests/bench/series_query.h"

#include "base/status_macros.h"
#include "wire/channel.h"
#include "wire/status.h"
#include "wire/time.h"

namespace nines::bench {
namespace {

constexpr int kSamplesPerPage = 100'000;  // the most there is

}  // namespace

absl::StatusOr<SeriesQuery> SeriesQuery::Open(const std::string& grpc_address) {
  NINES_ASSIGN_OR_RETURN(const auto channel, wire::Connect(grpc_address, {}));
  return SeriesQuery(v1::QueryService::NewStub(channel));
}

absl::StatusOr<QueryAnswer> SeriesQuery::Ask(const std::vector<std::pair<std::string, std::string>>& labels,
                                             int64_t start_ms, int64_t end_ms) {
  v1::QuerySeriesRequest request;
  for (const auto& [name, value] : labels) {
    v1::Matcher* matcher = request.add_matchers();
    matcher->set_type(v1::MATCH_TYPE_EQUAL);
    matcher->set_name(name);
    matcher->set_value(value);
  }
  *request.mutable_start_time() = wire::FromMs(start_ms);
  *request.mutable_end_time() = wire::FromMs(end_ms);
  request.set_page_size(kSamplesPerPage);
  QueryAnswer answer;
  std::string last;  // a series can go on over several pages
  do {
    grpc::ClientContext call;
    NINES_RETURN_IF_ERROR(wire::FromGrpc(stub_->QuerySeries(&call, request, &response_)));
    ++answer.pages;
    for (const v1::SeriesSamples& series : response_.series()) {
      answer.samples += series.values_size();
      std::string identity;
      for (const v1::Label& label : series.labels()) identity += label.name() + '\1' + label.value() + '\1';
      if (identity != last) ++answer.series;
      last = std::move(identity);
    }
    request.set_page_token(response_.next_page_token());
  } while (!request.page_token().empty());
  return answer;
}

}  // namespace nines::bench

#include <cstdio>

#include "base/interval.h"
#include "base/text.h"
#include "cli/context.h"
#include "cli/selector.h"
#include "nines/v1/query.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct QueryFlags {
  std::string selector;
  std::string from = "-1h";
  std::string to = "now";
  std::string format = "table";
  std::string resolution = "raw";
  bool labels_only = false;
};

// Shortest decimal that gives the same double back.
std::string ValueText(double value) {
  char text[32];
  for (int digits = 15; digits <= 17; ++digits) {
    std::snprintf(text, sizeof(text), "%.*g", digits, value);
    if (std::strtod(text, nullptr) == value) break;
  }
  return text;
}

std::string SeriesText(const google::protobuf::RepeatedPtrField<v1::Label>& labels) {
  std::string name, rest;
  for (const v1::Label& label : labels) {
    if (label.name() == "__name__") {
      name = label.value();
    } else {
      StrAppend(&rest, rest.empty() ? "" : ",", label.name(), "=\"", label.value(), "\"");
    }
  }
  return StrCat(name, "{", rest, "}");
}

void PrintSamples(const v1::QuerySeriesResponse& page, const std::string& format, const Context& context) {
  for (const v1::SeriesSamples& series : page.series()) {
    const std::string name = SeriesText(series.labels());
    if (format == "table") context.out << Printable(name) << '\n';
    for (int i = 0; i < series.time_ms_size(); ++i) {
      if (format == "csv") {
        PrintCsvRow(context.out, {name, std::to_string(series.time_ms(i)), ValueText(series.values(i))});
      } else {
        context.out << "  " << FormatTime(series.time_ms(i)) << "  " << ValueText(series.values(i)) << '\n';
      }
    }
  }
}

void ListLabels(v1::QueryService::Stub& stub, const std::vector<v1::Matcher>& matchers, Context& context) {
  v1::ListSeriesRequest request;
  *request.mutable_matchers() = {matchers.begin(), matchers.end()};
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ListSeriesResponse page;
    const grpc::Status status = stub.ListSeries(&call, request, &page);
    if (!status.ok()) return context.Fail(status);
    for (const v1::SeriesLabels& series : page.series()) context.out << Printable(SeriesText(series.labels())) << '\n';
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
}

void ListSamples(v1::QueryService::Stub& stub, const std::vector<v1::Matcher>& matchers, const QueryFlags& flags,
                 Interval span, Context& context) {
  v1::QuerySeriesRequest request;
  *request.mutable_matchers() = {matchers.begin(), matchers.end()};
  *request.mutable_start_time() = wire::FromMs(span.start_ms);
  *request.mutable_end_time() = wire::FromMs(span.end_ms);
  v1::QuerySeriesResponse all;
  if (flags.format == "csv") PrintCsvRow(context.out, {"series", "time_ms", "value"});
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::QuerySeriesResponse page;
    const grpc::Status status = stub.QuerySeries(&call, request, &page);
    if (!status.ok()) return context.Fail(status);
    request.set_page_token(page.next_page_token());
    if (flags.format == "json") {
      page.clear_next_page_token();
      all.MergeFrom(page);
    } else {
      PrintSamples(page, flags.format, context);
    }
  } while (!request.page_token().empty());
  if (flags.format == "json") context.out << ToJson(all);
}

void PrintRollups(const v1::QueryRollupsResponse& page, const std::string& format, const Context& context) {
  for (const v1::SeriesRollup& series : page.series()) {
    const std::string name = SeriesText(series.labels());
    if (format == "table") context.out << Printable(name) << '\n';
    for (int i = 0; i < series.start_ms_size(); ++i) {
      const std::vector<std::string> values = {ValueText(series.min(i)),   ValueText(series.max(i)),
                                               ValueText(series.sum(i)),   ValueText(series.count(i)),
                                               ValueText(series.first(i)), ValueText(series.last(i)),
                                               ValueText(series.increase(i))};
      if (format == "csv") {
        std::vector<std::string> row = {name, std::to_string(series.start_ms(i))};
        row.insert(row.end(), values.begin(), values.end());
        PrintCsvRow(context.out, row);
        continue;
      }
      context.out << "  " << FormatTime(series.start_ms(i)) << "  min " << values[0] << "  max " << values[1] << "  sum "
                  << values[2] << "  count " << values[3] << "  first " << values[4] << "  last " << values[5]
                  << "  increase " << values[6] << '\n';
    }
  }
}

void ListRollups(v1::QueryService::Stub& stub, const std::vector<v1::Matcher>& matchers, const QueryFlags& flags,
                 Interval span, Context& context) {
  v1::QueryRollupsRequest request;
  *request.mutable_matchers() = {matchers.begin(), matchers.end()};
  *request.mutable_start_time() = wire::FromMs(span.start_ms);
  *request.mutable_end_time() = wire::FromMs(span.end_ms);
  request.set_resolution(flags.resolution == "1h" ? v1::RESOLUTION_HOUR : v1::RESOLUTION_FIVE_MINUTES);
  v1::QueryRollupsResponse all;
  if (flags.format == "csv") {
    PrintCsvRow(context.out, {"series", "start_ms", "min", "max", "sum", "count", "first", "last", "increase"});
  }
  do {
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::QueryRollupsResponse page;
    const grpc::Status status = stub.QueryRollups(&call, request, &page);
    if (!status.ok()) return context.Fail(status);
    request.set_page_token(page.next_page_token());
    if (flags.format == "json") {
      page.clear_next_page_token();
      all.MergeFrom(page);
    } else {
      PrintRollups(page, flags.format, context);
    }
  } while (!request.page_token().empty());
  if (flags.format == "json") context.out << ToJson(all);
}

void RunQuery(const QueryFlags& flags, Context& context) {
  const auto usage = [&context](const absl::Status& status) {
    context.Fail(status);
    context.exit_code = kUsage;
  };
  const absl::StatusOr<std::vector<v1::Matcher>> matchers = ParseSelector(flags.selector);
  if (!matchers.ok()) return usage(matchers.status());
  const absl::StatusOr<int64_t> from = ParseTime(flags.from);
  if (!from.ok()) return usage(from.status());
  const absl::StatusOr<int64_t> to = ParseTime(flags.to);
  if (!to.ok()) return usage(to.status());
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::QueryService::Stub stub(*channel);
  if (flags.labels_only) {
    ListLabels(stub, *matchers, context);
  } else if (flags.resolution != "raw") {
    ListRollups(stub, *matchers, flags, {*from, *to}, context);
  } else {
    ListSamples(stub, *matchers, flags, {*from, *to}, context);
  }
}

}  // namespace

void AddQuery(CLI::App& app, Context& context) {
  auto flags = std::make_shared<QueryFlags>();
  CLI::App* command = app.add_subcommand("query", "Samples of series, or their roll-ups / 查询原始数据或汇总");
  command->add_option("selector", flags->selector, "metric{label=\"value\",other=~\"regex.*\"}")->required();
  command->add_option("--from", flags->from, "Start: 2026-05-01T08:00:00+08:00, or -24h")->capture_default_str();
  command->add_option("--to", flags->to, "End (exclusive)")->capture_default_str();
  command->add_option("--resolution", flags->resolution, "raw; or roll-ups: 5m, 1h")
      ->check(CLI::IsMember({"raw", "5m", "1h"}))
      ->capture_default_str();
  command->add_flag("--labels", flags->labels_only, "List the series alone, whatever their times");
  AddFormat(*command, flags->format);
  command->footer("Example:\n  ninesctl query 'node_load1{instance=~\"10\\\\.0\\\\..*\"}' --from -15m");
  command->callback([flags, &context] { RunQuery(*flags, context); });
}

}  // namespace nines::cli

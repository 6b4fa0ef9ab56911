#include "cli/context.h"

#include <google/protobuf/util/json_util.h>
#include <pwd.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/duration_text.h"
#include "base/text.h"
#include "wire/channel.h"
#include "wire/status.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

std::string JsonOf(const google::protobuf::Message& message, bool whitespace) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = whitespace;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string json;
  NINES_CHECK(google::protobuf::util::MessageToJsonString(message, &json, options).ok());
  return json;
}

}  // namespace

Language Context::lang() const {
  std::string choice = language;
  for (const char* variable : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (!choice.empty()) break;
    if (const char* value = std::getenv(variable)) choice = value;
  }
  return choice.starts_with("zh") ? Language::kChinese : Language::kEnglish;
}

Table::Colour Context::UseColour() const {
  if (colour == "always") return Table::Colour::kYes;
  if (colour == "never" || std::getenv("NO_COLOR") != nullptr) return Table::Colour::kNo;
  return &out == &std::cout && isatty(STDOUT_FILENO) == 1 ? Table::Colour::kYes : Table::Colour::kNo;
}

const std::string& Context::Say(const std::string& en, const std::string& zh) const {
  return lang() == Language::kChinese ? zh : en;
}

std::string Context::NameOf(const v1::Name& name, const std::string& id) const {
  const std::string& text = Say(name.en(), name.zh());
  return text.empty() ? id : text;
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Context::Channel() const { return wire::Connect(daemon, tls); }

void Context::SetDeadline(grpc::ClientContext& call) const {
  call.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(timeout_s));
}

void Context::Fail(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kUnavailable) {
    err << "ninesctl: " << daemon << " does not answer: " << status.message()
        << "\n  Is ninesd running there? Another address: --daemon HOST:PORT or NINES_DAEMON.\n";
    exit_code = kUnreachable;
    return;
  }
  err << "ninesctl: " << status.message() << '\n';
  exit_code = kFailed;
}

void Context::Fail(const grpc::Status& status) { Fail(wire::FromGrpc(status)); }

void TargetFilter::AddTo(CLI::App& command) {
  command.add_option("--target,-t", targets, "Only these targets (may be given several times)");
  command.add_option("--provider,-p", provider, "Only targets of this provider");
  command.add_option("--agency,-a", agency, "Only targets of this agency's systems");
}

void AddFormat(CLI::App& command, std::string& format) {
  command.add_option("--format,-o", format, "How to write it")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
}

std::string ToJson(const google::protobuf::Message& message) { return JsonOf(message, /*whitespace=*/true); }
std::string ToJsonLine(const google::protobuf::Message& message) { return JsonOf(message, /*whitespace=*/false); }

absl::StatusOr<int64_t> ParseTime(const std::string& text) {
  if (text == "now") return absl::ToUnixMillis(absl::Now());
  if (text.starts_with('-')) {
    const absl::StatusOr<int64_t> before = ParseDurationMs(std::string_view(text).substr(1));
    if (!before.ok()) return before.status();
    return absl::ToUnixMillis(absl::Now()) - *before;
  }
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::InvalidArgumentError(StrCat(
        "'", text,
        "' is not a time; write 2026-05-01T08:00:00+08:00 (with an offset or Z), now, or a span ago such as -2h"));
  }
  return absl::ToUnixMillis(time);
}

absl::StatusOr<v1::AsOf> ParseAsOf(const std::string& text) {
  v1::AsOf as_of;
  uint64_t position = 0;
  if (absl::SimpleAtoi(text, &position)) {
    as_of.set_position(position);
    return as_of;
  }
  const absl::StatusOr<int64_t> time_ms = ParseTime(text);
  if (!time_ms.ok()) return time_ms.status();
  *as_of.mutable_time() = wire::FromMs(*time_ms);
  return as_of;
}

std::string LoginName() {
  const passwd* entry = getpwuid(geteuid());
  return entry == nullptr ? "" : entry->pw_name;
}

std::string FormatTime(int64_t time_ms) {
  const absl::Time time = absl::FromUnixMillis(time_ms);
  return absl::FormatTime(time_ms % 1000 == 0 ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M:%E3S", time,
                          absl::LocalTimeZone());
}

Cell StateCell(const Context& context, v1::State state) {
  switch (state) {
    case v1::STATE_UP:
      return {context.Say("up", "正常"), Tint::kGood};
    case v1::STATE_DEGRADED:
      return {context.Say("degraded", "降级"), Tint::kWarn};
    case v1::STATE_DOWN:
      return {context.Say("down", "中断"), Tint::kBad};
    case v1::STATE_EXCLUDED:
      return {context.Say("excluded", "不计"), Tint::kFaint};
    default:
      return {context.Say("unknown", "未知"), Tint::kFaint};
  }
}

Cell VerdictCell(const Context& context, v1::Verdict verdict) {
  switch (verdict) {
    case v1::VERDICT_MET:
      return {context.Say("met", "达标"), Tint::kGood};
    case v1::VERDICT_BREACHED:
      return {context.Say("breached", "未达标"), Tint::kBad};
    case v1::VERDICT_NOT_APPLICABLE:
      return {context.Say("not applicable", "不适用"), Tint::kFaint};
    default:
      return {context.Say("undetermined", "待定"), Tint::kWarn};
  }
}

std::string PercentOrDash(bool has, const std::string& percent) { return has ? percent + " %" : "–"; }

}  // namespace nines::cli

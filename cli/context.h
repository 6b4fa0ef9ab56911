#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/table.h"
#include "nines/v1/availability.pb.h"
#include "nines/v1/catalogue.pb.h"
#include "nines/v1/config.pb.h"

namespace nines::cli {

// Exit codes, also written in --help.
enum ExitCode {
  kOk = 0,
  kFailed = 1,       // refused or failed; the reason stands on standard error
  kUsage = 2,        // wrong flags or a value that cannot be read
  kUnreachable = 3,  // the daemon does not answer
  kAttention = 4,    // with --check: a target is down, a verdict is breached, a diff is not empty
};

enum class Language { kEnglish, kChinese };

// What all commands share: where the daemon is, how to write, and what to exit with.
struct Context {
  Context(std::ostream& out, std::ostream& err) : out(out), err(err) {}

  std::string daemon = "127.0.0.1:9460";
  v1::TlsConfig tls;
  int timeout_s = 60;
  std::string language;  // "zh", "en"; empty = by LANG
  std::string colour = "auto";
  std::ostream& out;
  std::ostream& err;
  int exit_code = kOk;

  Language lang() const;
  Table::Colour UseColour() const;
  // `en` or `zh`.
  const std::string& Say(const std::string& en, const std::string& zh) const;
  std::string NameOf(const v1::Name& name, const std::string& id) const;

  absl::StatusOr<std::shared_ptr<grpc::Channel>> Channel() const;
  void SetDeadline(grpc::ClientContext& call) const;

  // Prints the error and remembers the exit code for it.
  void Fail(const absl::Status& status);
  void Fail(const grpc::Status& status);
};

// Each adds one command to `app`; its callback runs it.
void AddStatus(CLI::App& app, Context& context);
void AddReport(CLI::App& app, Context& context);
void AddExplain(CLI::App& app, Context& context);
void AddOutages(CLI::App& app, Context& context);
void AddCompare(CLI::App& app, Context& context);
void AddDeclare(CLI::App& app, Context& context);
void AddMaintain(CLI::App& app, Context& context);
void AddRule(CLI::App& app, Context& context);
void AddApplyAndDiff(CLI::App& app, Context& context);
void AddQuery(CLI::App& app, Context& context);
void AddAccount(CLI::App& app, Context& context);
void AddBackupAndRestore(CLI::App& app, Context& context);
void AddVerify(CLI::App& app, Context& context);
void AddSeal(CLI::App& app, Context& context);
void AddWatch(CLI::App& app, Context& context);
void AddVersion(CLI::App& app, Context& context);
void AddCompletion(CLI::App& app, Context& context);

// Flags that several commands share.
struct TargetFilter {
  std::vector<std::string> targets;
  std::string provider;
  std::string agency;
  void AddTo(CLI::App& command);
  template <typename Request>
  void Fill(Request& request) const {
    for (const std::string& target : targets) request.add_target_ids(target);
    request.set_provider_id(provider);
    request.set_agency_id(agency);
  }
};

// "table", "json" or "csv".
void AddFormat(CLI::App& command, std::string& format);

// The bytes that the daemon's JSON has, with line breaks.
std::string ToJson(const google::protobuf::Message& message);
// The same on one line.
std::string ToJsonLine(const google::protobuf::Message& message);

// RFC 3339 with an offset ("2026-05-01T08:00:00+08:00"), "now", or a span before now ("-2h") → milliseconds.
absl::StatusOr<int64_t> ParseTime(const std::string& text);
std::string FormatTime(int64_t time_ms);

// What --as-of takes: a position of the ledger, or a time as above.
inline constexpr char kAsOfWords[] =
    "As it was known then: a ledger position, or a time (2026-06-01T00:00:00+08:00, -2d)";
absl::StatusOr<v1::AsOf> ParseAsOf(const std::string& text);

// Who is logged in: facts carry their author.
std::string LoginName();

Cell StateCell(const Context& context, v1::State state);
Cell VerdictCell(const Context& context, v1::Verdict verdict);
// "99.8999 %" or "–".
std::string PercentOrDash(bool has, const std::string& percent);

}  // namespace nines::cli

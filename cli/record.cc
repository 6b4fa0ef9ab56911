// The commands that record facts: declare, maintain, rule.
#include "base/status_macros.h"
#include "cli/context.h"
#include "nines/v1/fact.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct ScopeFlags {
  std::string target, provider, region, service;

  void AddTo(CLI::App& command) {
    CLI::Option_group* group = command.add_option_group("Scope", "What it is about; exactly one");
    group->add_option("--target,-t", target, "A target");
    group->add_option("--provider,-p", provider, "Every target of a provider");
    group->add_option("--region", region, "Every target of a region");
    group->add_option("--service", service, "Every target of a kind of cloud service");
    group->require_option(1);
  }
  v1::Scope ToProto() const {
    v1::Scope scope;
    if (!target.empty()) scope.set_target_id(target);
    if (!provider.empty()) scope.set_provider_id(provider);
    if (!region.empty()) scope.set_region_id(region);
    if (!service.empty()) scope.set_service(service);
    return scope;
  }
};

absl::Status SetTime(const std::string& flag, const std::string& text, google::protobuf::Timestamp* time) {
  const absl::StatusOr<int64_t> time_ms = ParseTime(text);
  if (!time_ms.ok()) return Annotate(time_ms.status(), flag);
  *time = wire::FromMs(*time_ms);
  return absl::OkStatus();
}

// Flags that both kinds of facts have.
struct Common {
  ScopeFlags scope;
  std::string source = "operator";
  std::string id, start, end, title;
  std::string author = LoginName();

  void AddTo(CLI::App& command) {
    scope.AddTo(command);
    command.add_option("--source", source, "Who keeps the list that the id is unique in")->capture_default_str();
    command.add_option("--id", id, "Its id; recorded again under the same id it replaces the earlier one")->required();
    command.add_option("--start", start, "2026-05-01T08:00:00+08:00, now, or -2h")->required();
    command.add_option("--title", title, "For people");
    command.add_option("--author", author, "Who records it")->capture_default_str();
  }
};

void Report(const Context& context, const v1::Fact& fact, bool unchanged) {
  context.out << (unchanged ? context.Say("Already recorded at ledger position ", "已记录，台账位置 ")
                            : context.Say("Recorded at ledger position ", "已登记，台账位置 "))
              << fact.position() << '\n';
}

struct DeclareFlags : Common {
  std::string impact = "down";
  std::string told;
  bool withdraw = false;
};

absl::StatusOr<v1::RecordDeclarationRequest> MakeRequest(const DeclareFlags& flags) {
  v1::RecordDeclarationRequest request;
  request.set_author(flags.author);
  v1::Declaration& declaration = *request.mutable_declaration();
  declaration.set_source(flags.source);
  declaration.set_id(flags.id);
  *declaration.mutable_scope() = flags.scope.ToProto();
  NINES_RETURN_IF_ERROR(SetTime("--start", flags.start, declaration.mutable_start_time()));
  if (!flags.end.empty()) NINES_RETURN_IF_ERROR(SetTime("--end", flags.end, declaration.mutable_end_time()));
  if (!flags.told.empty()) NINES_RETURN_IF_ERROR(SetTime("--told", flags.told, declaration.mutable_told_time()));
  declaration.set_impact(flags.impact == "down"       ? v1::IMPACT_DOWN
                         : flags.impact == "degraded" ? v1::IMPACT_DEGRADED
                                                      : v1::IMPACT_NONE);
  declaration.set_title(flags.title);
  declaration.set_withdrawn(flags.withdraw);
  return request;
}

struct MaintainFlags : Common {
  std::string announced, cancelled;
};

absl::StatusOr<v1::RecordMaintenanceRequest> MakeRequest(const MaintainFlags& flags) {
  v1::RecordMaintenanceRequest request;
  request.set_author(flags.author);
  v1::Maintenance& window = *request.mutable_maintenance();
  window.set_source(flags.source);
  window.set_id(flags.id);
  *window.mutable_scope() = flags.scope.ToProto();
  NINES_RETURN_IF_ERROR(SetTime("--start", flags.start, window.mutable_start_time()));
  NINES_RETURN_IF_ERROR(SetTime("--end", flags.end, window.mutable_end_time()));
  if (!flags.announced.empty()) {
    NINES_RETURN_IF_ERROR(SetTime("--announced", flags.announced, window.mutable_announced_time()));
  }
  if (!flags.cancelled.empty()) {
    NINES_RETURN_IF_ERROR(SetTime("--cancelled", flags.cancelled, window.mutable_cancelled_time()));
  }
  window.set_title(flags.title);
  return request;
}

struct RuleFlags {
  std::string target, id, start, end, state, reason;
  std::string author = LoginName();
  bool revoke = false;
};

absl::StatusOr<v1::RecordRulingRequest> MakeRequest(const RuleFlags& flags) {
  v1::RecordRulingRequest request;
  request.set_author(flags.author);
  v1::Ruling& ruling = *request.mutable_ruling();
  ruling.set_id(flags.id);
  ruling.set_target_id(flags.target);
  NINES_RETURN_IF_ERROR(SetTime("--start", flags.start, ruling.mutable_start_time()));
  NINES_RETURN_IF_ERROR(SetTime("--end", flags.end, ruling.mutable_end_time()));
  ruling.set_state(flags.state == "up"     ? v1::RULING_STATE_UP
                   : flags.state == "down" ? v1::RULING_STATE_DOWN
                                           : v1::RULING_STATE_EXCLUDED);
  ruling.set_reason(flags.reason);
  ruling.set_revoked(flags.revoke);
  return request;
}

// One call that records one fact; `method` is a stub's.
template <typename Response, typename Request>
void Record(Context& context, const absl::StatusOr<Request>& request,
            grpc::Status (v1::LedgerService::Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  if (!request.ok()) {
    context.Fail(request.status());
    context.exit_code = kUsage;
    return;
  }
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::LedgerService::Stub stub(*channel);
  grpc::ClientContext call;
  context.SetDeadline(call);
  Response response;
  const grpc::Status status = (stub.*method)(&call, *request, &response);
  if (!status.ok()) return context.Fail(status);
  Report(context, response.fact(), response.unchanged());
}

}  // namespace

void AddDeclare(CLI::App& app, Context& context) {
  auto flags = std::make_shared<DeclareFlags>();
  CLI::App* command = app.add_subcommand("declare", "Record an incident as its provider reports it / 登记申报事件");
  flags->AddTo(*command);
  command->add_option("--end", flags->end, "Leave out while it lasts");
  command->add_option("--impact", flags->impact)
      ->check(CLI::IsMember({"down", "degraded", "none"}))
      ->capture_default_str();
  command->add_option("--told", flags->told, "When the provider told us; default: now");
  command->add_flag("--withdraw", flags->withdraw, "Take it back: it counts as never declared");
  command->footer(
      "Example:\n  ninesctl declare --target portal --id INC-42 --start 2026-05-01T08:00:00+08:00 "
      "--end 2026-05-01T08:20:00+08:00 --title 'disk full'");
  command->callback([flags, &context] {
    Record<v1::RecordDeclarationResponse>(context, MakeRequest(*flags), &v1::LedgerService::Stub::RecordDeclaration);
  });
}

void AddMaintain(CLI::App& app, Context& context) {
  auto flags = std::make_shared<MaintainFlags>();
  CLI::App* command = app.add_subcommand("maintain", "Record planned maintenance / 登记计划维护");
  flags->AddTo(*command);
  command->add_option("--end", flags->end, "End of the window")->required();
  command->add_option("--announced", flags->announced, "When it was announced; default: now");
  command->add_option("--cancelled", flags->cancelled, "When it was cancelled");
  command->footer(
      "Example:\n  ninesctl maintain --provider huacloud --id CHG-7 --start 2026-05-03T00:00:00+08:00 "
      "--end 2026-05-03T02:00:00+08:00");
  command->callback([flags, &context] {
    Record<v1::RecordMaintenanceResponse>(context, MakeRequest(*flags), &v1::LedgerService::Stub::RecordMaintenance);
  });
}

void AddRule(CLI::App& app, Context& context) {
  auto flags = std::make_shared<RuleFlags>();
  CLI::App* command = app.add_subcommand("rule", "Decide how a span of a target's time counts / 登记裁定");
  command->add_option("--target,-t", flags->target, "The target")->required();
  command->add_option("--id", flags->id, "Its id; recorded again under the same id it replaces the earlier one")
      ->required();
  command->add_option("--start", flags->start, "2026-05-01T08:00:00+08:00, now, or -2h")->required();
  command->add_option("--end", flags->end, "End of the span (exclusive)")->required();
  command->add_option("--state", flags->state, "What the span is to be: up, down, or excluded from the account")
      ->check(CLI::IsMember({"up", "down", "excluded"}))
      ->required();
  command->add_option("--reason", flags->reason, "Why; stands in the ledger")->required();
  command->add_option("--author", flags->author, "Who decides")->capture_default_str();
  command->add_flag("--revoke", flags->revoke, "Take it back: it counts as never made");
  command->footer(
      "Example:\n  ninesctl rule --target portal --id R-3 --start 2026-05-01T08:00:00+08:00 --end "
      "2026-05-01T08:20:00+08:00 "
      "--state excluded --reason 'power cut of the city'");
  command->callback([flags, &context] {
    Record<v1::RecordRulingResponse>(context, MakeRequest(*flags), &v1::LedgerService::Stub::RecordRuling);
  });
}

}  // namespace nines::cli

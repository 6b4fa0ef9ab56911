// The command seal, with list, export and key below it.
#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "cli/context.h"
#include "cli/pages.h"
#include "cli/seal_text.h"
#include "nines/v1/seal.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

struct SealFlags {
  SubjectFlags subject;
  std::string author = LoginName();
  std::string reason;
  std::string format = "table";
  bool dry_run = false;
};

void PrintSealed(const v1::SealPeriodResponse& response, bool dry_run, const Context& context) {
  const v1::Seal& seal = response.seal();
  const std::string name = SealName(context, seal);
  if (response.unchanged()) {
    context.out << context.Say("Nothing has changed since it was sealed: ", "封账后没有变化：") << name << '\n';
  } else if (dry_run) {
    context.out << context.Say("Would be sealed: ", "将封账：") << name << '\n';
  } else {
    context.out << context.Say("Sealed: ", "已封账：") << name << context.Say("; seal ", "；封账编号 ") << seal.number()
                << context.Say(", ledger position ", "，台账位置 ") << seal.position() << '\n';
  }
  if (response.has_changes()) PrintChanges(response.changes(), context);
}

void RunSeal(const SealFlags& flags, Context& context) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::SealPeriodRequest request;
  *request.mutable_subject() = flags.subject.ToProto();
  request.set_author(flags.author);
  request.set_reason(flags.reason);
  request.set_preview(flags.dry_run);
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::SealPeriodResponse response;
  const grpc::Status status = v1::SealService::Stub(*channel).SealPeriod(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  if (flags.format == "json") {
    context.out << ToJson(response);
  } else {
    PrintSealed(response, flags.dry_run, context);
  }
}

void RunList(const std::string& format, Context& context) {
  v1::ListSealsRequest request;
  request.set_page_size(1000);
  v1::ListSealsResponse list;
  if (!FetchAll(context, &v1::SealService::Stub::ListSeals, request, &list)) return;
  if (format == "json") {
    context.out << ToJson(list);
    return;
  }
  Table table({{context.Say("SEAL", "编号"), Align::kRight},
               {context.Say("PERIOD", "周期")},
               {context.Say("SCOPE", "范围")},
               {context.Say("VERSION", "版本"), Align::kRight},
               {context.Say("SEALED", "封账时间")},
               {context.Say("AUTHOR", "封账人")},
               {context.Say("FACTS UP TO", "台账截至"), Align::kRight},
               {context.Say("REASON", "原因")}});
  for (const v1::Seal& seal : list.seals()) {
    table.Add({std::to_string(seal.number()), seal.period_label(), seal.scope(), std::to_string(seal.version()),
               FormatTime(wire::ToMs(seal.sealed_time())), seal.author(), std::to_string(seal.ledger_position()),
               seal.reason()});
  }
  table.Print(context.out, context.UseColour());
}

struct ExportFlags {
  SubjectFlags subject;
  uint64_t version = 0;
  std::string output;
};

// Beside its place first, so that half a bundle never has its name.
absl::Status WriteBundle(grpc::ClientReader<v1::ExportSealResponse>& pieces, const std::string& path, uint64_t* bytes) {
  const std::string fresh = path + ".part";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  v1::ExportSealResponse response;
  while (pieces.Read(&response)) {
    file << response.piece();
    *bytes += response.piece().size();
  }
  file.close();
  if (!file) return absl::FailedPreconditionError(StrCat(fresh, " cannot be written; give --output a place that can"));
  return absl::OkStatus();
}

void RunExport(const ExportFlags& flags, Context& context) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::ExportSealRequest request;
  *request.mutable_subject() = flags.subject.ToProto();
  request.set_version(flags.version);
  grpc::ClientContext call;
  context.SetDeadline(call);
  const auto pieces = v1::SealService::Stub(*channel).ExportSeal(&call, request);
  uint64_t bytes = 0;
  const absl::Status written = WriteBundle(*pieces, flags.output, &bytes);
  if (!written.ok()) call.TryCancel();
  const grpc::Status status = pieces->Finish();
  std::error_code error;
  if (!written.ok() || !status.ok()) {
    std::filesystem::remove(flags.output + ".part", error);
    return written.ok() ? context.Fail(status) : context.Fail(written);
  }
  std::filesystem::rename(flags.output + ".part", flags.output, error);
  if (error) return context.Fail(absl::FailedPreconditionError(StrCat(flags.output, ": ", error.message())));
  context.out << context.Say("Exported to ", "已导出到 ") << flags.output << ": " << bytes
              << context.Say(" bytes", " 字节") << '\n';
}

void RunKey(Context& context) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::GetSealKeyResponse response;
  const grpc::Status status = v1::SealService::Stub(*channel).GetSealKey(&call, {}, &response);
  if (!status.ok()) return context.Fail(status);
  context.out << response.public_key_pem();
  context.err << context.Say("Key ", "密钥标识 ") << response.key_id() << '\n';
}

void AddList(CLI::App& seal, Context& context) {
  auto format = std::make_shared<std::string>("table");
  CLI::App* command = seal.add_subcommand("list", "All seals, in the order of the ledger / 封账清单");
  command->add_option("--format,-o", *format, "How to write it")->check(CLI::IsMember({"table", "json"}));
  command->callback([format, &context] { RunList(*format, context); });
}

void AddExport(CLI::App& seal, Context& context) {
  auto flags = std::make_shared<ExportFlags>();
  CLI::App* command =
      seal.add_subcommand("export", "A sealed report with everything that proves it, as one file / 导出");
  flags->subject.AddTo(*command);
  command->add_option("--version", flags->version, "Which version; default: the newest");
  command->add_option("--output,-O", flags->output, "The file to write")->required();
  command->footer("Example:\n  ninesctl seal export --month 2026-05 --provider huacloud --output may.tar");
  command->callback([flags, &context] {
    flags->subject.Require("export");
    RunExport(*flags, context);
  });
}

}  // namespace

void AddSeal(CLI::App& app, Context& context) {
  auto flags = std::make_shared<SealFlags>();
  CLI::App* command = app.add_subcommand("seal", "Seal the report of a closed period, or restate it / 封账");
  flags->subject.AddTo(*command);
  command->add_option("--author", flags->author, "Who seals it")->capture_default_str();
  command->add_option("--reason", flags->reason, "Why a sealed report is restated");
  command->add_flag("--dry-run,-n", flags->dry_run, "Record nothing; say what would be sealed, and what has changed");
  command->add_option("--format,-o", flags->format, "How to write it")->check(CLI::IsMember({"table", "json"}));
  command->footer(
      "Example:\n  ninesctl seal --month 2026-05 --provider huacloud\n"
      "  ninesctl seal --month 2026-05 --provider huacloud --reason 'the outage of 3 May was ours'");
  AddList(*command, context);
  AddExport(*command, context);
  CLI::App* key = command->add_subcommand("key", "The public key, as PEM, for auditors / 公钥");
  key->callback([&context] { RunKey(context); });
  command->callback([flags, command, &context] {
    if (!command->get_subcommands().empty()) return;
    flags->subject.Require("seal");
    RunSeal(*flags, context);
  });
}

}  // namespace nines::cli

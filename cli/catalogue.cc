// The commands apply and diff.
#include <pwd.h>
#include <unistd.h>

#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "cli/catalogue_file.h"
#include "cli/context.h"
#include "nines/v1/catalogue.grpc.pb.h"

namespace nines::cli {
namespace {

struct CatalogueFlags {
  std::vector<std::string> files;
  bool prune = false;
  bool check = false;
  std::string author;
};

template <typename Request>
absl::Status ReadFiles(const CatalogueFlags& flags, Request& request) {
  for (const std::string& path : flags.files) {
    NINES_ASSIGN_OR_RETURN(*request.add_files(), ReadCatalogueFile(path));
  }
  request.set_prune(flags.prune);
  return absl::OkStatus();
}

void PrintLines(const Context& context, std::string_view yaml, std::string_view sign, Tint tint) {
  const bool colour = context.UseColour() == Table::Colour::kYes;
  for (absl::string_view line : absl::StrSplit(ToAbsl(yaml), '\n', absl::SkipEmpty())) {
    if (colour) context.out << (tint == Tint::kGood ? "\x1b[32m" : "\x1b[31m");
    context.out << "    " << sign << ' ' << line;
    if (colour) context.out << "\x1b[0m";
    context.out << '\n';
  }
}

void PrintChanges(const Context& context, const google::protobuf::RepeatedPtrField<v1::EntryChange>& changes) {
  int added = 0, changed = 0, retired = 0;
  for (const v1::EntryChange& change : changes) {
    const char* verb = "change";
    if (change.action() == v1::CHANGE_ACTION_ADD) verb = "add", ++added;
    if (change.action() == v1::CHANGE_ACTION_CHANGE) ++changed;
    if (change.action() == v1::CHANGE_ACTION_RETIRE) verb = "retire", ++retired;
    context.out << verb << ' ' << change.kind() << ' ' << Printable(change.id());
    if (change.position() != 0) context.out << "  (ledger " << change.position() << ')';
    context.out << '\n';
    if (change.action() != v1::CHANGE_ACTION_ADD) PrintLines(context, change.before_yaml(), "-", Tint::kBad);
    if (change.action() == v1::CHANGE_ACTION_CHANGE) PrintLines(context, change.after_yaml(), "+", Tint::kGood);
  }
  context.out << added << context.Say(" added, ", " 新增，") << changed << context.Say(" changed, ", " 变更，") << retired
              << context.Say(" retired", " 停用") << '\n';
}

void AddFiles(CLI::App& command, CatalogueFlags& flags) {
  command.add_option("-f,--file", flags.files, "Catalogue file, - for standard input (may be given several times)")->required();
  command.add_flag("--prune", flags.prune, "Retire entries that stand in none of the files");
}

}  // namespace

void AddApplyAndDiff(CLI::App& app, Context& context) {
  auto flags = std::make_shared<CatalogueFlags>();
  if (const passwd* entry = getpwuid(geteuid())) flags->author = entry->pw_name;

  CLI::App* diff = app.add_subcommand("diff", "What applying catalogue files would change / 预览目录变更");
  AddFiles(*diff, *flags);
  diff->add_flag("--check", flags->check, "Exit with 4 if anything would change");
  diff->footer("Example:\n  ninesctl diff -f catalogue.yaml");
  diff->callback([flags, &context] {
    v1::DiffCatalogueRequest request;
    if (const absl::Status read = ReadFiles(*flags, request); !read.ok()) return context.Fail(read);
    const auto channel = context.Channel();
    if (!channel.ok()) return context.Fail(channel.status());
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::DiffCatalogueResponse response;
    const grpc::Status status = v1::CatalogueService::Stub(*channel).DiffCatalogue(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    PrintChanges(context, response.changes());
    if (flags->check && !response.changes().empty()) context.exit_code = kAttention;
  });

  CLI::App* apply = app.add_subcommand("apply", "Record catalogue files as versioned facts, all or nothing / 应用目录");
  AddFiles(*apply, *flags);
  apply->add_option("--author", flags->author, "Who records it")->capture_default_str();
  apply->footer("Example:\n  ninesctl apply -f catalogue.yaml");
  apply->callback([flags, &context] {
    v1::ApplyCatalogueRequest request;
    if (const absl::Status read = ReadFiles(*flags, request); !read.ok()) return context.Fail(read);
    request.set_author(flags->author);
    const auto channel = context.Channel();
    if (!channel.ok()) return context.Fail(channel.status());
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::ApplyCatalogueResponse response;
    const grpc::Status status = v1::CatalogueService::Stub(*channel).ApplyCatalogue(&call, request, &response);
    if (!status.ok()) return context.Fail(status);
    PrintChanges(context, response.changes());
  });
}

}  // namespace nines::cli

#include <fstream>
#include <iostream>
#include <iterator>

#include "base/status_macros.h"
#include "base/text.h"
#include "cli/account_case.h"
#include "cli/context.h"

namespace nines::cli {

void AddAccount(CLI::App& app, Context& context) {
  auto path = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("account", "The account of one case file, offline, by the daemon's own code / 离线核算案例");
  command->add_option("--case", *path, "JSON file (docs/sla.md, section 10), - for standard input")->required();
  command->footer("Example:\n  ninesctl account --case case.json");
  command->callback([path, &context] {
    std::ifstream file(*path, std::ios::binary);
    std::istream& stream = *path == "-" ? std::cin : file;
    const std::string json(std::istreambuf_iterator<char>(stream), {});
    if (*path != "-" && !file) {
      return context.Fail(absl::NotFoundError(StrCat("cannot read '", *path, "': no such file, or no permission")));
    }
    const absl::StatusOr<std::string> account = AccountCase(json);
    if (!account.ok()) return context.Fail(Annotate(account.status(), *path));
    context.out << *account;
    if (!account->ends_with('\n')) context.out << '\n';
  });
}

}  // namespace nines::cli

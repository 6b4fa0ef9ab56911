#include "cli/run.h"

#include "cli/context.h"

namespace nines::cli {

int Run(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  Context context(out, err);
  CLI::App app("ninesctl: ask and tell the daemon of nines / 云服务可用性监管", "ninesctl");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("--daemon,-d", context.daemon, "The daemon's gRPC address")
      ->envname("NINES_DAEMON")
      ->capture_default_str();
  app.add_option("--lang", context.language, "Language of tables: en or zh; default: by LANG")
      ->check(CLI::IsMember({"en", "zh"}));
  app.add_option("--color", context.colour, "auto (on a terminal), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_option("--timeout", context.timeout_s, "Seconds to wait for an answer")->capture_default_str();
  app.add_option("--tls-ca", *context.tls.mutable_ca_file(),
                 "PEM of the authority that signed the daemon's certificate");
  app.add_option("--tls-cert", *context.tls.mutable_cert_file(), "PEM of your own certificate");
  app.add_option("--tls-key", *context.tls.mutable_key_file(), "PEM of its key");
  app.footer(
      "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon does not answer,\n"
      "            4 with --check: a target is down, a verdict is breached, a diff is not empty.\n"
      "Example:\n  ninesctl report --month 2026-05");
  for (const auto add :
       {AddStatus, AddReport, AddExplain, AddOutages, AddCompare, AddDeclare, AddMaintain, AddRule, AddApplyAndDiff,
        AddQuery, AddAccount, AddBackupAndRestore, AddSeal, AddVerify, AddWatch, AddVersion, AddCompletion}) {
    add(app, context);
  }
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return app.exit(error, out, err) == 0 ? kOk : kUsage;
  }
  out.flush();
  return context.exit_code;
}

}  // namespace nines::cli

#include <CLI/CLI.hpp>

#include "tests/bench/commands.h"

int main(int argc, char** argv) {
  nines::bench::Context context;
  CLI::App app("nines-bench: how much a series store takes, keeps and gives, of ninesd and its peers", "nines-bench");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_flag("--json", context.json, "Print the figures as JSON");
  app.footer(
      "Exit codes: 0 done, 1 failed or refused, others: wrong usage.\n"
      "Example:\n  nines-bench ingest --series 20000 --samples-per-series 240");
  for (const auto add : {nines::bench::AddIngest, nines::bench::AddRemoteWrite, nines::bench::AddBitbrains,
                         nines::bench::AddRestart, nines::bench::AddQuery}) {
    add(app, context);
  }
  CLI11_PARSE(app, argc, argv);
  return context.exit_code;
}

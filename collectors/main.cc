#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/version.h"
#include "collectors/collector.h"
#include "collectors/collector_config.h"
#include "wire/log.h"

namespace {

constexpr int kCannotStart = 1, kUsage = 2, kNotAllRead = 3;

int Fail(const absl::Status& status, int code) {
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Gathers availability results, metrics and declarations at a provider, and streams them to ninesd.");
  std::string path = "collector.yaml";
  bool check = false, exit_when_done = false;
  app.add_option("--config", path, "The config file, YAML")->capture_default_str();
  app.add_flag("--check-config", check, "Check the config file, and exit");
  app.add_flag("--exit-when-done", exit_when_done,
               "Exit once all replay and drop sources are at their end and everything is acknowledged");
  app.set_version_flag("--version", std::string(nines::Version()));
  app.footer(
      "Exit codes: 0 stopped as told, or the config is good; 1 the config is wrong or the collector cannot start;\n"
      "2 wrong command line; 3 with --exit-when-done: a source could not read everything.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }

  const auto config = nines::collector::LoadCollectorConfig(path);
  if (!config.ok()) return Fail(config.status(), kCannotStart);
  const std::filesystem::path config_dir = std::filesystem::path(path).parent_path();
  const nines::SystemClock clock;
  if (check) {
    const auto sources = nines::collector::Collector::CountSources(*config, config_dir, clock);
    if (!sources.ok()) return Fail(sources.status(), kCannotStart);
    std::printf("%s: good, %zu sources\n", path.c_str(), *sources);
    return 0;
  }
  nines::wire::StartLog("nines-collector", config->log().level(), config->log().format());
  absl::Status ran;
  {
    auto collector = nines::collector::Collector::Create(*config, config_dir, clock);
    if (!collector.ok()) return Fail(collector.status(), kCannotStart);
    ran = (*collector)->Run(exit_when_done ? nines::collector::ExitWhen::kDone : nines::collector::ExitWhen::kTold);
  }
  nines::wire::StopLog();
  return ran.ok() ? 0 : Fail(ran, kNotAllRead);
}

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "daemon/config/config.h"
#include "daemon/daemon.h"
#include "wire/log.h"

namespace {

int Fail(const absl::Status& status) {
  std::cerr << "ninesd: " << nines::FromAbsl(status.message()) << "\n";
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("ninesd supervises the availability of clouds.", "ninesd");
  std::string file;
  bool check = false;
  nines::Daemon::Options options;
  app.add_option("--config", file, "YAML file with the settings; without it, all defaults");
  app.add_flag("--check-config", check, "Say whether the config is right, and end");
  app.add_option("--data-dir", options.overrides.data_dir, "Instead of data_dir in the config");
  app.add_option("--grpc-listen", options.overrides.grpc_listen, "Instead of grpc_listen in the config");
  app.add_option("--http-listen", options.overrides.http_listen, "Instead of http_listen in the config");
  app.add_option("--port-file", options.port_file, "Written once ready: the addresses that are listened on");
  app.set_version_flag("--version", std::string(nines::Version()));
  CLI11_PARSE(app, argc, argv);

  const auto config = nines::config::LoadDaemonConfig(file, options.overrides);
  if (!config.ok()) {
    std::cerr << nines::FromAbsl(config.status().message()) << "\n";
    return 1;
  }
  if (check) {
    std::cout << "OK: " << (file.empty() ? "all defaults" : file) << "\n";
    return 0;
  }
  const nines::SystemClock clock;
  auto daemon = nines::Daemon::Create(*config, clock, options);
  if (!daemon.ok()) {
    nines::wire::StopLog();
    return Fail(daemon.status());
  }
  const absl::Status status = (*daemon)->Run();
  daemon->reset();
  nines::wire::StopLog();
  return status.ok() ? 0 : Fail(status);
}

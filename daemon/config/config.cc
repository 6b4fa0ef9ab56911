#include "daemon/config/config.h"

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <map>
#include <sstream>

#include "base/status_macros.h"
#include "wire/channel.h"
#include "wire/time.h"
#include "wire/yaml_message.h"

namespace nines::config {
namespace {

// Takes values over one by one and keeps every mistake with its place.
class Checker {
 public:
  Checker(std::string file, const wire::Places& places) : file_(std::move(file)), places_(places) {}

  void Fail(const std::string& path, std::string_view what) {
    const auto place = places_.find(path);
    const int line = place != places_.end() ? place->second.line : 0;
    mistakes_.emplace(line, StrCat(Where(path), what));
  }

  void Text(const std::string& path, const std::string& given, std::string& value) {
    if (!given.empty())
      value = given;
    else if (places_.contains(path))
      Fail(path, StrCat(path, " is empty; give it a value, or leave it out"));
  }

  void OneOf(const std::string& path, const std::string& given, std::initializer_list<std::string_view> words,
             std::string& value) {
    Text(path, given, value);
    std::string all;
    for (const std::string_view word : words) {
      if (value == word) return;
      StrAppend(&all, all.empty() ? "" : ", ", word);
    }
    Fail(path, StrCat(path, " '", value, "' is unknown; use one of ", all));
  }

  template <typename Int>
  void Number(const std::string& path, Int given, Int least, Int most, Int& value) {
    if (!places_.contains(path)) return;
    if (given < least || given > most) {
      Fail(path, StrCat(path, " ", given, " is out of range; use ", least, " to ", most));
    }
    value = given;
  }

  void Window(const std::string& path, bool present, const google::protobuf::Duration& given, int64_t& value_ms) {
    if (!present) return;
    value_ms = wire::ToMs(given);
    if (value_ms < 0 || given.nanos() < 0)
      Fail(path, StrCat(path, " is negative; use a duration such as 10m, or unlimited"));
  }

  absl::Status status() const {
    std::string all;
    for (const auto& [line, mistake] : mistakes_) StrAppend(&all, all.empty() ? "" : "\n", mistake);
    return all.empty() ? absl::OkStatus() : absl::InvalidArgumentError(all);
  }

 private:
  std::string Where(const std::string& path) const {
    const auto place = places_.find(path);
    if (place != places_.end()) return StrCat(file_, ":", place->second.line, ":", place->second.column, ": ");
    return file_.empty() ? "" : StrCat(file_, ": ");
  }

  const std::string file_;
  const wire::Places& places_;
  std::multimap<int, std::string> mistakes_;  // by line
};

// Where an override stands, the file is not to blame.
std::string PathOf(const std::string& override_value, const char* field) {
  return override_value.empty() ? field : StrCat("the command line's ", field);
}

std::string RelativeToFile(const std::string& file, const std::string& path) {
  if (file.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

void CheckTls(const v1::TlsConfig& tls, Checker& checker) {
  const auto credentials = wire::ServerCredentials(tls);
  if (!credentials.ok()) checker.Fail("tls", FromAbsl(credentials.status().message()));
}

// A key file that is configured has a folder to be made in.
void CheckSealKey(const std::string& path, bool given, Checker& checker) {
  if (!given) return;
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::absolute(path, error).parent_path();
  if (std::filesystem::is_directory(path, error)) {
    checker.Fail("seal.key_file", StrCat("seal.key_file ", path, " is a folder; name a file"));
  } else if (!std::filesystem::is_directory(folder, error)) {
    checker.Fail("seal.key_file", StrCat("seal.key_file ", path, ": its folder is not there; create it"));
  }
}

void CheckListen(const DaemonConfig& config, const Overrides& overrides, Checker& checker) {
  const std::string grpc_path = PathOf(overrides.grpc_listen, "grpc_listen");
  if (const auto grpc = ParseListenAddress(config.grpc_listen); !grpc.ok()) {
    checker.Fail(grpc_path, StrCat(grpc_path, ": ", FromAbsl(grpc.status().message())));
  } else if (!grpc->loopback && config.tls.ca_file().empty()) {
    checker.Fail(grpc_path,
                 StrCat(grpc_path, " ", config.grpc_listen,
                        " can be reached from other machines; give tls with cert_file, key_file and ca_file, "
                        "or listen on 127.0.0.1"));
  }
  const std::string http_path = PathOf(overrides.http_listen, "http_listen");
  if (const auto http = ParseListenAddress(config.http_listen); !http.ok()) {
    checker.Fail(http_path, StrCat(http_path, ": ", FromAbsl(http.status().message())));
  } else if (!http->loopback) {
    checker.Fail(http_path, StrCat(http_path, " ", config.http_listen,
                                   " can be reached from other machines, and HTTP is served without TLS; listen on "
                                   "127.0.0.1 behind a proxy that knows its users"));
  }
}

absl::StatusOr<DaemonConfig> Check(const v1::DaemonConfig& in, const wire::Places& places, const std::string& file,
                                   const Overrides& overrides) {
  Checker checker(file, places);
  DaemonConfig config;
  config.file = file;
  checker.Text("grpc_listen", in.grpc_listen(), config.grpc_listen);
  checker.Text("http_listen", in.http_listen(), config.http_listen);
  checker.Text("data_dir", in.data_dir(), config.data_dir);
  if (!overrides.grpc_listen.empty()) config.grpc_listen = overrides.grpc_listen;
  if (!overrides.http_listen.empty()) config.http_listen = overrides.http_listen;
  if (!overrides.data_dir.empty()) config.data_dir = overrides.data_dir;
  for (int i = 0; i < in.catalogue_files_size(); ++i) {
    if (in.catalogue_files(i).empty())
      checker.Fail(StrCat("catalogue_files[", i, "]"), "a catalogue file without a name");
    config.catalogue_files.push_back(RelativeToFile(file, in.catalogue_files(i)));
  }
  checker.OneOf("log.level", in.log().level(), {"debug", "info", "warn", "error"}, config.log_level);
  checker.OneOf("log.format", in.log().format(), {"logfmt", "json"}, config.log_format);

  config.tls = in.tls();
  for (std::string* path :
       {config.tls.mutable_cert_file(), config.tls.mutable_key_file(), config.tls.mutable_ca_file()}) {
    if (!path->empty()) *path = RelativeToFile(file, *path);
  }
  CheckTls(config.tls, checker);
  config.seal_key_file = (std::filesystem::path(config.data_dir) / "seal.key").string();
  if (!in.seal().key_file().empty()) config.seal_key_file = RelativeToFile(file, in.seal().key_file());
  CheckSealKey(config.seal_key_file, !in.seal().key_file().empty(), checker);
  CheckListen(config, overrides, checker);

  const v1::IngestConfig& ingest = in.ingest();
  checker.Window("ingest.late_window", ingest.has_late_window(), ingest.late_window(), config.late_window_ms);
  checker.Window("ingest.ahead_window", ingest.has_ahead_window(), ingest.ahead_window(), config.ahead_window_ms);
  checker.Number<int32_t>("ingest.queue_batches_max", ingest.queue_batches_max(), 1, 1'000'000,
                          config.queue_batches_max);
  checker.Number<int32_t>("ingest.batch_bytes_max", ingest.batch_bytes_max(), 64 << 10, 256 << 20,
                          config.batch_bytes_max);
  checker.Number<int64_t>("ingest.series_per_provider_max", ingest.series_per_provider_max(), 1, 1'000'000'000,
                          config.series_per_provider_max);

  const v1::StorageConfig& storage = in.storage();
  checker.Window("storage.retention_samples", storage.has_retention_samples(), storage.retention_samples(),
                 config.retention_samples_ms);
  checker.Window("storage.retention_five_minutes", storage.has_retention_five_minutes(),
                 storage.retention_five_minutes(), config.retention_five_minutes_ms);
  checker.Window("storage.retention_hours", storage.has_retention_hours(), storage.retention_hours(),
                 config.retention_hours_ms);
  checker.Window("storage.retention_results", storage.has_retention_results(), storage.retention_results(),
                 config.retention_results_ms);
  checker.Number<int64_t>("storage.disk_bytes_max", storage.disk_bytes_max(), 64 << 20, int64_t{1} << 60,
                          config.disk_bytes_max);
  checker.Number<int64_t>("storage.disk_reserve_bytes", storage.disk_reserve_bytes(), 1 << 20, int64_t{1} << 60,
                          config.disk_reserve_bytes);
  NINES_RETURN_IF_ERROR(checker.status());
  return config;
}

}  // namespace

absl::StatusOr<DaemonConfig> ParseDaemonConfig(const std::string& text, const std::string& file,
                                               const Overrides& overrides) {
  v1::DaemonConfig message;
  wire::Places places;
  NINES_RETURN_IF_ERROR(wire::ParseYaml(text, file, &message, &places));
  return Check(message, places, file, overrides);
}

absl::StatusOr<DaemonConfig> LoadDaemonConfig(const std::string& file, const Overrides& overrides) {
  if (file.empty()) return Check(v1::DaemonConfig(), wire::Places(), file, overrides);
  std::ifstream stream(file);
  std::ostringstream text;
  if (!stream || !(text << stream.rdbuf())) {
    // An empty file is all defaults; only then does the copy fail with nothing wrong.
    if (!stream.is_open() || std::filesystem::is_directory(file)) {
      return absl::InvalidArgumentError(StrCat(file, ": cannot be read; give --config a YAML file"));
    }
  }
  return ParseDaemonConfig(text.str(), file, overrides);
}

}  // namespace nines::config

#include "collectors/collector_config.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/status_macros.h"
#include "base/text.h"
#include "wire/time.h"
#include "wire/yaml_message.h"

namespace nines::collector {
namespace {

constexpr int64_t kSpoolBytesMin = 16 << 20;
constexpr size_t kIdBytesMax = 200;

// All mistakes of a config, each with its place.
class Mistakes {
 public:
  Mistakes(const std::string& file, const wire::Places& places) : file_(file), places_(places) {}

  // `field` may be missing from the file: then the mistake is the one of what it belongs to.
  void Add(const std::string& field, std::string_view what) {
    std::string at = field;
    auto place = places_.find(at);
    while (place == places_.end() && at.find('.') != std::string::npos) {
      at.resize(at.rfind('.'));
      place = places_.find(at);
    }
    const bool known = place != places_.end();
    StrAppend(&text_, text_.empty() ? "" : "\n", file_, ":", known ? place->second.line : 1, ":",
              known ? place->second.column : 1, ": ", field, what);
  }
  absl::Status ToStatus() const { return text_.empty() ? absl::OkStatus() : absl::InvalidArgumentError(text_); }

 private:
  const std::string& file_;
  const wire::Places& places_;
  std::string text_;
};

bool IsHostAndPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return false;
  int port = 0;
  const char* end = address.data() + address.size();
  const auto [stop, error] = std::from_chars(address.data() + colon + 1, end, port);
  return error == std::errc() && stop == end && port > 0 && port < 65536;
}

template <typename... Allowed>
void CheckWord(const std::string& field, const std::string& word, Mistakes* mistakes, const Allowed&... allowed) {
  if (((word == allowed) || ...)) return;
  std::string all;
  ((StrAppend(&all, all.empty() ? "" : ", ", allowed)), ...);
  mistakes->Add(field, StrCat(": '", word, "' is none of ", all));
}

void CheckId(const std::string& field, const std::string& id, Mistakes* mistakes) {
  if (id.empty()) mistakes->Add(field, " is missing");
  if (id.size() > kIdBytesMax) mistakes->Add(field, " is longer than 200 bytes");
}

google::protobuf::Duration Milliseconds(int64_t ms) {
  google::protobuf::Duration duration;
  duration.set_seconds(ms / 1000);
  duration.set_nanos(static_cast<int32_t>(ms % 1000) * 1'000'000);
  return duration;
}

void CheckSource(const std::string& at, v1::SourceConfig* source, Mistakes* mistakes) {
  if (source->name().empty()) mistakes->Add(at + ".name", " is missing");
  if (source->kind_case() == v1::SourceConfig::KIND_NOT_SET) {
    mistakes->Add(at, ": say what it is: scrape, probe, replay or drop");
  }
  if (!source->has_interval()) *source->mutable_interval() = Milliseconds(15'000);
  const int64_t interval_ms = wire::ToMs(source->interval());
  if (interval_ms <= 0 || wire::IsUnlimited(source->interval())) {
    mistakes->Add(at + ".interval", ": must be longer than nothing and less than for ever");
  }
  if (!source->has_timeout()) *source->mutable_timeout() = Milliseconds(std::min<int64_t>(10'000, interval_ms));
  const int64_t timeout_ms = wire::ToMs(source->timeout());
  if (timeout_ms <= 0 || timeout_ms > interval_ms) {
    mistakes->Add(at + ".timeout", ": must be longer than nothing and at most the interval");
  }
}

void CheckSpool(v1::SpoolConfig* spool, Mistakes* mistakes) {
  if (spool->bytes_max() == 0) spool->set_bytes_max(1 << 30);
  if (spool->bytes_max() < kSpoolBytesMin)
    mistakes->Add("spool.bytes_max", StrCat(": must be at least ", kSpoolBytesMin));
  if (!spool->has_age_max()) *spool->mutable_age_max() = Milliseconds(7 * 86'400'000LL);
  if (wire::ToMs(spool->age_max()) <= 0) mistakes->Add("spool.age_max", ": must be longer than nothing");
  if (spool->when_full().empty()) spool->set_when_full("wait");
  CheckWord("spool.when_full", spool->when_full(), mistakes, "wait", "drop_oldest");
}

void ResolvePath(const std::filesystem::path& base, std::string* path) {
  if (!path->empty()) *path = (base / *path).lexically_normal().string();
}

absl::Status Check(const std::string& file, const wire::Places& places, v1::CollectorConfig* config) {
  Mistakes mistakes(file, places);
  CheckId("collector_id", config->collector_id(), &mistakes);
  CheckId("provider_id", config->provider_id(), &mistakes);
  if (!IsHostAndPort(config->daemon())) {
    mistakes.Add("daemon", ": write the daemon's address as host:port, e.g. nines.example:9460");
  }
  if (config->tls().cert_file().empty() != config->tls().key_file().empty()) {
    mistakes.Add("tls", ": cert_file and key_file go together; give both or neither");
  }
  if (config->log().level().empty()) config->mutable_log()->set_level("info");
  CheckWord("log.level", config->log().level(), &mistakes, "debug", "info", "warn", "error");
  if (config->log().format().empty()) config->mutable_log()->set_format("logfmt");
  CheckWord("log.format", config->log().format(), &mistakes, "logfmt", "json");
  CheckSpool(config->mutable_spool(), &mistakes);
  std::set<std::string> names;
  for (int i = 0; i < config->sources_size(); ++i) {
    const std::string at = StrCat("sources[", i, "]");
    CheckSource(at, config->mutable_sources(i), &mistakes);
    const std::string& name = config->sources(i).name();
    if (!name.empty() && !names.insert(name).second)
      mistakes.Add(at + ".name", StrCat(": '", name, "' is there twice"));
  }
  if (config->sources().empty()) mistakes.Add("sources", ": there is none, so there is nothing to gather");
  return mistakes.ToStatus();
}

}  // namespace

absl::StatusOr<v1::CollectorConfig> LoadCollectorConfig(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return absl::NotFoundError(StrCat(path, ": cannot be read, or is empty"));
  v1::CollectorConfig config;
  wire::Places places;
  NINES_RETURN_IF_ERROR(wire::ParseYaml(text.str(), path, &config, &places));
  NINES_RETURN_IF_ERROR(Check(path, places, &config));
  const std::filesystem::path base = std::filesystem::path(path).parent_path();
  if (config.spool_dir().empty()) config.set_spool_dir("spool");
  ResolvePath(base, config.mutable_spool_dir());
  if (config.has_tls()) {
    ResolvePath(base, config.mutable_tls()->mutable_cert_file());
    ResolvePath(base, config.mutable_tls()->mutable_key_file());
    ResolvePath(base, config.mutable_tls()->mutable_ca_file());
  }
  return config;
}

}  // namespace nines::collector

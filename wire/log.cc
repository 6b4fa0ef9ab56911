#include "wire/log.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>
#include <spdlog/async.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <memory>
#include <string_view>

#include "absl/time/time.h"
#include "base/text.h"

namespace nines::wire {
namespace {

constexpr size_t kBufferedLines = 8192;

// Texts come from outside as well: quoted, a line stays one line and one field whatever they hold.
void AppendQuoted(std::string_view text, spdlog::memory_buf_t& line) {
  line.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.push_back('\\');
      line.push_back(c);
    } else if (c == '\n') {
      line.append(std::string_view("\\n"));
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof(escape), "\\u%04x", byte);
      line.append(std::string_view(escape));
    } else {
      line.push_back(c);
    }
  }
  line.push_back('"');
}

class LineFormatter final : public spdlog::formatter {
 public:
  explicit LineFormatter(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& line) override {
    const std::string time =
        absl::FormatTime("%Y-%m-%d%ET%H:%M:%E3SZ", absl::FromChrono(message.time), absl::UTCTimeZone());
    const auto level_view = spdlog::level::to_string_view(message.level);
    std::string_view level(level_view.data(), level_view.size());
    if (level == "warning") level = "warn";
    line.append(json_ ? StrCat(R"({"time":")", time, R"(","level":")", level, R"(","msg":)")
                      : StrCat("time=", time, " level=", level, " msg="));
    AppendQuoted({message.payload.data(), message.payload.size()}, line);
    line.append(std::string_view(json_ ? "}\n" : "\n"));
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<LineFormatter>(json_); }

 private:
  const bool json_;
};

// Libraries that would write lines of their own between ours. What they say is about peers, and peers can say much.
void LogOfGrpc(gpr_log_func_args* arguments) {
  spdlog::log(arguments->severity == GPR_LOG_SEVERITY_ERROR ? spdlog::level::warn : spdlog::level::debug, "grpc: {}",
              arguments->message);
}
void LogOfProtobuf(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  spdlog::log(level >= google::protobuf::LOGLEVEL_FATAL ? spdlog::level::err : spdlog::level::debug, "protobuf: {}",
              message);
}

}  // namespace

void StartLog(const std::string& program, const std::string& level, const std::string& format) {
  spdlog::init_thread_pool(kBufferedLines, 1);
  auto logger =
      std::make_shared<spdlog::async_logger>(program, std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                             spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  logger->set_formatter(std::make_unique<LineFormatter>(format == "json"));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  SetLogLevel(level);
  gpr_set_log_function(&LogOfGrpc);
  google::protobuf::SetLogHandler(&LogOfProtobuf);
}

void SetLogLevel(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level == "error" ? "err" : level));
}

void StopLog() { spdlog::shutdown(); }

}  // namespace nines::wire

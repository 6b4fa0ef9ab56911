#include "collectors/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/json/serialize.hpp>
#include <boost/json/string_view.hpp>
#include <memory>
#include <string_view>

namespace nines::collector {
namespace {

// The message as a JSON text, which logfmt can read as well: whatever comes from outside, a line stays one line.
class QuotedMessage final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& line) override {
    const std::string quoted =
        boost::json::serialize(boost::json::string_view(message.payload.data(), message.payload.size()));
    line.append(std::string_view(quoted));
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<QuotedMessage>(); }
};

}  // namespace

void StartLog(const std::string& level, const std::string& format) {
  constexpr size_t kBufferedLines = 8192;
  spdlog::init_thread_pool(kBufferedLines, 1);
  auto logger =
      std::make_shared<spdlog::async_logger>("nines-collector", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                                             spdlog::thread_pool(), spdlog::async_overflow_policy::overrun_oldest);
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<QuotedMessage>('*').set_pattern(format == "json"
                                                          ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","msg":%*})"
                                                          : "time=%Y-%m-%dT%H:%M:%S.%eZ level=%l msg=%*");
  logger->set_formatter(std::move(formatter));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(spdlog::level::from_str(level == "error" ? "err" : level));
}

void StopLog() { spdlog::shutdown(); }

}  // namespace nines::collector

#pragma once

#include <string>

namespace nines::wire {

// Sends spdlog's default logger to stderr as lines of logfmt or JSON ("json"), from a thread of its own. When its
// buffer is full the oldest lines give way: no caller ever waits for a log. Call once, before other threads.
// `program` names the logger.
void StartLog(const std::string& program, const std::string& level, const std::string& format);
void SetLogLevel(const std::string& level);  // debug, info, warn, error
// Writes out what is buffered.
void StopLog();

}  // namespace nines::wire

#pragma once

#include <string>

namespace nines::collector {

// spdlog's default logger writes lines of logfmt or JSON ("json") to stderr, from a thread of its own; when its buffer
// is full the oldest lines give way. Call once, before other threads.
void StartLog(const std::string& level, const std::string& format);
// Writes out what is buffered.
void StopLog();

}  // namespace nines::collector

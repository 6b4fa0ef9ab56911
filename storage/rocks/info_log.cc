#include "storage/rocks/info_log.h"

#include <cstdio>
#include <ctime>

#include "base/mutex.h"

namespace nines::rocks {
namespace {

class InfoLog final : public rocksdb::Logger {
 public:
  InfoLog(std::FILE* file, size_t bytes_max)
      : rocksdb::Logger(rocksdb::InfoLogLevel::WARN_LEVEL), file_(file), bytes_left_(bytes_max) {}
  ~InfoLog() override {
    if (file_ != nullptr) std::fclose(file_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    MutexLock lock(mutex_);
    if (file_ == nullptr || bytes_left_ == 0) return;
    char line[2048];
    const std::time_t now = std::time(nullptr);
    std::tm parts;
    gmtime_r(&now, &parts);
    const size_t head = std::strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%SZ ", &parts);
    const int body = std::vsnprintf(line + head, sizeof(line) - head, format, arguments);
    if (body < 0) return;
    const int written = std::fprintf(file_, "%s\n", line);
    std::fflush(file_);
    const size_t bytes = written > 0 ? static_cast<size_t>(written) : 0;
    bytes_left_ -= bytes < bytes_left_ ? bytes : bytes_left_;
  }

 private:
  Mutex mutex_;
  std::FILE* file_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_left_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<rocksdb::Logger> OpenInfoLog(const std::string& directory, size_t bytes_max) {
  const std::string path = directory + "/LOG";
  std::rename(path.c_str(), (path + ".old").c_str());
  return std::make_shared<InfoLog>(std::fopen(path.c_str(), "we"), bytes_max);
}

}  // namespace nines::rocks

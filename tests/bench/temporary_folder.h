#pragma once

#include <filesystem>
#include <string>

namespace nines::bench {

// A folder below `parent` (empty: the system's for temporary files) that is removed with this object.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(const std::string& parent = "");
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace nines::bench

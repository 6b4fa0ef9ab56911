#include "tests/bench/temporary_folder.h"

#include <stdlib.h>

#include <system_error>

#include "base/check.h"

namespace nines::bench {

TemporaryFolder::TemporaryFolder(const std::string& parent) {
  const std::filesystem::path where =
      parent.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(parent);
  std::string name = (where / "nines-bench.XXXXXX").string();
  NINES_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

}  // namespace nines::bench

#include "daemon/seal/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/status_macros.h"

namespace nines::seal {
namespace {

constexpr size_t kKeyBytesMax = 64 << 10;

absl::Status SystemError(const std::string& path, std::string_view what) {
  const int error = errno;
  const std::string message = StrCat(path, " ", what, ": ", std::strerror(error));
  if (error == ENOENT) return absl::NotFoundError(message);
  if (error == EEXIST) return absl::AlreadyExistsError(message);
  return absl::FailedPreconditionError(message);
}

class File {
 public:
  File(const std::string& path, int flags) : descriptor_(open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  bool ok() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

absl::Status CheckMode(const std::string& path, int descriptor) {
  struct stat info = {};
  if (fstat(descriptor, &info) != 0) return SystemError(path, "cannot be looked at");
  if (!S_ISREG(info.st_mode)) return absl::FailedPreconditionError(StrCat(path, " is not a file"));
  const unsigned mode = info.st_mode & 07777;
  if ((mode & 077) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(StrCat(
      path, " has mode ", absl::StrFormat("%04o", mode),
      ", so that others than its owner can read or change the key; `chmod 600` it, and if others may have read it, "
      "move it away to have a new one made"));
}

absl::Status WriteAll(const std::string& path, int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return SystemError(path, "cannot be written");
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (fsync(descriptor) != 0) return SystemError(path, "cannot be written");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadKeyFile(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file.ok()) return SystemError(path, "cannot be read");
  NINES_RETURN_IF_ERROR(CheckMode(path, file.get()));
  std::string content(kKeyBytesMax, '\0');
  size_t size = 0;
  while (size < content.size()) {
    const ssize_t read_now = read(file.get(), content.data() + size, content.size() - size);
    if (read_now < 0 && errno == EINTR) continue;
    if (read_now < 0) return SystemError(path, "cannot be read");
    if (read_now == 0) break;
    size += static_cast<size_t>(read_now);
  }
  content.resize(size);
  return content;
}

absl::Status CreateKeyFile(const std::string& path, std::string_view content) {
  // Written beside it and then linked, so that nobody ever sees half a key, and the name is given once only.
  const std::string fresh = StrCat(path, ".", getpid(), ".new");
  unlink(fresh.c_str());
  absl::Status status;
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.ok()) {
      status = SystemError(fresh, "cannot be created");
      if (status.code() == absl::StatusCode::kNotFound) {
        return absl::FailedPreconditionError(StrCat(path, " cannot be created: its folder is not there; create it"));
      }
      return status;
    }
    status = WriteAll(fresh, file.get(), content);
  }
  if (status.ok() && link(fresh.c_str(), path.c_str()) != 0) status = SystemError(path, "cannot be created");
  unlink(fresh.c_str());
  NINES_RETURN_IF_ERROR(status);
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  const File parent(folder.string(), O_RDONLY | O_DIRECTORY);
  if (!parent.ok() || fsync(parent.get()) != 0) return SystemError(folder.string(), "cannot be synced");
  return absl::OkStatus();
}

}  // namespace nines::seal

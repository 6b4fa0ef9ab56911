#include "tests/bench/ninesd_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "base/check.h"
#include "base/status_macros.h"
#include "base/text.h"
#include "tests/bench/process_usage.h"

namespace nines::bench {
namespace {

constexpr double kReadyWithinS = 600;
constexpr std::chrono::milliseconds kPause(2);

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

absl::Status WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::trunc);
  file << text;
  file.close();
  if (!file) return absl::UnavailableError(StrCat(path.string(), ": cannot be written"));
  return absl::OkStatus();
}

std::string LineValue(const std::string& text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string::npos) return "";
  return text.substr(at + key.size(), text.find('\n', at) - at - key.size());
}

}  // namespace

std::string ProviderName(int provider) { return StrCat("provider-", provider + 1); }

absl::StatusOr<std::unique_ptr<NinesdProcess>> NinesdProcess::Launch(const NinesdOptions& options) {
  std::unique_ptr<NinesdProcess> process(new NinesdProcess(std::filesystem::absolute(options.data_dir)));
  NINES_RETURN_IF_ERROR(process->Spawn(options));
  return process;
}

absl::StatusOr<std::unique_ptr<NinesdProcess>> NinesdProcess::Start(const NinesdOptions& options) {
  NINES_ASSIGN_OR_RETURN(auto process, Launch(options));
  NINES_RETURN_IF_ERROR(process->WaitUntilReady());
  return process;
}

absl::Status NinesdProcess::Spawn(const NinesdOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(data_dir_.parent_path(), error);
  std::string catalogue = "providers:\n";
  for (int i = 0; i < options.providers; ++i) StrAppend(&catalogue, "- {id: ", ProviderName(i), "}\n");
  NINES_RETURN_IF_ERROR(WriteFile(Beside(".catalogue.yaml"), catalogue));
  NINES_RETURN_IF_ERROR(
      WriteFile(Beside(".yaml"), StrCat("grpc_listen: ", options.grpc_listen, "\nhttp_listen: ", options.http_listen,
                                        "\ndata_dir: ", data_dir_.string(), "\ncatalogue_files: [",
                                        Beside(".catalogue.yaml").string(), "]\ningest: ", options.ingest,
                                        "\nstorage: {retention_samples: unlimited}\n")));
  std::filesystem::remove(Beside(".ports"), error);
  std::vector<std::string> arguments = {options.binary, "--config", Beside(".yaml"), "--port-file", Beside(".ports")};
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const std::string log = Beside(".log");
  pid_ = fork();
  if (pid_ < 0) return absl::UnavailableError("fork failed");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(fd, 1);
    dup2(fd, 2);
    execv(argv[0], argv.data());
    const std::string_view message = "cannot be executed; build ninesd, or give --ninesd its path\n";
    (void)!write(2, message.data(), message.size());
    _exit(127);
  }
  return absl::OkStatus();
}

absl::Status NinesdProcess::WaitUntilReady() {
  const double deadline = WallSeconds() + kReadyWithinS;
  while (!std::filesystem::exists(Beside(".ports"))) {
    NINES_RETURN_IF_ERROR(CheckRuns());
    if (WallSeconds() > deadline) return absl::DeadlineExceededError(StrCat("ninesd is not ready: ", LogEnd()));
    std::this_thread::sleep_for(kPause);
  }
  const std::string ports = ReadFile(Beside(".ports"));
  grpc_address_ = LineValue(ports, "grpc=");
  http_address_ = LineValue(ports, "http=");
  return absl::OkStatus();
}

absl::Status NinesdProcess::CheckRuns() {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != pid_) {
    return absl::OkStatus();
  }
  Reap();
  return absl::UnavailableError(StrCat("ninesd ended by itself: ", LogEnd()));
}

std::string NinesdProcess::LogEnd() const {
  const std::string log = ReadFile(Beside(".log"));
  return log.substr(log.size() - std::min<size_t>(log.size(), 2000));
}

int NinesdProcess::Reap() {
  int status = 0;
  rusage usage{};
  wait4(pid_, &status, 0, &usage);
  pid_ = 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  cpu_s_ = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  return status;
}

absl::Status NinesdProcess::Stop() {
  NINES_CHECK(pid_ != 0);
  kill(pid_, SIGTERM);
  const int status = Reap();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::InternalError(StrCat("ninesd did not end well (wait status ", status, "): ", LogEnd()));
}

void NinesdProcess::Kill() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  Reap();
}

NinesdProcess::~NinesdProcess() { Kill(); }

}  // namespace nines::bench

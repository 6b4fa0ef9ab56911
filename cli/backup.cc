// The commands backup and restore.
#include <filesystem>
#include <system_error>

#include "base/text.h"
#include "cli/context.h"
#include "nines/v1/admin.grpc.pb.h"

namespace nines::cli {
namespace {

namespace fs = std::filesystem;

void RunBackup(const std::string& directory, Context& context) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  grpc::ClientContext call;
  context.SetDeadline(call);
  v1::BackupRequest request;
  request.set_directory(fs::absolute(directory).lexically_normal().string());
  v1::BackupResponse response;
  const grpc::Status status = v1::AdminService::Stub(*channel).Backup(&call, request, &response);
  if (!status.ok()) return context.Fail(status);
  context.out << context.Say("Backed up to ", "已备份到 ") << response.directory() << ": " << response.files()
              << context.Say(" files, ", " 个文件，") << response.bytes()
              << context.Say(" bytes, ledger position ", " 字节，台账位置 ") << response.ledger_position() << '\n';
}

// Copies beside the final place first, so that a copy that breaks off is never taken for data.
absl::Status Restore(const fs::path& backup, const fs::path& data) {
  std::error_code error;
  if (!fs::exists(backup / "CURRENT", error)) {
    return absl::InvalidArgumentError(StrCat("'", backup.string(), "' is not a backup of ninesd: it has no file CURRENT"));
  }
  if (fs::exists(data, error) && !fs::is_empty(data, error)) {
    return absl::FailedPreconditionError(
        StrCat("'", data.string(), "' is not empty; move it away first: nothing is ever overwritten"));
  }
  const fs::path partial = data.string() + ".restoring";
  if (fs::exists(partial, error)) {
    return absl::FailedPreconditionError(
        StrCat("'", partial.string(), "' is left of a restore that broke off; delete it and try again"));
  }
  fs::copy(backup, partial, fs::copy_options::recursive, error);
  if (!error) fs::remove(data, error);
  if (!error) fs::rename(partial, data, error);
  if (error) return absl::InternalError(StrCat("cannot copy to '", data.string(), "': ", error.message()));
  return absl::OkStatus();
}

}  // namespace

void AddBackupAndRestore(CLI::App& app, Context& context) {
  auto backup_directory = std::make_shared<std::string>();
  CLI::App* backup = app.add_subcommand("backup", "A consistent copy of everything while the daemon runs / 备份");
  backup->add_option("directory", *backup_directory, "New folder on the daemon's machine")->required();
  backup->footer("Example:\n  ninesctl backup /var/backups/nines/2026-05-01");
  backup->callback([backup_directory, &context] { RunBackup(*backup_directory, context); });

  struct Paths {
    std::string from, to;
  };
  auto paths = std::make_shared<Paths>();
  CLI::App* restore = app.add_subcommand("restore", "Make a data directory of a backup; the daemon must not run on it / 恢复");
  restore->add_option("backup", paths->from, "The backup's folder")->required();
  restore->add_option("data", paths->to, "The data directory to make; must not exist or be empty")->required();
  restore->footer("Example:\n  ninesctl restore /var/backups/nines/2026-05-01 /var/lib/nines/data");
  restore->callback([paths, &context] {
    const absl::Status status = Restore(paths->from, fs::path(paths->to).lexically_normal());
    if (!status.ok()) return context.Fail(status);
    context.out << context.Say("Restored ", "已恢复 ") << paths->to
                << context.Say("; start ninesd on it\n", "，可用其启动 ninesd\n");
  });
}

}  // namespace nines::cli

#include "daemon/rpc/admin_handler.h"

#include <filesystem>
#include <system_error>

#include "base/status_macros.h"
#include "base/version.h"
#include "storage/ledger/verify.h"

namespace nines::rpc {
namespace {

namespace fs = std::filesystem;

absl::Status CheckDirectory(const fs::path& directory) {
  if (!directory.is_absolute()) {
    return absl::InvalidArgumentError(
        StrCat("directory '", directory.string(), "' must be an absolute path on the daemon's machine"));
  }
  std::error_code error;
  if (fs::exists(fs::symlink_status(directory, error))) {
    return absl::AlreadyExistsError(StrCat(directory.string(), " exists already; name a new folder"));
  }
  if (!fs::is_directory(directory.parent_path(), error)) {
    return absl::FailedPreconditionError(
        StrCat(directory.parent_path().string(), " is not a folder on the daemon's machine; create it first"));
  }
  return absl::OkStatus();
}

absl::Status CountFiles(const fs::path& directory, v1::BackupResponse* response) {
  std::error_code error;
  uint64_t bytes = 0;
  uint32_t files = 0;
  for (fs::recursive_directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    bytes += at->file_size(error);
    ++files;
  }
  if (error) return absl::UnavailableError(StrCat(directory.string(), ": cannot be read: ", error.message()));
  response->set_bytes(bytes);
  response->set_files(files);
  return absl::OkStatus();
}

}  // namespace

absl::Status AdminHandler::Backup(const v1::BackupRequest& request, v1::BackupResponse* response) {
  fs::path directory = fs::path(request.directory()).lexically_normal();
  if (!directory.has_filename()) directory = directory.parent_path();  // "/a/b/"
  NINES_RETURN_IF_ERROR(CheckDirectory(directory));
  // Read first: the copy may hold more, never less.
  response->set_ledger_position(ledger_.LastPosition().value());
  NINES_RETURN_IF_ERROR(store_.Backup(directory.string()));
  response->set_directory(directory.string());
  return CountFiles(directory, response);
}

absl::Status AdminHandler::VerifyStorage(const v1::VerifyStorageRequest&, v1::VerifyStorageResponse* response) {
  NINES_ASSIGN_OR_RETURN(const series::Store::Verification found, store_.Verify());
  response->set_series(found.series);
  response->set_chunks(found.chunks);
  response->set_frames(found.frames);
  response->set_rollups(found.rollups);
  response->set_samples(found.samples);
  NINES_ASSIGN_OR_RETURN(const ledger::Verification ledger,
                         ledger::VerifyLedger(database_, [](const ledger::ChainReader::Link&) {}));
  response->set_facts(ledger.facts);
  response->set_documents(ledger.documents);
  response->set_streams(ledger.streams);
  NINES_ASSIGN_OR_RETURN(const sealing::Sealer::Verification seals, sealer_.Verify());
  response->set_seals(seals.seals);
  response->set_damaged(found.damaged + ledger.faults.size() + seals.faults.size());
  for (const auto* faults : {&ledger.faults, &seals.faults, &found.damage}) {
    for (const std::string& fault : *faults) response->add_damage(fault);
  }
  return absl::OkStatus();
}

absl::Status AdminHandler::GetVersion(const v1::GetVersionRequest&, v1::GetVersionResponse* response) {
  response->set_version(std::string(Version()));
  return absl::OkStatus();
}

}  // namespace nines::rpc

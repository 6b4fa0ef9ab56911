#include "cli/verify_bundle.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/status_macros.h"
#include "cli/text_width.h"
#include "daemon/seal/archive.h"
#include "daemon/seal/bundle.h"
#include "daemon/seal/signing.h"

namespace nines::cli {
namespace {

namespace fs = std::filesystem;

absl::StatusOr<std::string> ReadWhole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  if (!file) return absl::NotFoundError(StrCat(path.string(), " cannot be read"));
  return content.str();
}

absl::StatusOr<seal::Files> ReadFolder(const fs::path& folder) {
  seal::Files files;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    NINES_ASSIGN_OR_RETURN(files[at->path().lexically_relative(folder).generic_string()], ReadWhole(at->path()));
  }
  if (error) return absl::NotFoundError(StrCat(folder.string(), " cannot be read: ", error.message()));
  return files;
}

absl::StatusOr<seal::Files> ReadBundle(const std::string& bundle) {
  std::error_code error;
  if (fs::is_directory(bundle, error)) return ReadFolder(bundle);
  NINES_ASSIGN_OR_RETURN(const std::string bytes, ReadWhole(bundle));
  absl::StatusOr<seal::Files> files = seal::ReadArchive(bytes);
  if (!files.ok()) return Annotate(files.status(), bundle);
  return files;
}

absl::StatusOr<std::vector<seal::PublicKey>> ReadKeys(const std::vector<std::string>& paths) {
  std::vector<seal::PublicKey> keys;
  for (const std::string& path : paths) {
    NINES_ASSIGN_OR_RETURN(const std::string pem, ReadWhole(path));
    absl::StatusOr<seal::PublicKey> key = seal::PublicKey::FromPem(pem);
    if (!key.ok()) return Annotate(key.status(), path);
    keys.push_back(*key);
  }
  return keys;
}

}  // namespace

void VerifyBundleFile(const std::string& bundle, const std::vector<std::string>& key_paths, Context& context) {
  const absl::StatusOr<std::vector<seal::PublicKey>> keys = ReadKeys(key_paths);
  if (!keys.ok()) return context.Fail(keys.status());
  const absl::StatusOr<seal::Files> files = ReadBundle(bundle);
  if (!files.ok()) return context.Fail(files.status());
  const seal::BundleVerdict verdict = seal::VerifyBundle(*files, *keys);
  if (verdict.statement.has_value()) {
    const seal::Statement& statement = *verdict.statement;
    context.out << context.Say("Report ", "报告 ") << Printable(statement.period) << context.Say(" of ", "，")
                << Printable(statement.scope.Text()) << context.Say(", version ", "，版本 ") << statement.version
                << context.Say(", sealed by ", "，封账人 ") << Printable(statement.author)
                << context.Say(" at ", "，封账时间 ") << FormatTime(statement.now_ms) << '\n';
  }
  context.out << context.Say("Facts ", "事实 ") << verdict.facts << context.Say(", seals ", "，封账 ") << verdict.seals
              << context.Say(", faults ", "，问题 ") << verdict.faults.size() << '\n';
  for (const std::string& fault : verdict.faults) context.out << "  " << Printable(fault) << '\n';
  if (!verdict.faults.empty()) {
    context.exit_code = kFailed;
  } else if (keys->empty()) {
    context.out << context.Say("Nothing was changed. Who made it is not shown: give the key with --public-key\n",
                               "内容未被改动；未核对封账者：请用 --public-key 给出公钥\n");
  } else {
    context.out << context.Say("Nothing was changed, and the signatures are of the given key\n",
                               "内容未被改动，签名与所给公钥一致\n");
  }
}

}  // namespace nines::cli

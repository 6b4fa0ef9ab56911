#include "daemon/seal/bundle.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "base/text.h"
#include "daemon/seal/canonical_text.h"
#include "daemon/seal/changes_text.h"
#include "daemon/seal/report_text.h"
#include "daemon/seal/timelines_text.h"

namespace nines::seal {
namespace {

// Base64 in its one form.
std::optional<std::string> Decode(std::string_view text) {
  std::string bytes;
  if (!absl::Base64Unescape(ToAbsl(text), &bytes) || absl::Base64Escape(bytes) != text) return std::nullopt;
  return bytes;
}

// Whether a fact follows the one before: the digest that is listed there, or the one that its bytes give. One of both
// is right where only one byte was changed, so that the line with that byte is the only one that is named.
class Follower {
 public:
  bool Follows(const Digest& digest, std::string_view fact) const {
    if (first_) return digest == NextLink(std::nullopt, fact);
    const bool nothing_to_follow = !listed_.has_value() && !computed_.has_value();
    return nothing_to_follow || (listed_.has_value() && digest == NextLink(listed_, fact)) ||
           (computed_.has_value() && digest == NextLink(computed_, fact));
  }
  void Add(const std::optional<Digest>& digest, const std::optional<std::string>& fact) {
    const bool known = fact.has_value() && (first_ || computed_.has_value());
    computed_ = known ? std::optional(NextLink(computed_, *fact)) : digest;
    listed_ = digest;
    first_ = false;
  }

 private:
  bool first_ = true;
  std::optional<Digest> listed_;
  std::optional<Digest> computed_;
};

class BundleChecker {
 public:
  BundleChecker(const Files& files, std::span<const PublicKey> keys) : files_(files), keys_(keys) {}

  BundleVerdict Check() {
    const std::optional<Statement> statement = CheckSigned(kSealFile, kSignatureFile);
    if (statement.has_value()) {
      CheckFacts();
      CheckLedger(kSealFile, *statement);
      CheckDocuments(*statement);
      CheckChain(*statement);
      verdict_.statement = statement;
    }
    for (const auto& [name, content] : files_) {
      if (!expected_.contains(name)) Fault(name, "does not belong into the bundle");
    }
    return std::move(verdict_);
  }

 private:
  void Fault(std::string_view file, std::string_view what) { verdict_.faults.push_back(StrCat(file, ": ", what)); }

  const std::string* Find(std::string_view name) {
    expected_.emplace(name);
    const auto found = files_.find(std::string(name));
    if (found != files_.end()) return &found->second;
    Fault(name, "is missing");
    return nullptr;
  }

  // A statement under its signature; nullopt where it cannot be read at all.
  std::optional<Statement> CheckSigned(std::string_view name, std::string_view signature_name) {
    const std::string* text = Find(name);
    const std::string* signature = Find(signature_name);
    if (text == nullptr) return std::nullopt;
    absl::StatusOr<Statement> statement = ReadStatement(*text);
    if (!statement.ok()) {
      Fault(name, FromAbsl(statement.status().message()));
      return std::nullopt;
    }
    ++verdict_.seals;
    const absl::StatusOr<PublicKey> key = PublicKey::FromText(statement->public_key);
    if (!key.ok()) {
      Fault(name, StrCat("'public_key': ", FromAbsl(key.status().message())));
    } else if (!keys_.empty() && std::find(keys_.begin(), keys_.end(), *key) == keys_.end()) {
      Fault(name, StrCat("is signed with the key ", ToHex(key->Id()), ", which is not one that was given"));
    } else if (signature != nullptr && !key->Verify(*text, *signature)) {
      Fault(name, StrCat("its signature ", signature_name, " does not hold; one of the two was changed"));
    }
    return *std::move(statement);
  }

  void CheckFacts() {
    const std::string* text = Find(kFactsFile);
    if (text == nullptr) return;
    std::string_view rest = *text;
    if (!rest.starts_with(kFactsHead)) return Fault(kFactsFile, "line 1: expected 'nines-facts 1'");
    rest.remove_prefix(kFactsHead.size());
    Follower follower;
    for (uint64_t position = 1; !rest.empty(); ++position) {
      const std::string where = StrCat("line ", position + 1, ", fact ", position, ": ");
      const size_t end = rest.find('\n');
      if (end == std::string_view::npos) return Fault(kFactsFile, StrCat(where, "the text breaks off"));
      const std::vector<std::string_view> words = SplitWords(rest.substr(0, end), 3);
      rest.remove_prefix(end + 1);
      const std::optional<Digest> digest = words.empty() ? std::nullopt : DigestFromHex(words[1]);
      std::optional<std::string> fact = words.empty() ? std::nullopt : Decode(words[2]);
      if (!digest.has_value() || !fact.has_value() || words[0] != StrCat(position)) {
        Fault(kFactsFile, StrCat(where, "was changed: it is not its position, its digest and its bytes in base64"));
      } else if (!follower.Follows(*digest, *fact)) {
        Fault(kFactsFile, StrCat(where, "was changed: its digest is not that of the one before and of its bytes"));
      }
      follower.Add(digest, fact);
      chain_.push_back(digest);
      ++verdict_.facts;
    }
  }

  // That the facts are those that the statement was made from.
  void CheckLedger(std::string_view name, const Statement& statement) {
    const uint64_t position = statement.ledger_position;
    if (position < 1 || position > chain_.size()) {
      return Fault(kFactsFile, StrCat("has ", chain_.size(), " facts, but ", name, " was made from ", position));
    }
    if (chain_[position - 1] != statement.ledger_digest) {
      Fault(kFactsFile, StrCat("the digest of fact ", position, " is not the one that stands in ", name));
    }
  }

  template <typename Document>
  void CheckDocument(std::string_view name, const DocumentName& expected,
                     absl::StatusOr<Document> (*read)(std::string_view), const Statement& statement) {
    const std::string* text = Find(name);
    if (text == nullptr) return;
    const absl::StatusOr<Document> document = read(*text);
    if (NameOf(*text) != expected) {
      Fault(name, StrCat("its SHA-256 is not the one that stands in seal.txt: it was changed",
                         document.ok() ? "" : StrCat(" (", FromAbsl(document.status().message()), ")")));
    } else if (!document.ok()) {
      Fault(name, FromAbsl(document.status().message()));
    } else if (document->period != statement.period || document->scope != statement.scope) {
      Fault(name, "is of another period or scope than seal.txt");
    }
  }

  void CheckDocuments(const Statement& statement) {
    if (statement.ledger_position != verdict_.facts) {
      Fault(kFactsFile,
            StrCat("has ", verdict_.facts, " facts, but seal.txt was made from ", statement.ledger_position));
    }
    CheckDocument<SealedReport>(kReportFile, statement.report, &ReadReport, statement);
    CheckDocument<SealedTimelines>(kTimelinesFile, statement.timelines, &ReadTimelines, statement);
    if (statement.changes.has_value())
      CheckDocument<Changes>(kChangesFile, *statement.changes, &ReadChanges, statement);
  }

  // That every seal names the one before it.
  void CheckChain(const Statement& newest) {
    std::optional<Digest> previous;
    std::string previous_name = "nothing";
    for (uint64_t number = 1; number < newest.number; ++number) {
      const std::string name = ChainFile(number, "txt");
      // A number that was changed promises more than there are.
      if (!files_.contains(name)) return Fault(name, "is missing");
      const std::optional<Statement> statement = CheckSigned(name, ChainFile(number, "sig"));
      if (statement.has_value()) {
        CheckLink(name, *statement, number, previous, previous_name);
        CheckLedger(name, *statement);
      }
      previous = Sha256Of(files_.at(name));
      previous_name = name;
    }
    CheckLink(kSealFile, newest, newest.number, previous, previous_name);
  }

  void CheckLink(std::string_view name, const Statement& statement, uint64_t number,
                 const std::optional<Digest>& previous, std::string_view previous_name) {
    if (statement.number != number) Fault(name, StrCat("is seal ", statement.number, ", not seal ", number));
    if (statement.previous != previous) {
      Fault(name, StrCat("does not follow ", previous_name, ": its 'previous' is not the SHA-256 of that"));
    }
  }

  const Files& files_;
  std::span<const PublicKey> keys_;
  std::set<std::string> expected_;
  std::vector<std::optional<Digest>> chain_;  // by position - 1, as listed
  BundleVerdict verdict_;
};

}  // namespace

std::string ChainFile(uint64_t number, std::string_view extension) {
  return absl::StrFormat("chain/%04d.%s", number, ToAbsl(extension));
}

std::string FactLine(uint64_t position, const Digest& chain, std::string_view fact) {
  return StrCat(position, " ", ToHex(chain), " ", absl::Base64Escape(ToAbsl(fact)), "\n");
}

BundleVerdict VerifyBundle(const Files& files, std::span<const PublicKey> keys) {
  return BundleChecker(files, keys).Check();
}

}  // namespace nines::seal

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "daemon/ingest/ingest.h"
#include "daemon/report/report.h"
#include "daemon/seal/bundle.h"
#include "daemon/seal/changes_text.h"
#include "daemon/seal/report_text.h"
#include "daemon/seal/scope.h"
#include "daemon/seal/signing.h"
#include "daemon/seal/statement.h"
#include "storage/ledger/ledger.h"

// Sealing and restating the reports of closed periods (SLA.md section 8). What is sealed, and how it is proven without
// a daemon, is the business of daemon/seal.
namespace nines::sealing {

// Which report: its versions are numbered together.
struct Subject {
  report::Period period;  // a calendar period
  seal::Scope scope;
};

// One seal of the ledger.
struct Sealed {
  FactId fact;
  seal::Statement statement;
  std::string text;  // the statement, as it was signed
  std::string signature;
};

struct SealedVersion {
  Sealed seal;
  seal::SealedReport report;
  std::optional<seal::Changes> changes;  // of a restatement
};

// Thread-safe.
class Sealer {
 public:
  struct Options {
    std::string key_file;  // made with the first seal
    // Results are kept at least so long. Of periods that began earlier, a restatement takes what was observed from the
    // version before it.
    int64_t results_kept_ms = 0;
  };
  Sealer(const report::Reporter& reporter, const ledger::Ledger& ledger, ingest::Ingest& ingest, const Clock& clock,
         Options options)
      : reporter_(reporter), ledger_(ledger), ingest_(ingest), clock_(clock), options_(std::move(options)) {}

  enum class Mode : uint8_t { kSeal, kPreview };
  struct Outcome {
    seal::Statement statement;
    FactId fact;             // 0: a preview
    bool unchanged = false;  // the newest version says the same already: it is the one above
    std::optional<seal::Changes> changes;
  };
  // Seals a report, or restates it where facts or results that came since change it; then it needs a reason. Returns
  // when it is durable. FailedPrecondition: the period is not over, nothing is there to seal, the reason is missing
  // (the message says what differs), or the key cannot be used.
  absl::StatusOr<Outcome> Seal(const Subject& subject, const std::string& author, const std::string& reason, Mode mode);

  // All seals, in the order of the ledger. DataLoss names the one that cannot be read.
  absl::StatusOr<std::vector<Sealed>> List() const;
  // `version` 0 is the newest. NotFound says which versions there are.
  absl::StatusOr<SealedVersion> Read(const Subject& subject, uint64_t version) const;
  // With everything that proves it: daemon/seal/bundle.h.
  absl::StatusOr<seal::Files> Bundle(const Subject& subject, uint64_t version) const;
  // Makes the key if there is neither a key nor a seal.
  absl::StatusOr<seal::PublicKey> Key();

  struct Verification {
    uint64_t seals = 0;
    std::vector<std::string> faults;  // each names the seal
  };
  // That every seal holds, names the one before it and the facts up to its position, and that those facts with the
  // sealed timelines still give the sealed report, byte by byte.
  absl::StatusOr<Verification> Verify() const;

 private:
  struct Draft;
  absl::StatusOr<seal::PrivateKey> LoadKey() const;
  absl::StatusOr<Draft> DraftOf(const Subject& subject, const std::vector<Sealed>& seals) const;
  absl::StatusOr<seal::Changes> ChangesOf(const Draft& draft, const Sealed& previous, const std::string& reason) const;
  absl::StatusOr<Sealed> Find(const Subject& subject, uint64_t version) const;
  absl::StatusOr<std::string> Document(const seal::DocumentName& name) const { return ledger_.Document(name.sha256); }
  absl::Status VerifyOne(const Sealed& sealed) const;

  const report::Reporter& reporter_;
  const ledger::Ledger& ledger_;
  ingest::Ingest& ingest_;
  const Clock& clock_;
  const Options options_;
  // Held while a report is built and recorded: each seal names the one before it.
  Mutex one_at_a_time_;
};

}  // namespace nines::sealing

#include <string>
#include <string_view>

#include "base/status_macros.h"
#include "base/text.h"
#include "daemon/seal/timelines_text.h"
#include "daemon/sealing/sealed_form.h"
#include "daemon/sealing/sealer.h"

namespace nines::sealing {
namespace {

// The first line in which two texts differ, from 1.
size_t FirstDifference(std::string_view a, std::string_view b) {
  size_t line = 1;
  for (size_t i = 0; i < a.size() && i < b.size() && a[i] == b[i]; ++i) line += a[i] == '\n';
  return line;
}

}  // namespace

absl::Status Sealer::VerifyOne(const Sealed& sealed) const {
  const seal::Statement& statement = sealed.statement;
  NINES_ASSIGN_OR_RETURN(const seal::PublicKey key, seal::PublicKey::FromText(statement.public_key));
  if (!key.Verify(sealed.text, sealed.signature)) return absl::DataLossError("its signature does not hold");
  const FactId position(statement.ledger_position);
  if (position.value() < 1 || position >= sealed.fact || ledger_.ChainAt(position) != statement.ledger_digest) {
    return absl::DataLossError(StrCat("the facts up to ", position.value(), " are not those that it was made from"));
  }
  NINES_ASSIGN_OR_RETURN(const std::string report, Document(statement.report));
  NINES_ASSIGN_OR_RETURN(const std::string timelines, Document(statement.timelines));
  if (statement.changes.has_value()) NINES_RETURN_IF_ERROR(Document(*statement.changes).status());
  NINES_ASSIGN_OR_RETURN(const seal::SealedTimelines spans, seal::ReadTimelines(timelines));
  NINES_ASSIGN_OR_RETURN(const report::ObservedTimelines observed, FromSealed(spans));
  NINES_ASSIGN_OR_RETURN(const report::Period period, PeriodOf(statement.period));
  NINES_ASSIGN_OR_RETURN(const report::Report again,
                         reporter_.Rebuild(period, FilterOf(statement.scope), position, statement.now_ms, observed));
  const std::string text = seal::WriteReport(ToSealed(again, statement.scope));
  if (text == report) return absl::OkStatus();
  return absl::DataLossError(StrCat("its facts and timelines give another report now, from line ",
                                    FirstDifference(text, report), " of the sealed one on"));
}

absl::StatusOr<Sealer::Verification> Sealer::Verify() const {
  Verification verification;
  NINES_ASSIGN_OR_RETURN(const std::vector<Sealed> seals, List());
  std::optional<Digest> previous;
  for (const Sealed& sealed : seals) {
    const uint64_t number = ++verification.seals;
    const std::string where = StrCat("seal ", number, " (", sealed.statement.period, " of ",
                                     sealed.statement.scope.Text(), ", version ", sealed.statement.version, "): ");
    if (sealed.statement.number != number || sealed.statement.previous != previous) {
      verification.faults.push_back(StrCat(where, "does not follow the seal before it"));
    }
    if (const absl::Status status = VerifyOne(sealed); !status.ok()) {
      verification.faults.push_back(StrCat(where, FromAbsl(status.message())));
    }
    previous = Sha256Of(sealed.text);
  }
  return verification;
}

}  // namespace nines::sealing

#include "daemon/sealing/sealer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "base/status_macros.h"
#include "base/text.h"
#include "base/time_text.h"
#include "daemon/seal/timelines_text.h"
#include "daemon/sealing/causes.h"
#include "daemon/sealing/sealed_form.h"

namespace nines::sealing {
namespace {

constexpr size_t kNamedMax = 5;

std::string NameOf(const std::string& period, const seal::Scope& scope) { return StrCat(period, " of ", scope.Text()); }

bool IsOf(const seal::Statement& statement, const std::string& period, const seal::Scope& scope) {
  return statement.period == period && statement.scope == scope;
}

absl::Status CheckClosed(const report::Report& report, const seal::Scope& scope) {
  const std::string name = NameOf(report.period_label, scope);
  if (report.targets.empty()) {
    return absl::FailedPreconditionError(
        StrCat(name, ": the catalogue has no target of it, so there is nothing to seal"));
  }
  for (const report::TargetReport& target : report.targets) {
    if (target.period.end_ms <= report.generated_ms) continue;
    return absl::FailedPreconditionError(StrCat(name, ": the period of target '", target.target->id.value(),
                                                "' is not over before ", FormatTimeUtc(target.period.end_ms),
                                                "; seal it then"));
  }
  return absl::OkStatus();
}

// Those that held at some time of the targets' periods.
std::vector<seal::ContractUsed> ContractsOf(const report::Report& report) {
  std::vector<seal::ContractUsed> contracts;
  for (const report::TargetReport& target : report.targets) {
    const std::vector<catalogue::ContractVersion>& versions = target.target->contracts;
    for (size_t i = 0; i < versions.size(); ++i) {
      const int64_t to_ms = i + 1 < versions.size() ? versions[i + 1].from_ms : kTimeMaxMs;
      if (versions[i].from_ms >= target.period.end_ms || to_ms <= target.period.start_ms) continue;
      contracts.push_back({versions[i].position.value(), versions[i].id.value()});
    }
  }
  std::sort(contracts.begin(), contracts.end());
  contracts.erase(std::unique(contracts.begin(), contracts.end()), contracts.end());
  return contracts;
}

std::string Differences(const seal::Changes& changes) {
  std::string text;
  for (size_t i = 0; i < changes.targets.size() && i < kNamedMax; ++i) {
    const seal::TargetChange& change = changes.targets[i];
    const auto percent = [](const std::optional<seal::Totals>& totals) -> std::string {
      if (!totals.has_value()) return "not in the report";
      return totals->availability_percent.has_value() ? StrCat(*totals->availability_percent, " %") : "–";
    };
    StrAppend(&text, i == 0 ? "" : "; ", change.target, " ", percent(change.before), " → ", percent(change.after));
  }
  if (changes.targets.size() > kNamedMax) StrAppend(&text, "; and ", changes.targets.size() - kNamedMax, " more");
  return text;
}

// The part of a sealed timeline that is in the period.
sla::Timeline Inside(const report::ObservedTimelines& observed, const TargetId& target, Interval period) {
  const auto found = observed.find(target);
  return found == observed.end() ? sla::Timeline() : sla::Clip(found->second, period);
}

}  // namespace

// A report that would be sealed.
struct Sealer::Draft {
  FactId position;
  report::Report report;
  seal::SealedReport sealed;
  std::string report_text;
  std::string timelines_text;
  // The newest version that there is, and what it says.
  const Sealed* previous = nullptr;
  std::optional<seal::SealedReport> previous_report;
  report::ObservedTimelines previous_observed;

  bool SaysTheSame() const {
    seal::SealedReport then = *previous_report;
    then.ledger_position = sealed.ledger_position;
    then.now_ms = sealed.now_ms;
    return then == sealed;
  }
};

absl::StatusOr<seal::PrivateKey> Sealer::LoadKey() const {
  if (ledger_.Current(ledger::FactKind::kSeal).empty()) return seal::PrivateKey::LoadOrCreate(options_.key_file);
  absl::StatusOr<seal::PrivateKey> key = seal::PrivateKey::Load(options_.key_file);
  if (key.ok() || key.status().code() != absl::StatusCode::kNotFound) return key;
  return absl::FailedPreconditionError(StrCat(
      "the key ", options_.key_file,
      " is not there, and the ledger has seals already; put the key back (a backup has no key), or make another "
      "with `openssl genpkey -algorithm ed25519 -out FILE` and `chmod 600 FILE`, and publish it beside the old"));
}

absl::StatusOr<seal::PublicKey> Sealer::Key() {
  NINES_ASSIGN_OR_RETURN(const seal::PrivateKey key, LoadKey());
  return key.public_key();
}

absl::StatusOr<std::vector<Sealed>> Sealer::List() const {
  std::vector<Sealed> seals;
  for (const std::shared_ptr<const ledger::Fact>& fact : ledger_.Current(ledger::FactKind::kSeal)) {
    const auto& body = std::get<ledger::Seal>(fact->body);
    absl::StatusOr<seal::Statement> statement = seal::ReadStatement(body.statement);
    if (!statement.ok()) {
      return absl::DataLossError(
          StrCat("the seal of fact ", fact->id.value(), " cannot be read: ", FromAbsl(statement.status().message())));
    }
    seals.push_back({fact->id, *std::move(statement), body.statement, body.signature});
  }
  return seals;
}

absl::StatusOr<Sealer::Draft> Sealer::DraftOf(const Subject& subject, const std::vector<Sealed>& seals) const {
  if (subject.period.kind == report::PeriodKind::kSpan) {
    return absl::InvalidArgumentError("a span is not sealed; give a month, quarter, year or fee year");
  }
  Draft draft;
  const std::string label = report::LabelOf(subject.period);
  for (const Sealed& sealed : seals) {
    if (IsOf(sealed.statement, label, subject.scope)) draft.previous = &sealed;
  }
  const int64_t now_ms = clock_.NowMs();
  report::ObservedTimelines observed;
  if (draft.previous != nullptr) {
    const seal::Statement& previous = draft.previous->statement;
    NINES_ASSIGN_OR_RETURN(const std::string report, Document(previous.report));
    NINES_ASSIGN_OR_RETURN(draft.previous_report, seal::ReadReport(report));
    NINES_ASSIGN_OR_RETURN(const std::string timelines, Document(previous.timelines));
    NINES_ASSIGN_OR_RETURN(const seal::SealedTimelines sealed, seal::ReadTimelines(timelines));
    NINES_ASSIGN_OR_RETURN(draft.previous_observed, FromSealed(sealed));
    NINES_ASSIGN_OR_RETURN(const Interval period, report::IntervalOf(subject.period, "UTC"));
    constexpr int64_t kZonesMs = 86'400'000;  // further apart than any two zones are
    if (period.start_ms - kZonesMs < now_ms - options_.results_kept_ms) observed = draft.previous_observed;
  }
  draft.position = ledger_.LastPosition();
  NINES_ASSIGN_OR_RETURN(draft.report,
                         reporter_.Rebuild(subject.period, FilterOf(subject.scope), draft.position, now_ms, observed));
  NINES_RETURN_IF_ERROR(CheckClosed(draft.report, subject.scope));
  draft.sealed = ToSealed(draft.report, subject.scope);
  draft.report_text = seal::WriteReport(draft.sealed);
  draft.timelines_text = seal::WriteTimelines(TimelinesOf(draft.report, subject.scope));
  return draft;
}

absl::StatusOr<seal::Changes> Sealer::ChangesOf(const Draft& draft, const Sealed& previous,
                                                const std::string& reason) const {
  seal::Changes changes;
  changes.period = draft.sealed.period;
  changes.scope = draft.sealed.scope;
  changes.version = previous.statement.version + 1;
  changes.reason = reason;
  changes.targets = seal::CompareReports(*draft.previous_report, draft.sealed);
  NINES_ASSIGN_OR_RETURN(const Causes causes,
                         Causes::Between(ledger_, FactId(previous.statement.ledger_position), draft.position));
  report::ObservedTimelines observed;
  std::map<TargetId, Interval> periods;
  for (const report::TargetReport& target : draft.report.targets) {
    observed[target.target->id] = target.observed;
    periods[target.target->id] = target.period;
  }
  for (const seal::SealedTarget& target : draft.previous_report->targets) {
    periods.emplace(TargetId(target.id), Interval{target.period_start_ms, target.period_end_ms});
  }
  for (seal::TargetChange& change : changes.targets) {
    const TargetId target(change.target);
    const Interval& period = periods.at(target);
    Causes::OfTarget of = causes.Of(target, period);
    change.causes = std::move(of.causes);
    change.results_changed = !of.observing && change.before.has_value() && change.after.has_value() &&
                             Inside(observed, target, period) != Inside(draft.previous_observed, target, period);
  }
  return changes;
}

absl::StatusOr<Sealer::Outcome> Sealer::Seal(const Subject& subject, const std::string& author,
                                             const std::string& reason, Mode mode) {
  MutexLock lock(one_at_a_time_);
  NINES_ASSIGN_OR_RETURN(const std::vector<Sealed> seals, List());
  NINES_ASSIGN_OR_RETURN(const Draft draft, DraftOf(subject, seals));
  if (draft.previous != nullptr && draft.SaysTheSame()) {
    return Outcome{draft.previous->statement, draft.previous->fact, /*unchanged=*/true, std::nullopt};
  }
  Outcome outcome;
  seal::Statement& statement = outcome.statement;
  const std::string name = NameOf(draft.sealed.period, draft.sealed.scope);
  if (draft.previous != nullptr) {
    NINES_ASSIGN_OR_RETURN(outcome.changes, ChangesOf(draft, *draft.previous, reason));
    statement.version = outcome.changes->version;
    if (mode == Mode::kSeal && reason.empty()) {
      return absl::FailedPreconditionError(StrCat(name, " is sealed as version ", draft.previous->statement.version,
                                                  ", and differs now: ", Differences(*outcome.changes),
                                                  "; give a reason to make version ", statement.version, " of it"));
    }
    statement.changes = seal::NameOf(seal::WriteChanges(*outcome.changes));
  } else if (!reason.empty()) {
    return absl::InvalidArgumentError(StrCat(name, " is not sealed yet: a reason belongs to a restatement alone"));
  }
  statement.number = seals.size() + 1;
  if (!seals.empty()) statement.previous = Sha256Of(seals.back().text);
  statement.period = draft.sealed.period;
  statement.scope = draft.sealed.scope;
  statement.reason = reason;
  statement.author = author;
  statement.now_ms = draft.sealed.now_ms;
  statement.ledger_position = draft.position.value();
  statement.ledger_digest = ledger_.ChainAt(draft.position);
  statement.contracts = ContractsOf(draft.report);
  statement.report = seal::NameOf(draft.report_text);
  statement.timelines = seal::NameOf(draft.timelines_text);
  if (mode == Mode::kPreview) return outcome;

  NINES_ASSIGN_OR_RETURN(const seal::PrivateKey key, LoadKey());
  statement.public_key = key.public_key().Text();
  ledger::Seal body;
  body.statement = seal::WriteStatement(statement);
  body.signature = key.Sign(body.statement);
  ledger::NewFact fact{author, ProviderId(), {}, {draft.report_text, draft.timelines_text}};
  if (outcome.changes.has_value()) fact.documents.push_back(seal::WriteChanges(*outcome.changes));
  for (const std::string& document : fact.documents) body.documents.push_back(Sha256Of(document));
  fact.body = std::move(body);
  NINES_ASSIGN_OR_RETURN(const std::vector<ledger::Recorded> recorded, ingest_.RecordFacts({std::move(fact)}));
  outcome.fact = recorded.at(0).id;
  return outcome;
}

absl::StatusOr<Sealed> Sealer::Find(const Subject& subject, uint64_t version) const {
  NINES_ASSIGN_OR_RETURN(const std::vector<Sealed> seals, List());
  const std::string label = report::LabelOf(subject.period);
  const Sealed* found = nullptr;
  uint64_t newest = 0;
  for (const Sealed& sealed : seals) {
    if (!IsOf(sealed.statement, label, subject.scope)) continue;
    newest = sealed.statement.version;
    if (version == 0 || version == newest) found = &sealed;
  }
  if (found != nullptr) return *found;
  const std::string name = NameOf(label, subject.scope);
  if (newest == 0) return absl::NotFoundError(StrCat(name, " is not sealed"));
  return absl::NotFoundError(StrCat(name, " has no version ", version, "; the newest is ", newest));
}

absl::StatusOr<SealedVersion> Sealer::Read(const Subject& subject, uint64_t version) const {
  SealedVersion read;
  NINES_ASSIGN_OR_RETURN(read.seal, Find(subject, version));
  NINES_ASSIGN_OR_RETURN(const std::string report, Document(read.seal.statement.report));
  NINES_ASSIGN_OR_RETURN(read.report, seal::ReadReport(report));
  if (read.seal.statement.changes.has_value()) {
    NINES_ASSIGN_OR_RETURN(const std::string changes, Document(*read.seal.statement.changes));
    NINES_ASSIGN_OR_RETURN(read.changes, seal::ReadChanges(changes));
  }
  return read;
}

absl::StatusOr<seal::Files> Sealer::Bundle(const Subject& subject, uint64_t version) const {
  NINES_ASSIGN_OR_RETURN(const Sealed sealed, Find(subject, version));
  const seal::Statement& statement = sealed.statement;
  seal::Files files;
  files.emplace(seal::kSealFile, sealed.text);
  files.emplace(seal::kSignatureFile, sealed.signature);
  NINES_ASSIGN_OR_RETURN(files[std::string(seal::kReportFile)], Document(statement.report));
  NINES_ASSIGN_OR_RETURN(files[std::string(seal::kTimelinesFile)], Document(statement.timelines));
  if (statement.changes.has_value()) {
    NINES_ASSIGN_OR_RETURN(files[std::string(seal::kChangesFile)], Document(*statement.changes));
  }
  NINES_ASSIGN_OR_RETURN(const std::vector<Sealed> seals, List());
  for (uint64_t number = 1; number < statement.number; ++number) {
    files.emplace(seal::ChainFile(number, "txt"), seals.at(number - 1).text);
    files.emplace(seal::ChainFile(number, "sig"), seals.at(number - 1).signature);
  }
  std::string& facts = files[std::string(seal::kFactsFile)];
  facts = seal::kFactsHead;
  for (const std::shared_ptr<const ledger::Fact>& fact : ledger_.List(FactId(1), statement.ledger_position)) {
    facts += seal::FactLine(fact->id.value(), ledger_.ChainAt(fact->id), ledger::EncodeFact(*fact));
  }
  return files;
}

}  // namespace nines::sealing

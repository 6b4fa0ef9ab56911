#include "daemon/rpc/seal_handler.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "base/status_macros.h"
#include "daemon/rpc/paging.h"
#include "daemon/rpc/request.h"
#include "daemon/rpc/seal_render.h"
#include "daemon/seal/archive.h"

namespace nines::rpc {
namespace {

constexpr size_t kPieceBytes = 1 << 20;

absl::StatusOr<report::Period> SealedPeriodOf(const v1::SealSubject& subject) {
  using report::PeriodKind;
  switch (subject.period_case()) {
    case v1::SealSubject::kMonth:
      return report::Period{PeriodKind::kMonth, subject.month(), {}};
    case v1::SealSubject::kQuarter:
      return report::Period{PeriodKind::kQuarter, subject.quarter(), {}};
    case v1::SealSubject::kYear:
      return report::Period{PeriodKind::kYear, subject.year(), {}};
    case v1::SealSubject::kFeeYear:
      return report::Period{PeriodKind::kFeeYear, subject.fee_year(), {}};
    case v1::SealSubject::PERIOD_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("the period is missing; give one of month, quarter, year, fee_year");
}

absl::StatusOr<sealing::Subject> SubjectOf(const v1::SealSubject& subject) {
  sealing::Subject out;
  NINES_ASSIGN_OR_RETURN(out.period, SealedPeriodOf(subject));
  if (!subject.provider_id().empty() && !subject.agency_id().empty()) {
    return absl::InvalidArgumentError("give provider_id or agency_id, not both: a report is sealed for one of them");
  }
  if (!subject.provider_id().empty()) out.scope = {seal::Scope::Kind::kProvider, subject.provider_id()};
  if (!subject.agency_id().empty()) out.scope = {seal::Scope::Kind::kAgency, subject.agency_id()};
  return out;
}

absl::StatusOr<uint64_t> FirstSealOf(const std::string& token) {
  NINES_ASSIGN_OR_RETURN(const std::string text, ReadPageToken("seals", token));
  uint64_t number = 1;
  if (text.empty()) return number;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || stop != text.data() + text.size()) return BadPageToken();
  return number;
}

}  // namespace

absl::Status SealHandler::SealPeriod(const v1::SealPeriodRequest& request, v1::SealPeriodResponse* response) {
  NINES_RETURN_IF_ERROR(CheckAuthor(request.author()));
  NINES_ASSIGN_OR_RETURN(const sealing::Subject subject, SubjectOf(request.subject()));
  const auto mode = request.preview() ? sealing::Sealer::Mode::kPreview : sealing::Sealer::Mode::kSeal;
  NINES_ASSIGN_OR_RETURN(const sealing::Sealer::Outcome outcome,
                         sealer_.Seal(subject, request.author(), request.reason(), mode));
  *response->mutable_seal() = ToProto(outcome.statement, outcome.fact);
  response->set_unchanged(outcome.unchanged);
  if (outcome.changes) *response->mutable_changes() = ToProto(*outcome.changes);
  return absl::OkStatus();
}

absl::Status SealHandler::ListSeals(const v1::ListSealsRequest& request, v1::ListSealsResponse* response) {
  NINES_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size(), 200, 1000));
  NINES_ASSIGN_OR_RETURN(const uint64_t first, FirstSealOf(request.page_token()));
  NINES_ASSIGN_OR_RETURN(const std::vector<sealing::Sealed> seals, sealer_.List());
  for (const sealing::Sealed& sealed : seals) {
    if (sealed.statement.number < first) continue;
    if (static_cast<size_t>(response->seals_size()) == page_size) {
      response->set_next_page_token(PageToken("seals", StrCat(sealed.statement.number)));
      break;
    }
    *response->add_seals() = ToProto(sealed.statement, sealed.fact);
  }
  return absl::OkStatus();
}

absl::Status SealHandler::GetSealedReport(const v1::GetSealedReportRequest& request,
                                          v1::GetSealedReportResponse* response) {
  NINES_ASSIGN_OR_RETURN(const sealing::Subject subject, SubjectOf(request.subject()));
  NINES_ASSIGN_OR_RETURN(const sealing::SealedVersion version, sealer_.Read(subject, request.version()));
  *response->mutable_report() = ToProto(version.report);
  *response->mutable_seal() = ToProto(version.seal.statement, version.seal.fact);
  if (version.changes) *response->mutable_changes() = ToProto(*version.changes);
  return absl::OkStatus();
}

absl::Status SealHandler::GetSealKey(const v1::GetSealKeyRequest&, v1::GetSealKeyResponse* response) {
  NINES_ASSIGN_OR_RETURN(const seal::PublicKey key, sealer_.Key());
  response->set_public_key_pem(key.Pem());
  response->set_key_id(ToHex(key.Id()));
  return absl::OkStatus();
}

absl::Status SealHandler::ExportSeal(const v1::ExportSealRequest& request,
                                     const std::function<bool(const v1::ExportSealResponse&)>& write) {
  NINES_ASSIGN_OR_RETURN(const sealing::Subject subject, SubjectOf(request.subject()));
  NINES_ASSIGN_OR_RETURN(const seal::Files files, sealer_.Bundle(subject, request.version()));
  const std::string archive = seal::WriteArchive(files);
  for (size_t at = 0; at < archive.size(); at += kPieceBytes) {
    v1::ExportSealResponse response;
    response.set_piece(archive.substr(at, kPieceBytes));
    if (!write(response)) return absl::CancelledError("the caller is gone");
  }
  return absl::OkStatus();
}

}  // namespace nines::rpc

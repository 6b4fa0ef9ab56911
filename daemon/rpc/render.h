#pragma once

#include "absl/status/statusor.h"
#include "daemon/live/live.h"
#include "daemon/report/report.h"
#include "nines/v1/availability.pb.h"
#include "nines/v1/fact.pb.h"
#include "nines/v1/report.pb.h"
#include "storage/ledger/ledger.h"

// Values of the domain as messages, with the words and numbers that they have: nothing is computed here.
namespace nines::rpc {

v1::State ToProto(sla::State state);
v1::Account ToProto(const sla::Assessment& assessment);
v1::Name ToProto(const catalogue::Name& name);
v1::ContractTerms ToProto(const catalogue::ContractVersion& version);
v1::CheckEvidence ToProto(const report::CheckEvidence& evidence);
v1::FactEvidence ToProto(const report::FactEvidence& evidence);
v1::Outage ToProto(const sla::Outage& outage);
v1::TargetReport ToProto(const report::TargetReport& report, const std::string& period_label);
v1::ExplainAccountResponse ToProto(const report::AccountExplanation& explained);
v1::ExplainInstantResponse ToProto(const report::InstantExplanation& explained);
v1::Pooled ToProto(const sla::PoolResult& pooled, const TargetId& worst);
v1::GroupReport ToProto(const report::Group& group);
v1::Hypothesis ToProto(const catalogue::ContractVersion& what_if, const v1::CatalogueFile& file);
v1::TargetStatus ToProto(const live::TargetStatus& status, const catalogue::Catalogue& catalogue);
// DataLoss for a catalogue entry that cannot be read.
absl::StatusOr<v1::Fact> ToProto(const ledger::Fact& fact, FactId replaced_by);

}  // namespace nines::rpc

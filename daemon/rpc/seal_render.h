#pragma once

#include "daemon/seal/changes_text.h"
#include "daemon/seal/report_text.h"
#include "daemon/seal/statement.h"
#include "nines/v1/report.pb.h"
#include "nines/v1/seal.pb.h"

// What was sealed as messages, with the numbers that it has: nothing is computed here.
namespace nines::rpc {

// A position of 0: a preview.
v1::Seal ToProto(const seal::Statement& statement, FactId position);
v1::SealChanges ToProto(const seal::Changes& changes);
v1::GetReportResponse ToProto(const seal::SealedReport& report);

}  // namespace nines::rpc

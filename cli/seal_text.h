#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/context.h"
#include "nines/v1/seal.pb.h"

namespace nines::cli {

// The flags that name a sealed report.
struct SubjectFlags {
  std::string month, quarter, year, fee_year, provider, agency;

  void AddTo(CLI::App& command);
  bool HasPeriod() const { return !month.empty() || !quarter.empty() || !year.empty() || !fee_year.empty(); }
  // Throws CLI::ValidationError without a period.
  void Require(const std::string& command) const;
  v1::SealSubject ToProto() const;
};

// "2026-05 of provider/huacloud, version 2".
std::string SealName(const Context& context, const v1::Seal& seal);

// How a restatement differs from the version before it, and why.
void PrintChanges(const v1::SealChanges& changes, const Context& context);

}  // namespace nines::cli

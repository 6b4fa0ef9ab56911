#pragma once

#include <ostream>
#include <string>

#include "cli/context.h"
#include "nines/v1/comparison.pb.h"

namespace nines::cli {

// What of a comparison is written: each is a table of its own.
inline constexpr char kShowProviders[] = "providers";
inline constexpr char kShowTargets[] = "targets";
inline constexpr char kShowDeclarations[] = "declarations";
inline constexpr char kShowDifferences[] = "differences";

// All of them where `show` is empty.
void PrintComparisonTables(const v1::CompareDeclarationsResponse& comparison, const std::string& show,
                           const Context& context);
// `show` is one of the above.
void PrintComparisonCsv(const v1::CompareDeclarationsResponse& comparison, const std::string& show, std::ostream& out);

}  // namespace nines::cli

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "daemon/seal/archive.h"
#include "daemon/seal/signing.h"
#include "daemon/seal/statement.h"

// A sealed report with everything that proves it, as files: docs/sealing.md, "The bundle".
namespace nines::seal {

inline constexpr std::string_view kSealFile = "seal.txt";
inline constexpr std::string_view kSignatureFile = "seal.sig";
inline constexpr std::string_view kReportFile = "report.txt";
inline constexpr std::string_view kTimelinesFile = "timelines.txt";
inline constexpr std::string_view kChangesFile = "changes.txt";  // of a restatement
inline constexpr std::string_view kFactsFile = "facts.txt";
// Of every seal before this one: "chain/0001.txt", "chain/0001.sig".
std::string ChainFile(uint64_t number, std::string_view extension);

// facts.txt is this line, and then one for each fact. `fact` is its canonical bytes, `chain` the digest of all up to
// it.
inline constexpr std::string_view kFactsHead = "nines-facts 1\n";
std::string FactLine(uint64_t position, const Digest& chain, std::string_view fact);

struct BundleVerdict {
  std::optional<Statement> statement;  // as far as seal.txt can be read
  uint64_t facts = 0;
  uint64_t seals = 0;
  std::vector<std::string> faults;  // each begins with the file that is wrong; empty: all is sound
};

// Checks every byte of a bundle. `keys` are those that are trusted; without any, each seal is checked by the key that
// it names itself, which shows that it was not changed, and not who made it.
BundleVerdict VerifyBundle(const Files& files, std::span<const PublicKey> keys);

}  // namespace nines::seal

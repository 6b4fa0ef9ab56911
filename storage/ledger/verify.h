#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/ledger/record.h"
#include "storage/rocks/database.h"

namespace nines::ledger {

struct Verification {
  uint64_t facts = 0;
  uint64_t documents = 0;
  uint64_t streams = 0;             // positions of streams
  std::vector<std::string> faults;  // each names the record and says what is wrong; empty: all is sound
};

// Reads all of the ledger from the database and checks every byte: facts and their chain, that the documents of seals
// are there and are what their names say, positions of streams. `on_fact` gets each sound fact, in order. Errors are
// the database's. While facts are being recorded it sees those of one moment.
absl::StatusOr<Verification> VerifyLedger(const rocks::Database& database,
                                          const std::function<void(const ChainReader::Link&)>& on_fact);

}  // namespace nines::ledger

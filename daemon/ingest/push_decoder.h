#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "daemon/ingest/batch.h"
#include "nines/v1/ingest.pb.h"

namespace nines::ingest {

// Turns the batches of one Push stream into the daemon's own words. Whatever the message, the result is well-formed:
// what is not is left out and refused with its count, its place and what to do. Thread-compatible.
class PushDecoder {
 public:
  // More registrations than `registrations_max` in one stream are refused: their labels would fill the memory.
  PushDecoder(ledger::StreamKey stream, uint32_t registrations_max);

  Batch Decode(const v1::Batch& batch);

 private:
  void RegisterSeries(const v1::Batch& in, Batch& out);
  void RegisterChecks(const v1::Batch& in, Batch& out);
  SeriesEntry ReadSeries(const v1::SeriesRegistration& registration) const;
  void ReadRow(const v1::Row& row, Batch& out, RefusalList& refusals) const;
  void RefuseNumber(uint64_t number, int count, RefusalList& refusals) const;
  void ReadResults(const v1::CheckResults& in, Batch& out, RefusalList& refusals) const;
  void ReadFacts(const v1::Batch& in, Batch& out) const;

  const ledger::StreamKey stream_;
  const uint32_t registrations_max_;
  std::shared_ptr<Session> session_;
  uint32_t series_ = 0;  // registered so far
  uint32_t checks_ = 0;
};

}  // namespace nines::ingest

#include <google/protobuf/stubs/logging.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "collectors/agent/spool.h"

namespace {

namespace fs = std::filesystem;
using nines::collector::FrameRecord;
using nines::collector::Spool;

// In memory where there is such a place: a spool syncs a lot.
fs::path Directory() {
  const fs::path base = fs::is_directory("/dev/shm") ? "/dev/shm" : fs::temp_directory_path();
  spdlog::set_level(spdlog::level::off);
  google::protobuf::SetLogHandler(nullptr);
  return base / ("nines-spool-fuzz-" + std::to_string(::getpid()));
}

std::string Record(uint64_t sequence) {
  nines::v1::SpoolRecord record;
  record.mutable_batch()->set_sequence(sequence);
  record.mutable_batch()->add_register_checks("check");
  (*record.mutable_cursors())["source"] = "cursor";
  record.set_spooled_ms(1'700'000'000'000);
  return record.SerializeAsString();
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  nines::v1::SpoolMeta meta;
  meta.set_version(1);
  meta.set_epoch(7);
  meta.set_next_sequence(3);
  return {"s" + std::string(nines::collector::kSegmentMagic) + FrameRecord(Record(1)) + FrameRecord(Record(2)),
          "r" + Record(1), "m" + FrameRecord(meta.SerializeAsString())};
}

// Whatever stands in a segment ("s…", "r…" one record with a right checksum) or in `meta` ("m…"), the spool opens or
// says why not, hands out what is good, and takes new records under numbers that were not used.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const fs::path directory = Directory();
  static const nines::ManualClock clock(absl::FromUnixSeconds(1'700'000'000));
  if (size == 0) return 0;
  std::string content(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 'r') content = std::string(nines::collector::kSegmentMagic) + FrameRecord(content);
  fs::remove_all(directory);
  fs::create_directories(directory);
  std::ofstream(directory / (data[0] == 'm' ? "meta" : "00000000000000000001.seg"), std::ios::binary) << content;
  uint64_t last = 0;
  for (int round = 0; round < 2; ++round) {
    auto spool = Spool::Open({.directory = directory}, clock);
    if (!spool.ok()) break;
    NINES_CHECK((*spool)->last_sequence() >= last);
    if (!(*spool)->Reserve(1000).ok()) break;
    nines::v1::SpoolRecord record;
    if (!(*spool)->Append(&record).ok()) break;
    NINES_CHECK(record.batch().sequence() > last);
    last = record.batch().sequence();
    Spool::Position position;
    uint64_t read = 0;
    while ((*spool)->Read(&position, &record).value()) {
      NINES_CHECK(record.batch().sequence() > read);
      read = record.batch().sequence();
    }
    NINES_CHECK(read == last);
  }
  fs::remove_all(directory);
  return 0;
}

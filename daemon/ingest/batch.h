#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/strong_id.h"
#include "storage/ledger/ledger.h"
#include "storage/series/labels.h"
#include "storage/series/store.h"

// What every protocol turns its messages into before it hands them to Ingest.
namespace nines::ingest {

// Same numbers as nines.v1.RefusalReason.
enum class RefusalReason : uint8_t {
  kTooOld = 1,
  kTooFarAhead = 2,
  kMalformed = 3,
  kInvalidFact = 4,
  kNotAllowed = 5,
  kTooManySeries = 6
};
inline constexpr int kRefusalReasonCount = 7;
std::string_view RefusalReasonName(RefusalReason reason);  // "too_old"

struct Refusal {
  uint64_t sequence = 0;
  RefusalReason reason = RefusalReason::kMalformed;
  uint64_t count = 1;   // samples, results or facts
  std::string message;  // which, where and what to do
  std::string fact_source;
  std::string fact_id;
};

// The refusals of one batch. Those of one reason and one `what` become one, which counts all and describes the first.
class RefusalList {
 public:
  explicit RefusalList(std::vector<Refusal>& refusals) : refusals_(refusals) {}

  // `detail` is called for the first only: StrCat is not for the millionth sample.
  template <typename Detail>
  void Add(RefusalReason reason, std::string_view what, uint64_t count, const Detail& detail) {
    if (Refusal* same = Find(reason, what)) {
      same->count += count;
    } else {
      AddNew(reason, what, count, detail());
    }
  }

 private:
  Refusal* Find(RefusalReason reason, std::string_view what);
  void AddNew(RefusalReason reason, std::string_view what, uint64_t count, const std::string& detail);

  std::vector<Refusal>& refusals_;
};

// A label set on its way into a session. A refused one takes its number as well; what is sent under it is refused.
struct SeriesEntry {
  series::Labels labels;
  RefusalReason reason = RefusalReason::kMalformed;  // with `refused`
  std::string refused;                               // empty: it is fine
};
struct CheckEntry {
  CheckId check;
  RefusalReason reason = RefusalReason::kMalformed;
  std::string refused;
};

// The label sets and checks of one sender by their numbers, resolved to series once. The sender creates it and passes
// it with each of its batches; everything but `provider` is confined to the writer thread.
struct Session {
  explicit Session(ProviderId provider) : provider(std::move(provider)) {}

  // What a number stands for. Most of them are resolved and need nothing but their series.
  struct Slots {
    static constexpr uint32_t kNone = 0;  // not resolved yet, or refused
    std::vector<uint32_t> ids;            // by number
    absl::flat_hash_map<uint32_t, series::Labels> fresh;  // not resolved yet
  };
  struct Refused {
    RefusalReason reason;
    std::string message;
  };

  const ProviderId provider;
  // A batch of the session was lost: no later one may be taken, or the stream's position would skip the lost one. Or a
  // series of it was removed.
  bool broken = false;
  Slots series;
  Slots checks;
  std::vector<CheckId> check_ids;
  absl::flat_hash_map<uint32_t, Refused> refused_series;
  absl::flat_hash_map<uint32_t, Refused> refused_checks;
  uint64_t removals = 0;  // of the store, when the ids were looked at last
};

// A collector's own health, as its latest batch tells it. Counters since its epoch began.
struct CollectorHealth {
  uint64_t spool_bytes = 0;
  uint64_t spool_bytes_max = 0;
  uint64_t spool_dropped_records = 0;
  uint64_t source_errors = 0;
};

// Times outside [1970, 10000) are nobody's.
inline bool IsTime(int64_t time_ms) { return time_ms >= series::kFirstTimeMs && time_ms < series::kEndTimeMs; }

// One batch of one sender, checked for form: times are within [1970, 10000), numbers are registered.
struct Batch {
  struct Results {
    uint32_t check = 0;                   // number in the session
    std::vector<series::Sample> samples;  // in the order of recording
  };

  std::shared_ptr<Session> session;  // may be null where there are only facts and no stream
  ledger::StreamKey stream;          // empty collector: not part of a stream, no check for duplicates
  uint64_t sequence = 0;
  std::vector<SeriesEntry> register_series;  // take the session's next numbers, before the rows are looked at
  std::vector<CheckEntry> register_checks;
  series::Rows rows;  // with numbers in the session in place of ids
  std::vector<Results> results;
  std::vector<ledger::NewFact> facts;
  std::optional<CollectorHealth> health;
  std::vector<Refusal> refusals;  // found while the form was checked
  size_t bytes = 0;               // about what it takes in memory; bounds the queue
};

// What became of a batch.
struct Outcome {
  absl::Status status;  // not OK: nothing of it is stored; send it again
  bool duplicate = false;
  std::vector<Refusal> refusals;
  std::vector<ledger::Recorded> recorded;  // one for each fact that was not refused
};

}  // namespace nines::ingest

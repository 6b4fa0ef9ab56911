#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collectors/agent/record_builder.h"
#include "collectors/agent/recorder.h"
#include "collectors/agent/signal.h"
#include "collectors/agent/spool.h"

namespace nines::collector {

inline constexpr int64_t kRecordBytesMax = 1 << 20;

// The Recorder of a running collector: gathers for a tenth of a second, or until it is much, and appends to the spool.
// Confined to the agent's io_context.
class SpoolRecorder final : public Recorder {
 public:
  SpoolRecorder(boost::asio::io_context& io, Spool& spool);

  void AddRow(int64_t time_ms, std::span<const RowSample> samples) override;
  void AddResult(std::string_view check, int64_t time_ms, v1::ResultState state) override;
  void AddDeclaration(v1::Declaration declaration) override;
  void AddMaintenance(v1::Maintenance maintenance) override;
  void SetCursor(const std::string& source, std::string cursor) override;
  std::string GetCursor(const std::string& source) const override;
  // Not synced to the disk: the spool does that before a record is sent, which is all that its promises need.
  boost::asio::awaitable<absl::Status> Flush() override;
  boost::asio::awaitable<absl::StatusOr<std::vector<v1::Refusal>>> Acknowledged() override;

  // Appends what gathers, until Stop(). To be spawned once.
  boost::asio::awaitable<void> Run();
  // From now on nothing waits: Flush() tries once, and both it and Acknowledged() say Cancelled.
  void Stop();
  bool stopped() const { return stopped_; }

  // For the stream client: something was appended; what the daemon answered; how large a record may be.
  Signal& appended() { return appended_; }
  void OnWelcome(const v1::Welcome& welcome);
  void OnAcknowledgement(const v1::Acknowledgement& acknowledgement);
  // The records up to `sequence` are gone without an answer.
  void OnLost(uint64_t sequence);

 private:
  using FactKey = std::pair<std::string, std::string>;  // source, id

  // True: all is in the spool. False: it is full, or the disk failed (logged once a minute at most).
  bool TryWrite();
  absl::StatusOr<bool> WriteOne();
  void RememberFacts(const v1::Batch& batch);
  void MaybeWriteEarly();
  void Settle(uint64_t sequence);

  boost::asio::io_context& io_;
  Spool& spool_;
  RecordBuilder builder_;
  std::optional<v1::SpoolRecord> unwritten_;  // built, but the disk did not take it
  uint64_t segment_ = 0;
  int64_t record_bytes_max_ = kRecordBytesMax;
  bool stopped_ = false;
  absl::Status last_error_;
  Signal added_, appended_, answered_;

  struct SentFact {
    uint64_t sequence;
    FactKey key;
  };
  std::deque<SentFact> facts_unanswered_;
  std::map<FactKey, v1::Refusal> refused_;
};

}  // namespace nines::collector

#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/bench/http_connection.h"
#include "tests/bench/sample_sink.h"

namespace nines::bench {

// Samples by Prometheus' remote_write 1.0 through one connection: a request of up to samples_per_request, answered, and
// then the next. Each sample is a TimeSeries of its own, as Prometheus sends them; the labels are encoded once.
class RemoteWriteSink final : public SampleSink {
 public:
  // `acknowledged` counts samples, and outlives this. `provider` becomes a label, as ninesd adds it to what is pushed.
  RemoteWriteSink(Url url, std::string provider, int64_t samples_per_request, std::atomic<int64_t>& acknowledged);

  absl::Status Register(int64_t series, const std::function<LabelSet(int64_t)>& labels_of) override;
  absl::Status Add(int64_t time_ms, int64_t first_series, std::span<const double> values) override;
  absl::Status Flush() override;
  absl::Status Drain() override { return Flush(); }

 private:
  std::string_view LabelBytes(int64_t series) const {
    const size_t at = label_ends_[static_cast<size_t>(series)];
    return std::string_view(label_bytes_).substr(at, label_ends_[static_cast<size_t>(series) + 1] - at);
  }

  const std::string provider_;
  const int64_t samples_per_request_;
  std::atomic<int64_t>& acknowledged_;
  HttpConnection connection_;
  HttpConnection::Request request_;  // all but the body stays
  std::string label_bytes_;          // of each series: its Labels as fields of a TimeSeries
  std::vector<size_t> label_ends_ = {0};
  std::string message_;  // a WriteRequest
  int64_t samples_ = 0;  // in it
};

}  // namespace nines::bench

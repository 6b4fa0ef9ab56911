#include "tests/bench/remote_write_sink.h"

#include <snappy.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/status_macros.h"
#include "base/text.h"

namespace nines::bench {
namespace {

// Of protobuf's wire format: (field number << 3) | wire type.
constexpr char kTimeSeries = 0x0a;   // WriteRequest.timeseries = 1
constexpr char kLabel = 0x0a;        // TimeSeries.labels = 1
constexpr char kSample = 0x12;       // TimeSeries.samples = 2
constexpr char kName = 0x0a;         // Label.name = 1
constexpr char kValue = 0x12;        // Label.value = 2
constexpr char kSampleValue = 0x09;  // Sample.value = 1, 64 bits
constexpr char kSampleTime = 0x10;   // Sample.timestamp = 2

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

size_t VarintBytes(uint64_t value) { return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7; }

void AppendText(char tag, std::string_view text, std::string& out) {
  out.push_back(tag);
  AppendVarint(text.size(), out);
  out.append(text);
}

}  // namespace

RemoteWriteSink::RemoteWriteSink(Url url, std::string provider, int64_t samples_per_request,
                                 std::atomic<int64_t>& acknowledged)
    : provider_(std::move(provider)),
      samples_per_request_(samples_per_request),
      acknowledged_(acknowledged),
      connection_(std::move(url)),
      request_(connection_.Make(boost::beast::http::verb::post, connection_.url().path)) {
  request_.set("Content-Encoding", "snappy");
  request_.set("Content-Type", "application/x-protobuf");
  request_.set("X-Prometheus-Remote-Write-Version", "0.1.0");
}

absl::Status RemoteWriteSink::Register(int64_t series, const std::function<LabelSet(int64_t)>& labels_of) {
  std::string label;
  for (int64_t i = 0; i < series; ++i) {
    LabelSet labels = labels_of(i);
    labels.emplace_back("provider", provider_);
    std::sort(labels.begin(), labels.end());
    for (const auto& [name, value] : labels) {
      label.clear();
      AppendText(kName, name, label);
      AppendText(kValue, value, label);
      AppendText(kLabel, label, label_bytes_);
    }
    label_ends_.push_back(label_bytes_.size());
  }
  return absl::OkStatus();
}

absl::Status RemoteWriteSink::Add(int64_t time_ms, int64_t first_series, std::span<const double> values) {
  const auto time = static_cast<uint64_t>(time_ms);
  const size_t sample_bytes = 1 + 8 + 1 + VarintBytes(time);
  for (size_t i = 0; i < values.size(); ++i) {
    const std::string_view labels = LabelBytes(first_series + static_cast<int64_t>(i));
    message_.push_back(kTimeSeries);
    AppendVarint(labels.size() + 2 + sample_bytes, message_);
    message_.append(labels);
    message_.push_back(kSample);
    message_.push_back(static_cast<char>(sample_bytes));
    message_.push_back(kSampleValue);
    const auto bits = std::bit_cast<std::array<char, 8>>(values[i]);  // little-endian, as the wire has it
    message_.append(bits.data(), bits.size());
    message_.push_back(kSampleTime);
    AppendVarint(time, message_);
  }
  samples_ += static_cast<int64_t>(values.size());
  return samples_ < samples_per_request_ ? absl::OkStatus() : Flush();
}

absl::Status RemoteWriteSink::Flush() {
  if (samples_ == 0) return absl::OkStatus();
  snappy::Compress(message_.data(), message_.size(), &request_.body());
  request_.prepare_payload();
  message_.clear();
  NINES_ASSIGN_OR_RETURN(const HttpAnswer answer, connection_.Send(request_));
  if (answer.code < 200 || answer.code > 299) {
    return absl::FailedPreconditionError(
        StrCat("the server answered ", answer.code, " to ", samples_, " samples: ", answer.body.substr(0, 500)));
  }
  acknowledged_ += std::exchange(samples_, 0);
  return absl::OkStatus();
}

}  // namespace nines::bench

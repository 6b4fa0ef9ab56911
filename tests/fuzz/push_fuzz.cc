// Whatever a peer sends as batches of a Push stream, what comes out of the decoder is well-formed.
#include <google/protobuf/message.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <string>

#include "base/check.h"
#include "daemon/ingest/push_decoder.h"

namespace {

void CheckWellFormed(const nines::ingest::Batch& batch, size_t series, size_t checks) {
  size_t samples = 0;
  for (const auto& row : batch.rows.rows) {
    samples += row.count;
    NINES_CHECK(nines::ingest::IsTime(row.time_ms));
  }
  NINES_CHECK(samples == batch.rows.series.size() && samples == batch.rows.values.size());
  for (const uint32_t number : batch.rows.series) NINES_CHECK(number < series);
  for (const auto& results : batch.results) {
    NINES_CHECK(results.check < checks && !results.samples.empty());
    for (const auto& sample : results.samples) NINES_CHECK(nines::ingest::IsTime(sample.time_ms));
  }
  for (const auto& entry : batch.register_series) {
    NINES_CHECK(!entry.refused.empty() || entry.labels.Get("provider") == "north");
  }
  for (const auto& fact : batch.facts) NINES_CHECK(fact.provider.value() == "north");
  for (const auto& refusal : batch.refusals)
    NINES_CHECK(!refusal.message.empty() && refusal.sequence == batch.sequence);
}

// Fills a message from the input by its descriptor, so that most inputs get past the parser.
class Filler {
 public:
  Filler(const uint8_t* data, size_t size) : data_(data), left_(size) {}

  void Fill(google::protobuf::Message* message, int depth) {
    const auto* descriptor = message->GetDescriptor();
    for (int i = 0; i < descriptor->field_count() && left_ > 0; ++i) {
      const auto* field = descriptor->field(i);
      const int count = Byte() % (field->is_repeated() ? 4 : 2);
      for (int j = 0; j < count; ++j) Set(message, field, depth);
    }
  }

 private:
  using Field = google::protobuf::FieldDescriptor;

  uint8_t Byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  // Small mostly, so that numbers meet registrations; sometimes all 64 bits.
  int64_t Number() {
    const uint8_t first = Byte();
    if (first < 200) return first % 4;
    int64_t number = 0;
    for (int i = 0; i < 8; ++i) number = static_cast<int64_t>(static_cast<uint64_t>(number) << 8 | Byte());
    return number;
  }
  std::string Text() {
    static const char* const kWords[] = {"",   "__name__",           "provider", "north", "south",
                                         "up", "nines_check_result", "\x01",     "1bad"};
    return kWords[Byte() % 9];
  }
  void Set(google::protobuf::Message* message, const Field* field, int depth) {
    const auto* reflection = message->GetReflection();
    const bool repeated = field->is_repeated();
    const auto set = [&](auto add, auto put, auto value) {
      if (repeated)
        (reflection->*add)(message, field, value);
      else
        (reflection->*put)(message, field, value);
    };
    using R = google::protobuf::Reflection;
    switch (field->cpp_type()) {
      case Field::CPPTYPE_MESSAGE:
        if (depth < 4) {
          Fill(repeated ? reflection->AddMessage(message, field) : reflection->MutableMessage(message, field),
               depth + 1);
        }
        break;
      case Field::CPPTYPE_STRING:
        set(&R::AddString, &R::SetString, Text());
        break;
      case Field::CPPTYPE_ENUM:
        set(&R::AddEnumValue, &R::SetEnumValue, static_cast<int>(Number()));
        break;
      case Field::CPPTYPE_INT64:
        set(&R::AddInt64, &R::SetInt64, Number());
        break;
      case Field::CPPTYPE_UINT64:
        set(&R::AddUInt64, &R::SetUInt64, static_cast<uint64_t>(Number()));
        break;
      case Field::CPPTYPE_INT32:
        set(&R::AddInt32, &R::SetInt32, static_cast<int32_t>(Number()));
        break;
      case Field::CPPTYPE_UINT32:
        set(&R::AddUInt32, &R::SetUInt32, static_cast<uint32_t>(Number()));
        break;
      case Field::CPPTYPE_DOUBLE:
        set(&R::AddDouble, &R::SetDouble, static_cast<double>(Number()));
        break;
      case Field::CPPTYPE_BOOL:
        set(&R::AddBool, &R::SetBool, Byte() % 2 == 1);
        break;
      default:
        break;
    }
  }

  const uint8_t* data_;
  size_t left_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  nines::ingest::PushDecoder decoder({nines::ProviderId("north"), "c-1", 1}, 64);
  google::protobuf::SetLogHandler(nullptr);
  Filler filler(data, size);
  size_t series = 0, checks = 0;
  // Several batches, so that numbers of one meet registrations of another; the last is the input as it is.
  for (int i = 0; i < 4; ++i) {
    nines::v1::Batch message;
    if (i < 3) {
      filler.Fill(&message, 0);
    } else {
      (void)message.ParseFromArray(data, static_cast<int>(size));  // as far as it goes
    }
    const nines::ingest::Batch batch = decoder.Decode(message);
    series += batch.register_series.size();
    checks += batch.register_checks.size();
    NINES_CHECK(series <= 64 && checks <= 64);
    CheckWellFormed(batch, series, checks);
  }
  return 0;
}

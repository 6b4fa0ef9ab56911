#include "collectors/agent/record_builder.h"

#include <google/protobuf/message.h>

#include <utility>

#include "base/utf8.h"

namespace nines::collector {
namespace {

// Bounds of the encoded sizes: a value and its number; a row without its samples; a result; a registered check.
constexpr int64_t kSampleBytes = 13;
constexpr int64_t kRowBytes = 32;
constexpr int64_t kResultBytes = 16;
constexpr int64_t kCheckBytes = 32;
constexpr int64_t kFactBytes = 8;
constexpr int64_t kLabelBytes = 8;

// A record with a text that is not UTF-8 could be written but never parsed again.
void MakeUtf8(google::protobuf::Message* message) {
  const google::protobuf::Reflection* reflection = message->GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(*message, &fields);
  for (const google::protobuf::FieldDescriptor* field : fields) {
    if (field->is_repeated()) continue;
    if (field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
      reflection->SetString(message, field, ToUtf8(reflection->GetString(*message, field)));
    } else if (field->type() == google::protobuf::FieldDescriptor::TYPE_MESSAGE) {
      MakeUtf8(reflection->MutableMessage(message, field));
    }
  }
}

}  // namespace

void RecordBuilder::AddRow(int64_t time_ms, std::span<const RowSample> samples) {
  if (samples.empty()) return;
  bytes_ += kRowBytes + kSampleBytes * static_cast<int64_t>(samples.size());
  rows_.push_back({time_ms, {samples.begin(), samples.end()}});
}

void RecordBuilder::AddResult(std::string_view check, int64_t time_ms, v1::ResultState state) {
  bytes_ += kResultBytes;
  results_.push_back({std::string(check), time_ms, state});
}

void RecordBuilder::AddDeclaration(v1::Declaration declaration) {
  MakeUtf8(&declaration);
  bytes_ += static_cast<int64_t>(declaration.ByteSizeLong());
  declarations_.push_back(std::move(declaration));
}

void RecordBuilder::AddMaintenance(v1::Maintenance maintenance) {
  MakeUtf8(&maintenance);
  bytes_ += static_cast<int64_t>(maintenance.ByteSizeLong());
  maintenance_.push_back(std::move(maintenance));
}

void RecordBuilder::SetCursor(const std::string& source, std::string cursor) {
  cursors_[ToUtf8(source)] = ToUtf8(cursor);
}

const std::string* RecordBuilder::FindCursor(const std::string& source) const {
  const auto it = cursors_.find(ToUtf8(source));
  return it == cursors_.end() ? nullptr : &it->second;
}

bool RecordBuilder::empty() const {
  return rows_.empty() && results_.empty() && declarations_.empty() && maintenance_.empty() && cursors_.empty();
}

void RecordBuilder::StartSegment() {
  series_.clear();
  series_by_content_.clear();
  checks_.clear();
}

RecordBuilder::Series& RecordBuilder::Find(const LabelSetPtr& labels, v1::Batch* batch) {
  const auto [it, is_new] = series_.try_emplace(labels.get());
  Series& series = it->second;
  if (!is_new) return series;
  series.held = labels;
  std::string content;
  for (const auto& [name, value] : *labels) {
    content.append(name).push_back('\0');
    content.append(value).push_back('\0');
    series.label_bytes += kLabelBytes + static_cast<int64_t>(name.size() + value.size());
  }
  const auto [known, is_new_content] =
      series_by_content_.try_emplace(std::move(content), static_cast<uint32_t>(series_by_content_.size()));
  series.number = known->second;
  if (is_new_content) {
    v1::SeriesRegistration* registration = batch->add_register_series();
    for (const auto& [name, value] : *labels) {
      v1::Label* label = registration->add_labels();
      label->set_name(ToUtf8(name));
      label->set_value(ToUtf8(value));
    }
  }
  return series;
}

bool RecordBuilder::TakeRow(PendingRow* row, int64_t bytes_max, v1::Batch* batch) {
  v1::Row* out = batch->add_rows();
  out->set_time_ms(row->time_ms);
  record_bytes_ += kRowBytes;
  std::vector<uint32_t> numbers;
  bool consecutive = true;
  for (; row->done < row->samples.size(); ++row->done) {
    if (record_bytes_ > bytes_max && !numbers.empty()) break;
    const RowSample& sample = row->samples[row->done];
    Series& series = Find(sample.series, batch);
    record_bytes_ += kSampleBytes;
    if (series.record != record_) record_bytes_ += series.label_bytes;
    series.record = record_;
    consecutive = consecutive && (numbers.empty() || series.number == numbers.back() + 1);
    numbers.push_back(series.number);
    out->add_values(sample.value);
  }
  if (consecutive) {
    out->set_first_series(numbers.front());
  } else {
    out->mutable_series()->Add(numbers.begin(), numbers.end());
  }
  return row->done == row->samples.size();
}

void RecordBuilder::TakeResults(int64_t bytes_max, v1::Batch* batch) {
  struct Column {
    v1::CheckResults* results;
    int64_t last_ms = 0;
  };
  absl::flat_hash_map<uint32_t, Column> columns;
  for (; !results_.empty() && record_bytes_ <= bytes_max; results_.pop_front()) {
    PendingResult& result = results_.front();
    const auto [known, is_new] = checks_.try_emplace(result.check, static_cast<uint32_t>(checks_.size()));
    if (is_new) batch->add_register_checks(ToUtf8(result.check));
    const auto [column, is_first] = columns.try_emplace(known->second);
    if (is_first) {
      record_bytes_ += kCheckBytes + static_cast<int64_t>(result.check.size());
      column->second.results = batch->add_results();
      column->second.results->set_check(known->second);
    }
    record_bytes_ += kResultBytes;
    column->second.results->add_time_delta_ms(result.time_ms - column->second.last_ms);
    column->second.results->add_states(result.state);
    column->second.last_ms = result.time_ms;
  }
}

void RecordBuilder::TakeFacts(int64_t bytes_max, v1::Batch* batch) {
  for (; !declarations_.empty() && record_bytes_ <= bytes_max; declarations_.pop_front()) {
    record_bytes_ += kFactBytes + static_cast<int64_t>(declarations_.front().ByteSizeLong());
    *batch->add_declarations() = std::move(declarations_.front());
  }
  for (; !maintenance_.empty() && record_bytes_ <= bytes_max; maintenance_.pop_front()) {
    record_bytes_ += kFactBytes + static_cast<int64_t>(maintenance_.front().ByteSizeLong());
    *batch->add_maintenance() = std::move(maintenance_.front());
  }
}

void RecordBuilder::Build(int64_t bytes_max, v1::SpoolRecord* record) {
  ++record_;
  record_bytes_ = 0;
  // What is added last may go over the line by its own size: a series' labels, a fact.
  const int64_t line = bytes_max * 3 / 4;
  v1::Batch* batch = record->mutable_batch();
  TakeFacts(line, batch);
  TakeResults(line, batch);
  while (!rows_.empty() && record_bytes_ <= line) {
    if (!TakeRow(&rows_.front(), line, batch)) break;
    rows_.pop_front();
  }
  if (!rows_.empty() || !results_.empty() || !declarations_.empty() || !maintenance_.empty()) return;
  for (auto& [source, cursor] : cursors_) (*record->mutable_cursors())[source] = std::move(cursor);
  cursors_.clear();
  bytes_ = 0;
}

}  // namespace nines::collector

#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "collectors/agent/recorder.h"

namespace nines::collector {

// Keeps what is added, in order.
class FakeRecorder final : public Recorder {
 public:
  struct Row {
    int64_t time_ms = 0;
    std::map<std::string, double> values;  // by "name{label=value,…}"
  };

  void AddRow(int64_t time_ms, std::span<const RowSample> samples) override {
    Row row{time_ms, {}};
    for (const RowSample& sample : samples) row.values[Text(*sample.series)] = sample.value;
    rows.push_back(std::move(row));
  }
  void AddResult(std::string_view check, int64_t time_ms, v1::ResultState state) override {
    results.push_back(StrCat(check, " ", time_ms, " ", v1::ResultState_Name(state).substr(13)));
  }
  void AddDeclaration(v1::Declaration) override {}
  void AddMaintenance(v1::Maintenance) override {}
  void SetCursor(const std::string&, std::string) override {}
  std::string GetCursor(const std::string&) const override { return ""; }
  boost::asio::awaitable<absl::Status> Flush() override {
    ++flushes;
    co_return absl::OkStatus();
  }
  boost::asio::awaitable<absl::StatusOr<std::vector<v1::Refusal>>> Acknowledged() override {
    co_return std::vector<v1::Refusal>();
  }

  // All rows as one, the later ones winning.
  std::map<std::string, double> Values() const {
    std::map<std::string, double> values;
    for (const Row& row : rows) {
      for (const auto& [series, value] : row.values) values[series] = value;
    }
    return values;
  }

  std::vector<Row> rows;
  std::vector<std::string> results;
  int flushes = 0;

 private:
  static std::string Text(const LabelSet& labels) {
    std::string name, rest;
    for (const auto& [key, value] : labels) {
      if (key == "__name__") {
        name = value;
      } else {
        StrAppend(&rest, rest.empty() ? "" : ",", key, "=", value);
      }
    }
    return StrCat(name, "{", rest, "}");
  }
};

}  // namespace nines::collector

#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "collectors/agent/source.h"

namespace nines::collector {

// Writes down what it is given, one line each, and answers at once.
class FileRecorder final : public Recorder {
 public:
  void AddRow(int64_t time_ms, std::span<const RowSample> samples) override {
    std::string line = std::to_string(time_ms);
    for (const RowSample& sample : samples) {
      line += " ";
      for (const auto& [name, value] : *sample.series) line += name + "=" + value + ",";
      line += std::to_string(sample.value);
    }
    lines.push_back(line);
  }
  void AddResult(std::string_view check, int64_t time_ms, v1::ResultState state) override {
    lines.push_back(std::to_string(time_ms) + " " + std::string(check) + " " + v1::ResultState_Name(state).substr(13));
  }
  void AddDeclaration(v1::Declaration fact) override {
    refused.erase(fact.id());
    if (refuse.contains(fact.id())) refused[fact.id()] = fact.source();
    declarations.push_back(std::move(fact));
  }
  void AddMaintenance(v1::Maintenance fact) override { maintenance.push_back(std::move(fact)); }
  void SetCursor(const std::string& source, std::string cursor) override { cursors[source] = std::move(cursor); }
  std::string GetCursor(const std::string& source) const override {
    const auto it = cursors.find(source);
    return it == cursors.end() ? "" : it->second;
  }
  boost::asio::awaitable<absl::Status> Flush() override {
    if (flushes_until_stop-- == 0) co_return absl::CancelledError("stopped");
    co_return absl::OkStatus();
  }
  boost::asio::awaitable<absl::StatusOr<std::vector<v1::Refusal>>> Acknowledged() override {
    if (on_acknowledged) on_acknowledged();
    if (flushes_until_stop == 0) co_return absl::CancelledError("stopped");
    std::vector<v1::Refusal> refusals;
    for (const auto& [id, source] : refused) {
      v1::Refusal& refusal = refusals.emplace_back();
      refusal.set_fact_source(source);
      refusal.set_fact_id(id);
      const std::string& reason = refuse[id];
      if (!reason.empty()) refusal.set_reason(v1::REFUSAL_REASON_INVALID_FACT);
      if (reason.empty()) refuse.erase(id);  // lost once only
      refusal.set_message(reason);
    }
    co_return refusals;
  }

  // Runs a source once.
  absl::Status Run(Source& source) {
    boost::asio::io_context io;
    absl::Status result = absl::UnknownError("it did not end");
    boost::asio::co_spawn(io, source.Run(*this), [&](std::exception_ptr error, absl::Status status) {
      result = error ? absl::InternalError("it threw") : status;
    });
    io.run();
    return result;
  }

  std::vector<std::string> lines;
  std::vector<v1::Declaration> declarations;
  std::vector<v1::Maintenance> maintenance;
  std::map<std::string, std::string> cursors;
  std::map<std::string, std::string> refuse;  // id → why; "": the answer is lost
  int flushes_until_stop = -1;
  std::function<void()> on_acknowledged;

 private:
  std::map<std::string, std::string> refused;
};

}  // namespace nines::collector

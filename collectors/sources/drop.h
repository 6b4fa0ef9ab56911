#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "collectors/agent/source.h"
#include "collectors/sources/drop_line.h"

namespace nines::collector {

// Takes the files of a folder, in the order of their names: sends their facts, waits until the daemon has answered all,
// writes what was refused, by us or by it, to rejected/FILE.rejected.jsonl, and moves the file to done/. After a kill
// in between, the file is taken once more, which changes nothing. docs/drop-format.md has the formats.
class DropSource final : public Source {
 public:
  DropSource(std::string name, absl::Duration interval, std::filesystem::path directory, std::string fact_source,
             absl::Duration settle, const Clock& clock);

  const std::string& name() const override { return name_; }
  const std::string& item() const override { return item_; }
  absl::Duration interval() const override { return interval_; }
  boost::asio::awaitable<absl::Status> Run(Recorder& recorder) override;
  // No file is waiting to settle or to be taken.
  bool AtEnd() const override { return at_end_; }

  static constexpr int64_t kFileBytesMax = 256 << 20;

 private:
  struct Look {
    int64_t bytes = 0;
    std::filesystem::file_time_type changed;
    friend bool operator==(const Look&, const Look&) = default;
  };
  struct Seen {
    Look look;
    absl::Duration since;
  };
  struct Rejected {
    int64_t line;
    std::string reason;
    std::string text;
  };

  absl::StatusOr<std::vector<std::filesystem::path>> SettledFiles();
  static absl::StatusOr<Look> LookAt(const std::filesystem::path& path);
  boost::asio::awaitable<absl::Status> TakeFile(const std::filesystem::path& path, Recorder& recorder);
  // Sends facts whose ids are all different until the daemon has answered each of them.
  boost::asio::awaitable<absl::Status> Send(std::vector<const DropLine*> lines, Recorder& recorder,
                                            std::vector<Rejected>* rejected);
  absl::Status WriteRejected(const std::filesystem::path& path, std::vector<Rejected> rejected) const;
  absl::Status MoveToDone(const std::filesystem::path& path, const Look& taken) const;

  const std::string name_;
  const std::string item_;
  const absl::Duration interval_;
  const std::filesystem::path directory_;
  const std::string fact_source_;
  const absl::Duration settle_;
  const Clock& clock_;
  std::map<std::filesystem::path, Seen> seen_;
  bool at_end_ = false;
};

}  // namespace nines::collector

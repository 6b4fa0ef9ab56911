#pragma once

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "collectors/agent/source.h"
#include "tests/unit/collectors/sources/fake_recorder.h"

namespace nines::collector {

// An io_context, a clock that stands at 1000 s, and a folder of its own.
class SourceTest : public ::testing::Test {
 protected:
  SourceTest() : clock_(absl::FromUnixSeconds(1000)) {
    std::string pattern = (std::filesystem::temp_directory_path() / "sources_test.XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
  }
  ~SourceTest() override { std::filesystem::remove_all(directory_); }

  SourceContext Context() { return {io_, clock_, directory_}; }

  static v1::SourceConfig Config(const std::string& text) {
    v1::SourceConfig config;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
    return config;
  }

  // Runs the io_context until `source` is done.
  absl::Status Run(Source& source, FakeRecorder& recorder) {
    std::optional<absl::Status> result;
    boost::asio::co_spawn(io_, source.Run(recorder), [&](std::exception_ptr error, absl::Status status) {
      EXPECT_FALSE(error);
      result = status;
    });
    io_.restart();
    while (!result.has_value() && io_.run_one() > 0) {
    }
    return result.value_or(absl::UnknownError("never done"));
  }

  boost::asio::io_context io_;
  ManualClock clock_;
  std::filesystem::path directory_;
};

}  // namespace nines::collector

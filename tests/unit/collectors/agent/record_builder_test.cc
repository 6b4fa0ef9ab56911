#include "collectors/agent/record_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/agent/stream_numbering.h"

namespace nines::collector {
namespace {

using ::testing::ElementsAre;

LabelSetPtr Labels(const std::string& name) { return std::make_shared<const LabelSet>(LabelSet{{"__name__", name}}); }

TEST(RecordBuilder, NumbersSeriesOfEqualContentOnce) {
  RecordBuilder builder;
  const LabelSetPtr a = Labels("a"), b = Labels("b"), a_again = Labels("a");
  builder.AddRow(1000, std::vector<RowSample>{{a, 1}, {b, 2}});
  builder.AddRow(2000, std::vector<RowSample>{{b, 3}, {a_again, 4}});
  v1::SpoolRecord record;
  builder.Build(1 << 20, &record);
  EXPECT_TRUE(builder.empty());
  const v1::Batch& batch = record.batch();
  ASSERT_EQ(batch.register_series_size(), 2);
  EXPECT_EQ(batch.register_series(1).labels(0).value(), "b");
  ASSERT_EQ(batch.rows_size(), 2);
  EXPECT_EQ(batch.rows(0).series_size(), 0);
  EXPECT_EQ(batch.rows(0).first_series(), 0u);
  EXPECT_THAT(batch.rows(1).series(), ElementsAre(1, 0));
  EXPECT_THAT(batch.rows(1).values(), ElementsAre(3, 4));
}

TEST(RecordBuilder, RegistersOnlyWhatTheSegmentHasNotSeen) {
  RecordBuilder builder;
  const LabelSetPtr a = Labels("a");
  for (int i = 0; i < 2; ++i) {
    builder.AddRow(1000, std::vector<RowSample>{{a, 1}});
    builder.AddResult("check", 1000, v1::RESULT_STATE_UP);
    v1::SpoolRecord record;
    builder.Build(1 << 20, &record);
    EXPECT_EQ(record.batch().register_series_size(), i == 0 ? 1 : 0);
    EXPECT_EQ(record.batch().register_checks_size(), i == 0 ? 1 : 0);
  }
  builder.StartSegment();
  builder.AddRow(1000, std::vector<RowSample>{{a, 1}});
  v1::SpoolRecord record;
  builder.Build(1 << 20, &record);
  EXPECT_EQ(record.batch().register_series_size(), 1);
}

TEST(RecordBuilder, GroupsResultsByCheckWithDifferences) {
  RecordBuilder builder;
  builder.AddResult("x", 1000, v1::RESULT_STATE_UP);
  builder.AddResult("y", 1500, v1::RESULT_STATE_DOWN);
  builder.AddResult("x", 4000, v1::RESULT_STATE_DEGRADED);
  builder.AddResult("x", 3000, v1::RESULT_STATE_STALE);
  v1::SpoolRecord record;
  builder.Build(1 << 20, &record);
  EXPECT_THAT(record.batch().register_checks(), ElementsAre("x", "y"));
  ASSERT_EQ(record.batch().results_size(), 2);
  EXPECT_THAT(record.batch().results(0).time_delta_ms(), ElementsAre(1000, 3000, -1000));
  EXPECT_THAT(record.batch().results(0).states(),
              ElementsAre(v1::RESULT_STATE_UP, v1::RESULT_STATE_DEGRADED, v1::RESULT_STATE_STALE));
  EXPECT_THAT(record.batch().results(1).time_delta_ms(), ElementsAre(1500));
}

// A large scrape: 20 000 series whose labels alone are 4 MB.
TEST(RecordBuilder, SplitsARowSoThatEachRecordFitsWithAllItsRegistrations) {
  RecordBuilder builder;
  std::vector<RowSample> row;
  for (int i = 0; i < 20'000; ++i) row.push_back({Labels(std::to_string(i) + std::string(200, 'l')), i * 1.0});
  builder.AddRow(1000, row);
  builder.SetCursor("source", "all of it");
  std::vector<v1::Batch> batches;
  for (int round = 0; round < 2; ++round) {
    while (!builder.empty()) {
      v1::SpoolRecord record;
      builder.Build(1 << 20, &record);
      EXPECT_LE(record.ByteSizeLong(), 1u << 20);
      EXPECT_EQ(record.cursors_size(), builder.empty() && round == 0 ? 1 : 0);
      batches.push_back(record.batch());
    }
    builder.AddRow(2000, row);
  }
  // A stream that begins in the middle has to register what it meets: the second round alone.
  StreamNumbering numbering;
  std::vector<double> values;
  for (v1::Batch& batch : batches) {
    numbering.Learn(&batch);
    if (batch.rows(0).time_ms() == 1000) continue;
    ASSERT_TRUE(numbering.Renumber(&batch).ok());
    EXPECT_LE(batch.ByteSizeLong(), 1u << 20);
    EXPECT_EQ(batch.register_series_size(), batch.rows(0).values_size());
    values.insert(values.end(), batch.rows(0).values().begin(), batch.rows(0).values().end());
  }
  ASSERT_EQ(values.size(), 20'000u);
  EXPECT_EQ(values.back(), 19'999);
}

// Protobuf writes such texts and then refuses to parse them.
TEST(RecordBuilder, TextsThatAreNotUtf8CanBeReadBack) {
  RecordBuilder builder;
  builder.AddRow(1000, std::vector<RowSample>{{Labels("caf\xE9"), 1}});
  builder.AddResult("caf\xE9", 1000, v1::RESULT_STATE_UP);
  v1::Declaration fact;
  fact.set_title("caf\xE9");
  fact.mutable_scope()->set_target_id("caf\xE9");
  builder.AddDeclaration(fact);
  builder.SetCursor("caf\xE9", "caf\xE9");
  ASSERT_NE(builder.FindCursor("caf\xE9"), nullptr);
  v1::SpoolRecord record, again;
  builder.Build(1 << 20, &record);
  ASSERT_TRUE(again.ParseFromString(record.SerializeAsString()));
  EXPECT_EQ(again.batch().register_series(0).labels(0).value(), "caf?");
  EXPECT_EQ(again.batch().register_checks(0), "caf?");
  EXPECT_EQ(again.batch().declarations(0).scope().target_id(), "caf?");
  EXPECT_EQ(again.cursors().at("caf?"), "caf?");
}

TEST(StreamNumbering, KeepsNumbersOverSegments) {
  StreamNumbering numbering;
  const auto record = [](std::vector<std::string> names, std::vector<uint32_t> series) {
    v1::Batch batch;
    for (const std::string& name : names) {
      v1::Label* label = batch.add_register_series()->add_labels();
      label->set_name("__name__");
      label->set_value(name);
    }
    v1::Row* row = batch.add_rows();
    row->mutable_series()->Add(series.begin(), series.end());
    for (size_t i = 0; i < series.size(); ++i) row->add_values(1);
    return batch;
  };
  v1::Batch first = record({"a", "b", "c"}, {0, 1});
  numbering.StartSegment();
  numbering.Learn(&first);
  ASSERT_TRUE(numbering.Renumber(&first).ok());
  EXPECT_EQ(first.register_series_size(), 2) << "c is not used yet";
  EXPECT_EQ(first.rows(0).series_size(), 0);

  v1::Batch second = record({"b", "c", "a"}, {0, 1, 2});
  numbering.StartSegment();
  numbering.Learn(&second);
  ASSERT_TRUE(numbering.Renumber(&second).ok());
  ASSERT_EQ(second.register_series_size(), 1);
  EXPECT_EQ(second.register_series(0).labels(0).value(), "c");
  EXPECT_THAT(second.rows(0).series(), ElementsAre(1, 2, 0));

  v1::Batch unknown = record({}, {3});
  EXPECT_EQ(numbering.Renumber(&unknown).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace nines::collector

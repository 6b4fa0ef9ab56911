#include "daemon/ingest/push_decoder.h"

#include <gmock/gmock.h>

#include <bit>
#include <limits>

#include "wire/time.h"

namespace nines::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PushDecoderTest : public testing::Test {
 protected:
  static void AddSeries(v1::Batch& batch, std::initializer_list<std::pair<const char*, const char*>> labels) {
    auto* registration = batch.add_register_series();
    for (const auto& [name, value] : labels) {
      auto* label = registration->add_labels();
      label->set_name(name);
      label->set_value(value);
    }
  }
  // A batch that registers the series `up` and the check `web` under number 0 each.
  static v1::Batch Registered() {
    v1::Batch batch;
    batch.set_sequence(1);
    AddSeries(batch, {{"__name__", "up"}});
    batch.add_register_checks("web");
    return batch;
  }
  static v1::Row* AddRow(v1::Batch& batch, int64_t time_ms, std::initializer_list<double> values) {
    v1::Row* row = batch.add_rows();
    row->set_time_ms(time_ms);
    for (const double value : values) row->add_values(value);
    return row;
  }
  static void ExpectRefused(const Batch& batch, RefusalReason reason, uint64_t count, const std::string& words) {
    ASSERT_THAT(batch.refusals, SizeIs(1));
    EXPECT_EQ(batch.refusals[0].reason, reason);
    EXPECT_EQ(batch.refusals[0].count, count);
    EXPECT_EQ(batch.refusals[0].sequence, batch.sequence);
    EXPECT_THAT(batch.refusals[0].message, HasSubstr(words));
  }

  PushDecoder decoder{{ProviderId("north"), "c-1", 7}, 100};
};

TEST_F(PushDecoderTest, AWellFormedBatch) {
  v1::Batch in = Registered();
  AddSeries(in, {{"__name__", "b"}, {"provider", "north"}});
  AddRow(in, 1000, {1, 2});
  AddRow(in, 2000, {3})->add_series(1);
  auto* results = in.add_results();
  for (const int64_t delta : {5000, 10, -20}) results->add_time_delta_ms(delta);
  results->add_states(v1::RESULT_STATE_DEGRADED);
  results->add_states(v1::RESULT_STATE_STALE);
  results->add_states(v1::RESULT_STATE_DOWN);
  const Batch out = decoder.Decode(in);
  EXPECT_THAT(out.refusals, IsEmpty());
  ASSERT_THAT(out.rows.rows, SizeIs(2));
  EXPECT_EQ(out.rows.rows[0].time_ms, 1000);
  EXPECT_EQ(out.rows.rows[0].count, 2u);
  EXPECT_EQ(out.rows.rows[1].time_ms, 2000);
  EXPECT_EQ(out.rows.rows[1].count, 1u);
  EXPECT_THAT(out.rows.series, ElementsAre(0, 1, 1));
  EXPECT_THAT(out.rows.values, ElementsAre(1, 2, 3));
  EXPECT_EQ(out.register_series[1].labels.ToString(), "b{provider=\"north\"}");
  ASSERT_THAT(out.results, SizeIs(1));
  EXPECT_EQ(out.results[0].samples[0].value, 0.5);
  EXPECT_EQ(std::bit_cast<uint64_t>(out.results[0].samples[1].value), series::kStaleBits);
  EXPECT_EQ(out.results[0].samples[2].time_ms, 4990);
  EXPECT_EQ(out.stream.collector, "c-1");
}

TEST_F(PushDecoderTest, NumbersGoOnOverBatches) {
  decoder.Decode(Registered());
  v1::Batch next;
  next.set_sequence(2);
  AddSeries(next, {{"__name__", "second"}});
  AddRow(next, 1000, {1, 2, 3});
  const Batch out = decoder.Decode(next);
  EXPECT_THAT(out.rows.values, SizeIs(2));
  ExpectRefused(out, RefusalReason::kMalformed, 1, "number 2, but there are 2; register a series before");
}

TEST_F(PushDecoderTest, UnregisteredSeries) {
  v1::Batch in = Registered();
  AddRow(in, 1000, {1, 2})->set_first_series(4'294'967'295u);
  const Batch out = decoder.Decode(in);
  ExpectRefused(out, RefusalReason::kMalformed, 2, "series that were not registered in this stream: number 4294967295");
  EXPECT_THAT(out.rows.values, IsEmpty());
}

TEST_F(PushDecoderTest, RowColumnsOfDifferentLength) {
  v1::Batch in = Registered();
  v1::Row* row = AddRow(in, 1000, {1});
  row->add_series(0);
  row->add_series(0);
  AddRow(in, 1000, {9});
  const Batch out = decoder.Decode(in);
  ExpectRefused(out, RefusalReason::kMalformed, 2, "a row of 2 series has 1 values");
  EXPECT_THAT(out.rows.values, SizeIs(1)) << "the rest of the batch is taken";
}

TEST_F(PushDecoderTest, RowTimesOfNoYear) {
  v1::Batch in = Registered();
  AddRow(in, -1, {1});
  AddRow(in, 253'402'300'800'000, {1});
  AddRow(in, 0, {1});
  AddRow(in, 253'402'300'799'999, {1});
  const Batch out = decoder.Decode(in);
  ExpectRefused(out, RefusalReason::kMalformed, 2, "times outside the years 1970 to 9999");
  EXPECT_THAT(out.rows.values, SizeIs(2));
}

TEST_F(PushDecoderTest, LabelsThatCannotBe) {
  v1::Batch in;
  AddSeries(in, {{"__name__", "a"}, {"1x", "v"}});
  AddSeries(in, {{"job", "nameless"}});
  AddSeries(in, {{"__name__", "a"}, {"x", "1"}, {"x", "2"}});
  const Batch out = decoder.Decode(in);
  ASSERT_THAT(out.register_series, SizeIs(3));
  for (const SeriesEntry& entry : out.register_series) {
    EXPECT_THAT(entry.refused, HasSubstr("bad labels"));
    EXPECT_EQ(entry.reason, RefusalReason::kMalformed);
  }
  EXPECT_THAT(out.register_series[1].refused, HasSubstr("has no __name__"));
}

TEST_F(PushDecoderTest, LabelsOfAnotherProviderAndOfTheDaemon) {
  v1::Batch in;
  AddSeries(in, {{"__name__", "a"}, {"provider", "south"}});
  AddSeries(in, {{"__name__", "nines_check_result"}, {"check", "web"}});
  const Batch out = decoder.Decode(in);
  EXPECT_EQ(out.register_series[0].reason, RefusalReason::kNotAllowed);
  EXPECT_THAT(out.register_series[0].refused, HasSubstr("provider=\"south\" in a stream of provider 'north'"));
  EXPECT_EQ(out.register_series[1].reason, RefusalReason::kNotAllowed);
  EXPECT_THAT(out.register_series[1].refused, HasSubstr("nines_check_result is the daemon's own"));
}

TEST_F(PushDecoderTest, MoreRegistrationsThanAStreamMayHave) {
  PushDecoder small({ProviderId("north"), "c-1", 7}, 1);
  v1::Batch in = Registered();
  AddSeries(in, {{"__name__", "b"}});
  AddRow(in, 1000, {1, 2});
  const Batch out = small.Decode(in);
  EXPECT_THAT(out.register_series, SizeIs(1));
  EXPECT_THAT(out.rows.values, SizeIs(1));
  EXPECT_THAT(out.refusals, SizeIs(1));
}

TEST_F(PushDecoderTest, CheckIdsThatCannotBe) {
  v1::Batch in;
  in.add_register_checks("");
  in.add_register_checks("a\tb");
  in.add_register_checks(std::string(201, 'x'));
  const Batch out = decoder.Decode(in);
  EXPECT_THAT(out.register_checks[0].refused, HasSubstr("check id is empty"));
  EXPECT_THAT(out.register_checks[1].refused, HasSubstr("control characters"));
  EXPECT_THAT(out.register_checks[2].refused, HasSubstr("longer than 200 bytes"));
}

TEST_F(PushDecoderTest, UnregisteredChecks) {
  v1::Batch in = Registered();
  auto* results = in.add_results();
  results->set_check(1);
  results->add_time_delta_ms(1000);
  results->add_states(v1::RESULT_STATE_UP);
  ExpectRefused(decoder.Decode(in), RefusalReason::kMalformed, 1, "number 1, but there are 1; register a check");
}

TEST_F(PushDecoderTest, ResultColumnsOfDifferentLength) {
  v1::Batch in = Registered();
  auto* results = in.add_results();
  results->add_time_delta_ms(1000);
  ExpectRefused(decoder.Decode(in), RefusalReason::kMalformed, 1, "have 1 times and 0 states");
}

TEST_F(PushDecoderTest, UnknownResultStatesAreRefusedOneByOne) {
  v1::Batch in = Registered();
  auto* results = in.add_results();
  for (const int state : {0, 1, 9}) {
    results->add_time_delta_ms(1000);
    results->add_states(static_cast<v1::ResultState>(state));
  }
  const Batch out = decoder.Decode(in);
  ExpectRefused(out, RefusalReason::kMalformed, 2, "unknown result states: 0 in results of check number 0");
  ASSERT_THAT(out.results, SizeIs(1));
  ASSERT_THAT(out.results[0].samples, SizeIs(1));
  EXPECT_EQ(out.results[0].samples[0].time_ms, 2000);
}

TEST_F(PushDecoderTest, ResultTimesThatOverflow) {
  v1::Batch in = Registered();
  auto* results = in.add_results();
  for (int i = 0; i < 3; ++i) {
    results->add_time_delta_ms(std::numeric_limits<int64_t>::max());
    results->add_states(v1::RESULT_STATE_UP);
  }
  const Batch out = decoder.Decode(in);
  ExpectRefused(out, RefusalReason::kMalformed, 3, "times outside the years");
  EXPECT_THAT(out.results, IsEmpty());
}

TEST_F(PushDecoderTest, FactsWithoutForm) {
  v1::Batch in = Registered();
  auto* declaration = in.add_declarations();
  declaration->set_source("t");
  declaration->set_id("1");
  auto* maintenance = in.add_maintenance();
  maintenance->set_source("p");
  maintenance->set_id("2");
  maintenance->mutable_scope()->set_target_id("portal");
  *maintenance->mutable_start_time() = wire::FromMs(1);
  const Batch out = decoder.Decode(in);
  ASSERT_THAT(out.refusals, SizeIs(2));
  EXPECT_EQ(out.refusals[0].reason, RefusalReason::kInvalidFact);
  EXPECT_EQ(out.refusals[0].fact_source, "t");
  EXPECT_THAT(out.refusals[0].message, HasSubstr("declaration t/1: scope is missing"));
  EXPECT_THAT(out.refusals[1].message, HasSubstr("maintenance p/2: end_time is missing"));
}

}  // namespace
}  // namespace nines::ingest

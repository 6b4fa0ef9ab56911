#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <semaphore>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "daemon/catalogue/cache.h"
#include "daemon/ingest/ingest.h"
#include "daemon/report/report.h"
#include "daemon/rpc/report_handler.h"
#include "nines/v1/catalogue.pb.h"
#include "tests/model/sla_naive.h"
#include "wire/time.h"

// The same results, sent in order, shuffled, twice and by two streams, through the real ingest, store and ledger: the
// reports have the same bytes, and the account is that of the naive model. NINES_SEED and NINES_CASES choose other
// cases.
namespace nines {
namespace {

using naive::kFirst;
using naive::kForever;
using naive::Pick;
using sla::State;

// A naive instant is this long: from less than the report's first look around a period to far more.
constexpr int64_t kUnitsMs[] = {1, 60'000, 40 * 60'000, 6 * 3'600'000};
constexpr int64_t kBaseMs = 1'750'000'000'000;

double ValueOf(sla::ResultState state) {
  switch (state) {
    case sla::ResultState::kUp:
      return 1;
    case sla::ResultState::kDegraded:
      return 0.5;
    case sla::ResultState::kDown:
      return 0;
    case sla::ResultState::kStale:
      break;
  }
  return std::bit_cast<double>(series::kStaleBits);
}

// One case: a world of the naive model, whose further targets are worlds of their own.
struct Case {
  uint64_t seed = 0;
  int64_t unit_ms = 1;
  naive::World world;
  std::vector<naive::World> inner;  // by the index of world.targets

  std::string Id(const std::string& name) const { return StrCat(seed, "-", name); }
  int64_t At(int64_t time) const { return kBaseMs + time * unit_ms; }
};

naive::World RandomWorld(std::mt19937_64& random) {
  naive::World world = naive::RandomWorld(random);
  // The catalogue refuses a hold of nothing.
  for (naive::Check& check : world.checks) check.hold = std::max<int64_t>(check.hold, 1);
  return world;
}

naive::World InnerWorld(std::mt19937_64& random, int64_t now) {
  naive::World world;
  do {
    world = RandomWorld(random);
  } while (!world.targets.empty());
  world.now = now;
  // An input's observed timeline counts, whatever its contract says about declarations.
  world.contract.basis = sla::Basis::kObserved;
  world.declared.clear();
  return world;
}

Case RandomCase(uint64_t seed) {
  std::mt19937_64 random(seed);
  Case c;
  c.seed = seed;
  c.unit_ms = kUnitsMs[Pick(random, 0, 3)];
  c.world = RandomWorld(random);
  for (naive::Declared& declared : c.world.declared) declared.start = std::max(declared.start, kFirst);
  std::erase_if(c.world.declared, [](const naive::Declared& declared) { return declared.end <= declared.start; });
  for (std::vector<State>& states : c.world.targets) {
    c.inner.push_back(InnerWorld(random, c.world.now));
    states = naive::CountedStates(c.inner.back());
  }
  return c;
}

// One result on its way.
struct Sent {
  std::string check;
  int64_t time_ms = 0;
  double value = 0;
};

// The facts and results of a case.
class Translation {
 public:
  explicit Translation(const Case& c) : case_(c) {}

  void Add(std::vector<ledger::NewFact>& facts, std::vector<Sent>& results) {
    facts_ = &facts;
    results_ = &results;
    for (size_t i = 0; i < case_.inner.size(); ++i) AddTarget(case_.inner[i], StrCat("t", i));
    AddTarget(case_.world, "t");
    for (size_t i = 0; i < case_.world.declared.size(); ++i) {
      const naive::Declared& in = case_.world.declared[i];
      ledger::Declaration out;
      out.source = "tickets";
      out.id = case_.Id(StrCat("i", i));
      out.scope = {ledger::ScopeKind::kTarget, case_.Id("t")};
      out.start_ms = case_.At(in.start);
      if (in.end != kForever) out.end_ms = case_.At(in.end);
      out.impact = in.impact == State::kDown ? ledger::Impact::kDown : ledger::Impact::kDegraded;
      facts.push_back({"test", ProviderId(), out});
    }
  }

 private:
  template <typename Message>
  void AddEntry(const std::string& kind, const Message& message) {
    const ledger::CatalogueChange change{kind, message.id(), message.SerializeAsString()};
    facts_->push_back({"test", ProviderId(), change});
  }

  v1::Input InputOf(const naive::Node& node, const std::string& name) const {
    v1::Input input;
    if (node.kind == naive::Node::Kind::kCheck) {
      input.set_check(case_.Id(StrCat(name, "c", node.index)));
    } else if (node.kind == naive::Node::Kind::kTarget) {
      input.set_target(case_.Id(StrCat("t", node.index)));
    } else {
      input.set_down_when(node.down_when);
      for (const naive::Node& each : node.inputs) *input.add_inputs() = InputOf(each, name);
    }
    return input;
  }

  void AddTarget(const naive::World& world, const std::string& name) {
    v1::Contract contract;
    contract.set_id(case_.Id(name));
    contract.set_objective_ppm(static_cast<int32_t>(world.contract.objective_ppm));
    contract.set_basis(std::string(sla::BasisName(world.contract.basis)));
    contract.set_degraded_counts_as(std::string(sla::DegradedCountsAsName(world.contract.degraded_counts_as)));
    contract.set_no_data(std::string(sla::NoDataName(world.contract.no_data)));
    contract.set_min_coverage_ppm(static_cast<int32_t>(world.contract.min_coverage_ppm));
    SetDuration(world.contract.min_outage_ms * case_.unit_ms, contract.mutable_min_outage());
    AddEntry("contract", contract);
    // One check more than there are: nobody sends results of it.
    for (size_t i = 0; i <= world.checks.size(); ++i) AddCheck(world, i, name);
    v1::Target target;
    target.set_id(case_.Id(name));
    target.set_provider("p");
    target.set_contract(case_.Id(name));
    target.set_down_when(world.root.down_when);
    for (const naive::Node& each : world.root.inputs) *target.add_inputs() = InputOf(each, name);
    AddEntry("target", target);
  }

  void AddCheck(const naive::World& world, size_t index, const std::string& name) {
    v1::Check check;
    check.set_id(case_.Id(StrCat(name, "c", index)));
    check.set_provider("p");
    if (index < world.checks.size()) {
      const naive::Check& in = world.checks[index];
      check.set_down_after(in.down_after);
      if (in.hold == kForever) {
        check.mutable_hold()->set_seconds(wire::kUnlimitedSeconds);
      } else {
        SetDuration(in.hold * case_.unit_ms, check.mutable_hold());
      }
      // Where two results have one time the order of sending would matter: here the last one alone is sent.
      std::map<int64_t, sla::ResultState> last;
      for (const auto& [time, state] : in.recorded) last[time] = state;
      for (const auto& [time, state] : last) results_->push_back({check.id(), case_.At(time), ValueOf(state)});
    }
    AddEntry("check", check);
  }

  static void SetDuration(int64_t length_ms, google::protobuf::Duration* duration) {
    duration->set_seconds(length_ms / 1000);
    duration->set_nanos(static_cast<int32_t>(length_ms % 1000 * 1'000'000));
  }

  const Case& case_;
  std::vector<ledger::NewFact>* facts_ = nullptr;
  std::vector<Sent>* results_ = nullptr;
};

// The storage and ingest of one daemon.
class Daemon {
 public:
  Daemon() {
    std::string path = testing::TempDir() + "/nines-property-XXXXXX";
    NINES_CHECK(mkdtemp(path.data()) != nullptr);
    directory_ = path;
    database_ = Must(rocks::Database::Open(directory_, {}));
    store_ = Must(series::Store::Open(*database_, clock_, {.writer = {.log_bytes_max = 1 << 16}}));
    ledger_ = Must(ledger::Ledger::Open(*database_));
    catalogue_ = std::make_unique<catalogue::Cache>(*ledger_);
    ingest_ = std::make_unique<ingest::Ingest>(*database_, *store_, *ledger_, *catalogue_, clock_, ingest::Options());
    ingest_->Start();
    reporter_ = std::make_unique<report::Reporter>(*store_, *ledger_, *catalogue_, clock_);
    v1::Provider provider;
    provider.set_id("p");
    Record({{"test", ProviderId(), ledger::CatalogueChange{"provider", "p", provider.SerializeAsString()}}});
  }
  ~Daemon() {
    ingest_->Stop();
    ingest_.reset();
    store_.reset();
    ledger_.reset();
    database_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  void Record(const std::vector<ledger::NewFact>& facts) {
    // Declarations are checked against the catalogue in force.
    std::vector<ledger::NewFact> entries, others;
    for (const ledger::NewFact& fact : facts) {
      (ledger::KindOf(fact.body) == ledger::FactKind::kCatalogue ? entries : others).push_back(fact);
    }
    Must(ingest_->RecordFacts(entries));
    Must(ingest_->RecordFacts(others));
  }

  // Sends results as one stream of collector `collector`, in batches of random size, and waits until they are durable.
  void Send(const std::string& collector, const std::vector<Sent>& results, std::mt19937_64& random, int times) {
    auto session = std::make_shared<ingest::Session>(ProviderId("p"));
    std::map<std::string, uint32_t> numbers;
    uint64_t sequence = 0;
    for (size_t at = 0; at < results.size();) {
      ingest::Batch batch;
      batch.session = session;
      batch.stream = {ProviderId("p"), collector, 1};
      batch.sequence = ++sequence;
      const size_t end = std::min(results.size(), at + static_cast<size_t>(Pick(random, 1, 400)));
      for (; at < end; ++at) {
        const auto [number, is_new] = numbers.emplace(results[at].check, static_cast<uint32_t>(numbers.size()));
        if (is_new) batch.register_checks.emplace_back().check = CheckId(results[at].check);
        batch.results.push_back({number->second, {{results[at].time_ms, results[at].value}}});
      }
      batch.bytes = 1000;
      for (int i = 0; i < times; ++i) {
        ingest::Batch copy = batch;
        if (i > 0) copy.register_checks.clear();  // a session has registered them already
        Submit(std::move(copy));
      }
    }
    while (in_flight_ > 0) --in_flight_, done_.acquire();
  }

  void SetNow(int64_t now_ms) { clock_.SetWall(absl::FromUnixMillis(now_ms)); }

  v1::GetReportResponse Report(const Case& c) {
    v1::GetReportRequest request;
    *request.mutable_span()->mutable_start_time() = wire::FromMs(c.At(c.world.start));
    *request.mutable_span()->mutable_end_time() = wire::FromMs(c.At(c.world.end));
    request.add_target_ids(c.Id("t"));
    v1::GetReportResponse response;
    const absl::Status status = rpc::ReportHandler(*reporter_).GetReport(request, &response);
    EXPECT_TRUE(status.ok()) << status;
    return response;
  }

 private:
  template <typename T>
  static T Must(absl::StatusOr<T> value) {
    if (!value.ok()) ADD_FAILURE() << value.status();
    NINES_CHECK(value.ok());
    return *std::move(value);
  }

  void Submit(ingest::Batch batch) {
    const auto done = [this](const ingest::Outcome& outcome) {
      NINES_CHECK(outcome.status.ok() && outcome.refusals.empty());
      done_.release();
    };
    while (!ingest_->Submit(batch, done, [this] { room_.release(); })) room_.acquire();
    ++in_flight_;
  }

  std::string directory_;
  ManualClock clock_{absl::FromUnixMillis(kBaseMs)};
  std::counting_semaphore<> done_{0};
  std::counting_semaphore<> room_{0};
  int in_flight_ = 0;
  std::unique_ptr<rocks::Database> database_;
  std::unique_ptr<series::Store> store_;
  std::unique_ptr<ledger::Ledger> ledger_;
  std::unique_ptr<catalogue::Cache> catalogue_;
  std::unique_ptr<ingest::Ingest> ingest_;
  std::unique_ptr<report::Reporter> reporter_;
};

void ExpectNaive(const Case& c, const v1::TargetReport& report) {
  naive::Outcome expected = naive::Assess(c.world);
  const v1::Account& account = report.account();
  EXPECT_EQ(account.up_ms(), expected.account[State::kUp] * c.unit_ms);
  EXPECT_EQ(account.degraded_ms(), expected.account[State::kDegraded] * c.unit_ms);
  EXPECT_EQ(account.down_ms(), expected.account[State::kDown] * c.unit_ms);
  EXPECT_EQ(account.unknown_ms(), expected.account[State::kUnknown] * c.unit_ms);
  EXPECT_EQ(account.excluded_ms(), 0);
  EXPECT_EQ(account.good_ms(), expected.good * c.unit_ms);
  EXPECT_EQ(account.bad_ms(), expected.bad * c.unit_ms);
  EXPECT_EQ(account.coverage_ppm(), expected.coverage_ppm);
  EXPECT_EQ(account.has_availability_percent(), expected.availability.has_value());
  std::string verdict = v1::Verdict_Name(account.verdict()).substr(std::string("VERDICT_").size());
  for (char& letter : verdict) letter = static_cast<char>(std::tolower(letter));
  EXPECT_EQ(verdict, expected.verdict);
  std::vector<std::pair<int64_t, int64_t>> outages;
  for (const v1::Outage& outage : report.outages()) {
    outages.emplace_back((outage.start_ms() - kBaseMs) / c.unit_ms, (outage.end_ms() - kBaseMs) / c.unit_ms);
  }
  EXPECT_EQ(outages, expected.outages);
}

// Many cases share the four daemons: opening a database takes longer than a case.
void RunCases(uint64_t first_seed, uint64_t end_seed) {
  std::vector<Case> cases;
  std::vector<ledger::NewFact> facts;
  std::vector<Sent> results;
  for (uint64_t seed = first_seed; seed < end_seed; ++seed) cases.push_back(RandomCase(seed));
  for (const Case& c : cases) Translation(c).Add(facts, results);
  std::mt19937_64 random(first_seed);
  const auto shuffled = [&] {
    std::vector<Sent> copy = results;
    std::shuffle(copy.begin(), copy.end(), random);
    return copy;
  };
  Daemon in_order, out_of_order, twice, two_streams;
  Daemon* const daemons[] = {&in_order, &out_of_order, &twice, &two_streams};
  for (Daemon* daemon : daemons) daemon->Record(facts);
  in_order.Send("c-1", results, random, 1);
  out_of_order.Send("c-1", shuffled(), random, 1);
  twice.Send("c-1", results, random, 2);     // every batch again under its number
  twice.Send("c-2", shuffled(), random, 1);  // and all of it under other numbers
  std::vector<Sent> halves = shuffled();
  const auto middle = halves.begin() + static_cast<ptrdiff_t>(halves.size() / 2);
  two_streams.Send("c-1", {middle, halves.end()}, random, 1);
  two_streams.Send("c-2", {halves.begin(), middle}, random, 1);
  for (const Case& c : cases) {
    SCOPED_TRACE(StrCat("to repeat: NINES_CASES=1 NINES_SEED=", c.seed));
    for (Daemon* daemon : daemons) daemon->SetNow(c.At(c.world.now));
    const v1::GetReportResponse report = in_order.Report(c);
    ASSERT_EQ(report.targets_size(), 1);
    ExpectNaive(c, report.targets(0));
    const std::string bytes = report.SerializeAsString();
    EXPECT_EQ(out_of_order.Report(c).SerializeAsString(), bytes);
    EXPECT_EQ(twice.Report(c).SerializeAsString(), bytes);
    EXPECT_EQ(two_streams.Report(c).SerializeAsString(), bytes);
    if (testing::Test::HasFailure()) return;
  }
}

TEST(ReportProperty, AnyOrderAndAnyDuplicationGiveTheSameBytes) {
  const char* seed = std::getenv("NINES_SEED");
  const char* cases = std::getenv("NINES_CASES");
  const uint64_t first = seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
  const uint64_t last = first + (cases != nullptr ? std::strtoull(cases, nullptr, 10) : 1'200);
  constexpr uint64_t kTogether = 400;
  for (uint64_t at = first; at < last && !testing::Test::HasFailure(); at += kTogether) {
    RunCases(at, std::min(at + kTogether, last));
  }
}

}  // namespace
}  // namespace nines

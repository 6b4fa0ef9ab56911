#include "wire/yaml_message.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/text.h"
#include "nines/v1/catalogue.pb.h"
#include "nines/v1/config.pb.h"
#include "nines/v1/fact.pb.h"
#include "nines/v1/ingest.pb.h"
#include "wire/time.h"

namespace nines::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The error's text; "" if there is none.
template <typename Message>
std::string ErrorOf(std::string_view yaml) {
  Message message;
  const absl::Status status = ParseYaml(yaml, "f.yaml", &message, nullptr);
  if (status.ok()) return "";
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(FromAbsl(status.message()));
}

template <typename Message>
Message Read(std::string_view yaml) {
  Message message;
  const absl::Status status = ParseYaml(yaml, "f.yaml", &message, nullptr);
  EXPECT_TRUE(status.ok()) << status << "\n" << yaml;
  return message;
}

TEST(YamlMessageTest, ReadsACatalogue) {
  const auto catalogue = Read<v1::Catalogue>(R"(
# two targets
targets:
- id: portal
  name: {zh: 门户, en: Portal}
  down_when: 2
  inputs:
    - web
    - target: db
    - down_when: majority
      inputs: [a, b, {check: c}]
- {id: 42, name: Database, weight: 3}
contracts:
- id: gold
  objective_ppm: 99.95%
  min_coverage_ppm: 800000
  min_outage: 1m30s
checks:
- id: web
  interval: 250ms
  hold: unlimited
)");
  ASSERT_EQ(catalogue.targets_size(), 2);
  EXPECT_EQ(catalogue.targets(0).name().zh(), "门户");
  EXPECT_EQ(catalogue.targets(0).name().en(), "Portal");
  EXPECT_EQ(catalogue.targets(0).down_when(), "2");
  EXPECT_EQ(catalogue.targets(0).inputs(0).check(), "web");
  EXPECT_EQ(catalogue.targets(0).inputs(1).target(), "db");
  EXPECT_EQ(catalogue.targets(0).inputs(2).inputs(2).check(), "c");
  EXPECT_EQ(catalogue.targets(1).id(), "42");
  EXPECT_EQ(catalogue.targets(1).name().zh(), "Database");
  EXPECT_EQ(catalogue.targets(1).name().en(), "Database");
  EXPECT_EQ(catalogue.targets(1).weight(), 3);
  EXPECT_FALSE(catalogue.targets(0).has_weight());
  EXPECT_EQ(catalogue.contracts(0).objective_ppm(), 999'500);
  EXPECT_EQ(catalogue.contracts(0).min_coverage_ppm(), 800'000);
  EXPECT_EQ(catalogue.contracts(0).min_outage().seconds(), 90);
  EXPECT_EQ(catalogue.checks(0).interval().nanos(), 250'000'000);
  EXPECT_TRUE(IsUnlimited(catalogue.checks(0).hold()));
}

TEST(YamlMessageTest, EmptyIsEmpty) {
  for (const char* yaml : {"", "# nothing\n", "---\n", "{}", "\xef\xbb\xbf", "~", "checks:\ntargets: []\n"}) {
    EXPECT_EQ(Read<v1::Catalogue>(yaml).ByteSizeLong(), 0u) << yaml;
  }
  EXPECT_TRUE(Read<v1::DaemonConfig>("log:\n").has_log());
}

TEST(YamlMessageTest, MapsEnumsOneofsAndNumbers) {
  const auto config = Read<v1::CollectorConfig>(R"(
collector_id: "null"
sources:
- name: web
  scrape: {urls: ["http://a/metrics"], labels: {env: prod, 是: "1"}, body_bytes_max: -9223372036854775808}
- name: p
  probe:
    targets:
    - http: {url: "https://a:1/", status: [200, 204], insecure_skip_verify: true}
)");
  EXPECT_EQ(config.collector_id(), "null");
  EXPECT_EQ(config.sources(0).scrape().labels().at("env"), "prod");
  EXPECT_EQ(config.sources(0).scrape().labels().at("是"), "1");
  EXPECT_EQ(config.sources(0).scrape().body_bytes_max(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(config.sources(1).probe().targets(0).http().status(1), 204);
  EXPECT_TRUE(config.sources(1).probe().targets(0).http().insecure_skip_verify());
  EXPECT_EQ(Read<v1::Declaration>("impact: degraded").impact(), v1::IMPACT_DEGRADED);
  EXPECT_EQ(Read<v1::Declaration>("impact: IMPACT_DOWN").impact(), v1::IMPACT_DOWN);
  EXPECT_EQ(Read<v1::Declaration>("start_time: 2025-01-01T08:00:00.5+08:00").start_time().seconds(), 1735689600);
  EXPECT_EQ(Read<v1::Declaration>("start_time: 2025-01-01T08:00:00.5+08:00").start_time().nanos(), 500'000'000);
}

TEST(YamlMessageTest, PlacesCountCharacters) {
  v1::Catalogue catalogue;
  Places places;
  ASSERT_TRUE(
      ParseYaml("targets:\n- id: 门户\n  name: {zh: 门户, en: Portal}\n  inputs:\n  - web\n  - inputs: [a, b]\n",
                "f.yaml", &catalogue, &places)
          .ok());
  EXPECT_EQ(places.at("targets"), (Place{2, 1}));
  EXPECT_EQ(places.at("targets[0]"), (Place{2, 3}));
  EXPECT_EQ(places.at("targets[0].id"), (Place{2, 7}));
  EXPECT_EQ(places.at("targets[0].name.en"), (Place{3, 22}));
  EXPECT_EQ(places.at("targets[0].inputs[0].check"), (Place{5, 5}));
  EXPECT_EQ(places.at("targets[0].inputs[1].inputs[1].check"), (Place{6, 17}));
}

struct Broken {
  const char* yaml;
  const char* error;  // the line
};

class BrokenCatalogueYaml : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenCatalogueYaml, SaysWhereWhatAndWhatToDo) {
  EXPECT_THAT(ErrorOf<v1::Catalogue>(GetParam().yaml), StartsWith(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    All, BrokenCatalogueYaml,
    ::testing::Values(
        Broken{"checks:\n- id: web\n  intervall: 15s\n",
               "f.yaml:3:3: unknown key 'intervall' of 'checks[0]'; did you mean 'interval'?"},
        Broken{"zzz: 1\n", "f.yaml:1:1: unknown key 'zzz'; known are providers, regions, agencies, systems, contracts"},
        Broken{"checks:\n- id: a\n  hold: 1s\n  id: b\n",
               "f.yaml:4:3: key 'id' of 'checks[0]' is given twice, first in line 2; remove one"},
        Broken{"checks:\n- {id: 门户, interval: 15}\n",
               "f.yaml:2:22: checks[0].interval: '15' is not a duration; write whole numbers with units, e.g."},
        Broken{"checks:\n- interval: 99999999999999999w\n",
               "f.yaml:2:13: checks[0].interval: '99999999999999999w' is too long"},
        Broken{"checks:\n- interval: 99999999999w\n",
               "f.yaml:2:13: checks[0].interval: '99999999999w' is too long a duration"},
        Broken{"checks:\n- down_after: many\n",
               "f.yaml:2:15: checks[0].down_after: 'many' is not a whole number; write one such as 15"},
        Broken{"checks:\n- down_after: 2147483648\n",
               "f.yaml:2:15: checks[0].down_after: '2147483648' is out of range; write a number from -2147483648 to "
               "2147483647"},
        Broken{"checks:\n- down_after: \"2\"\n",
               "f.yaml:2:15: checks[0].down_after: \"2\" is a text; remove the quotes"},
        Broken{"checks:\n- down_after: 1.5\n", "f.yaml:2:15: checks[0].down_after: '1.5' is not a whole number"},
        Broken{"contracts:\n- objective_ppm: 99.99999%\n",
               "f.yaml:2:18: contracts[0].objective_ppm: '99.99999%' is not a share; write a percentage such as 99.9%"},
        Broken{"checks: web\n", "f.yaml:1:9: 'checks' is a list; put '- ' before each of its elements"},
        Broken{"checks: {id: web}\n", "f.yaml:1:9: 'checks' is a list"},
        Broken{"checks:\n- web\n",
               "f.yaml:2:3: expected the fields of 'checks[0]', found a single value; write 'name: value' lines (id, "
               "target,"},
        Broken{"- a\n",
               "f.yaml:1:1: expected the fields, found a list; write 'name: value' lines (providers, regions,"},
        Broken{"checks:\n- id: [a]\n",
               "f.yaml:2:7: 'checks[0].id' needs a single value, found a list; write one or remove"},
        Broken{"checks:\n- id:\n  hold: 1s\n", "f.yaml:2:3: 'checks[0].id' needs a single value, found nothing"},
        Broken{"checks:\n- hold: {a: 1}\n", "f.yaml:2:9: 'checks[0].hold' needs a single value, found fields"},
        Broken{"checks: [a\nregions: b\n", "f.yaml:2:8: not YAML: end of sequence flow not found"},
        Broken{"checks:\n\t- id: a\n", "f.yaml:2:"},
        Broken{"checks: *nowhere\n", "f.yaml:1:9: not YAML: the referenced anchor is not defined"},
        Broken{"checks: []\n---\nchecks: []\n",
               "f.yaml:2:1: a second document begins here; keep one to a file, without"},
        Broken{"- a\nchecks: []\n", "f.yaml:2:1: a second document begins here; keep one to a file, without"},
        Broken{"checks: []]\n", "f.yaml:1:11: not YAML: illegal flow end"},
        Broken{"checks:\n- !secret {id: a}\n", "f.yaml:2:3: the tag !secret is not supported; remove it"},
        Broken{"checks:\n- &a {id: a}\n- {<<: *a}\n",
               "f.yaml:3:4: merging with '<<' is not supported; write the fields out"},
        Broken{"? {a: 1}\n: 2\n", "f.yaml:1:3: a key is not a plain text; write 'name: value'"},
        Broken{"checks:\n- id: a\x01"
               "b\n",
               "f.yaml:2:8: a control character; remove it"},
        Broken{"checks:\n- id: \xe9\xa8\xb1\xff\n", "f.yaml:2:8: the text is not UTF-8; save the file as UTF-8"},
        Broken{"checks:\n- id: \"\\ud800\"\n", "f.yaml:2:"}));

TEST(YamlMessageTest, OtherKindsOfMistakes) {
  EXPECT_THAT(
      ErrorOf<v1::Declaration>("impact: degarded"),
      StartsWith("f.yaml:1:9: impact: 'degarded' is not one of none, degraded, down; did you mean 'degraded'?"));
  EXPECT_THAT(ErrorOf<v1::Declaration>("withdrawn: yes"),
              StartsWith("f.yaml:1:12: withdrawn: 'yes' is neither true nor false"));
  EXPECT_THAT(ErrorOf<v1::Declaration>("start_time: 2025-01-01T08:00:00"),
              StartsWith("f.yaml:1:13: start_time: '2025-01-01T08:00:00' is not a time; write it with its zone"));
  EXPECT_THAT(ErrorOf<v1::Declaration>("start_time: infinite-future"), HasSubstr("is not a time"));
  EXPECT_THAT(
      ErrorOf<v1::Scope>("target_id: a\nservice: b\n"),
      StartsWith(
          "f.yaml:2:1: 'service' beside 'target_id'; write only one of target_id, provider_id, region_id, service"));
  EXPECT_THAT(ErrorOf<v1::ScrapeSource>("labels: [a]"),
              StartsWith("f.yaml:1:9: 'labels' is a map; write 'key: value'"));
  EXPECT_THAT(ErrorOf<v1::ScrapeSource>("labels: {a: 1, a: 2}"),
              StartsWith("f.yaml:1:16: key 'a' of 'labels' is given twice"));
  EXPECT_THAT(ErrorOf<v1::ScrapeSource>("urls: [a, [b]]"), StartsWith("f.yaml:1:11: 'urls[1]' needs a single value"));
}

TEST(YamlMessageTest, AllMistakesAreListedInTheirOrder) {
  EXPECT_EQ(
      ErrorOf<v1::Catalogue>("checks:\n- id: a\n  hold: x\n- idd: b\n  down_after: z\nregion: []\n"),
      "f.yaml:3:9: checks[0].hold: 'x' is not a duration; write whole numbers with units, e.g. 250ms, 15s, 1h30m, 2d\n"
      "f.yaml:4:3: unknown key 'idd' of 'checks[1]'; did you mean 'id'?\n"
      "f.yaml:5:15: checks[1].down_after: 'z' is not a whole number; write one such as 15\n"
      "f.yaml:6:1: unknown key 'region'; did you mean 'regions'?");
}

TEST(YamlMessageTest, FloodsOfMistakesAreCutShort) {
  std::string yaml = "checks:\n";
  for (int i = 0; i < 150; ++i) yaml += "- x: 1\n";
  const std::string error = ErrorOf<v1::Catalogue>(yaml);
  EXPECT_THAT(error, HasSubstr("\nand 50 more mistakes"));
  EXPECT_EQ(std::count(error.begin(), error.end(), '\n'), 100);
}

TEST(YamlMessageTest, AliasesAreFineBombsAreNot) {
  EXPECT_EQ(Read<v1::Catalogue>("checks:\n- {id: a, hold: &h 20s}\n- {id: b, hold: *h}\n").checks(1).hold().seconds(),
            20);
  std::string bomb = "targets:\n- inputs: &a0 [x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i <= 12; ++i) {
    StrAppend(&bomb, "- inputs: &a", i, "\n");
    for (int j = 0; j < 8; ++j) StrAppend(&bomb, "  - inputs: *a", i - 1, "\n");
  }
  EXPECT_THAT(ErrorOf<v1::Catalogue>(bomb), HasSubstr("too large with its aliases written out"));
  EXPECT_THAT(ErrorOf<v1::Target>("inputs: &a\n- inputs: *a\n"), HasSubstr("nested more than 64 deep; flatten it"));
}

TEST(YamlMessageTest, SizeAndDepthAreBounded) {
  EXPECT_THAT(ErrorOf<v1::Catalogue>(std::string((4 << 20) + 1, ' ')), HasSubstr("larger than 4194304 bytes"));
  EXPECT_THAT(ErrorOf<v1::Catalogue>(std::string(100'000, '[')), HasSubstr("nested too deep"));
  std::string deep = "inputs: [";
  for (int i = 0; i < 40; ++i) deep += "{inputs: [";
  EXPECT_THAT(ErrorOf<v1::Target>(deep + "a" + std::string(40, ' ')), HasSubstr("not YAML"));
  for (int i = 0; i < 40; ++i) deep += "]}";
  EXPECT_THAT(ErrorOf<v1::Target>(deep + "]"), HasSubstr("nested more than 64 deep"));
}

TEST(YamlMessageTest, WritesCanonicalYaml) {
  v1::Target target;
  target.set_id("portal");
  target.mutable_name()->set_zh("门户");
  target.mutable_name()->set_en("门户");
  target.set_provider("a: b");
  target.set_down_when("2");
  target.add_inputs()->set_check("web");
  v1::Input* nested = target.add_inputs();
  nested->set_down_when("all");
  nested->add_inputs()->set_target("db");
  nested->add_inputs();
  target.set_weight(0);
  EXPECT_EQ(ToYaml(target),
            "id: portal\nname: 门户\nprovider: \"a: b\"\ndown_when: \"2\"\ninputs:\n  - web\n  - down_when: all\n"
            "    inputs:\n      - target: db\n      - {}\nweight: 0\n");
  v1::Contract contract;
  contract.set_objective_ppm(999'000);
  contract.set_min_coverage_ppm(1'000'000);
  contract.mutable_min_outage()->set_seconds(90);
  EXPECT_EQ(ToYaml(contract), "objective_ppm: 99.9%\nmin_coverage_ppm: 100%\nmin_outage: 1m30s\n");
  EXPECT_EQ(ToYaml(v1::Target()), "");
}

// What is read back, and what differs.
void ExpectRoundTrip(const google::protobuf::Message& message) {
  const std::string yaml = ToYaml(message);
  std::unique_ptr<google::protobuf::Message> read(message.New());
  const absl::Status status = ParseYaml(yaml, "f.yaml", read.get(), nullptr);
  ASSERT_TRUE(status.ok()) << status << "\n" << yaml;
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(message, *read)) << difference << "\n" << yaml;
  EXPECT_EQ(ToYaml(*read), yaml);
}

TEST(YamlMessageTest, AwkwardTextsRoundTrip) {
  for (std::string text :
       {std::string(" "),      std::string("a "),      std::string("#x"),      std::string("- a"),
        std::string("a: b"),   std::string("a:"),      std::string("null"),    std::string("~"),
        std::string("12"),     std::string("1e3"),     std::string("yes"),     std::string("[x]"),
        std::string("{}"),     std::string("'"),       std::string("\""),      std::string("\\n"),
        std::string("a\nb\n"), std::string("\t"),      std::string("\r"),      std::string("a\0b", 3),
        std::string("\x7f"),   std::string("\u0085"),  std::string("\u2028é"), std::string("\ufeff中"),
        std::string("机房 A"), std::string("😀\u200b"), std::string("%x"),      std::string("&a"),
        std::string("*a"),     std::string("!t"),      std::string("a #b"),    std::string("a: |"),
        std::string("---"),    std::string("...")}) {
    v1::Region region;
    region.set_id(text);
    ExpectRoundTrip(region);
    v1::ScrapeSource source;
    (*source.mutable_labels())[text] = text;
    ExpectRoundTrip(source);
  }
}

// Fills every field of any message, so that a field of a new type cannot be forgotten.
void Fill(google::protobuf::Message* message, int depth, int variant) {
  using google::protobuf::FieldDescriptor;
  const google::protobuf::Descriptor& type = *message->GetDescriptor();
  const google::protobuf::Reflection& reflection = *message->GetReflection();
  if (type.full_name() == "google.protobuf.Duration" || type.full_name() == "google.protobuf.Timestamp") {
    reflection.SetInt64(message, type.FindFieldByName("seconds"), variant == 2 ? 253'402'300'799 : 86'461 * variant);
    reflection.SetInt32(message, type.FindFieldByName("nanos"), variant * 7'000'000);
    return;
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    const google::protobuf::OneofDescriptor* oneof = field->real_containing_oneof();
    if (oneof != nullptr && oneof->field(variant % oneof->field_count()) != field) continue;
    const int count = field->is_repeated() ? variant : 1;
    if (field->is_map()) continue;
    for (int n = 0; n < count; ++n) {
      auto put = [&](auto set, auto add, auto value) {
        if (field->is_repeated()) {
          (reflection.*add)(message, field, value);
        } else {
          (reflection.*set)(message, field, value);
        }
      };
      using R = google::protobuf::Reflection;
      switch (field->cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          if (depth >= 5) continue;
          Fill(field->is_repeated() ? reflection.AddMessage(message, field) : reflection.MutableMessage(message, field),
               depth + 1, variant);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          put(&R::SetString, &R::AddString, std::string(n == 0 ? "x y" : "值"));
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          put(&R::SetEnumValue, &R::AddEnumValue, n + 1);
          break;
        case FieldDescriptor::CPPTYPE_BOOL:
          put(&R::SetBool, &R::AddBool, true);
          break;
        case FieldDescriptor::CPPTYPE_INT32:
          put(&R::SetInt32, &R::AddInt32, std::numeric_limits<int32_t>::min() + n);
          break;
        case FieldDescriptor::CPPTYPE_INT64:
          put(&R::SetInt64, &R::AddInt64, std::numeric_limits<int64_t>::max() - n);
          break;
        case FieldDescriptor::CPPTYPE_UINT32:
          put(&R::SetUInt32, &R::AddUInt32, std::numeric_limits<uint32_t>::max() - static_cast<uint32_t>(n));
          break;
        case FieldDescriptor::CPPTYPE_UINT64:
          put(&R::SetUInt64, &R::AddUInt64, std::numeric_limits<uint64_t>::max() - static_cast<uint64_t>(n));
          break;
        case FieldDescriptor::CPPTYPE_DOUBLE:
          put(&R::SetDouble, &R::AddDouble, n == 0 ? 0.1 : -std::numeric_limits<double>::infinity());
          break;
        case FieldDescriptor::CPPTYPE_FLOAT:
          put(&R::SetFloat, &R::AddFloat, 0.1F);
          break;
      }
    }
  }
}

TEST(YamlMessageTest, EveryMessageOfTheProjectRoundTrips) {
  int messages = 0;
  for (const google::protobuf::FileDescriptor* file :
       {v1::Catalogue::descriptor()->file(), v1::DaemonConfig::descriptor()->file(), v1::Fact::descriptor()->file(),
        v1::PushRequest::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const google::protobuf::Message& prototype =
          *google::protobuf::MessageFactory::generated_factory()->GetPrototype(file->message_type(i));
      for (int variant = 0; variant < 8; ++variant) {
        SCOPED_TRACE(StrCat(file->message_type(i)->full_name(), " ", variant));
        std::unique_ptr<google::protobuf::Message> message(prototype.New());
        Fill(message.get(), 0, std::min(variant, 3) == 3 ? 3 : variant);
        ExpectRoundTrip(*message);
      }
      ++messages;
    }
  }
  EXPECT_GT(messages, 40);
}

}  // namespace
}  // namespace nines::wire

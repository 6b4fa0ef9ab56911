// YAML of people: ParseYaml() never fails otherwise than with a place, and what it takes survives ToYaml() and back.
#include <google/protobuf/util/message_differencer.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/text.h"
#include "nines/v1/catalogue.pb.h"
#include "nines/v1/config.pb.h"
#include "nines/v1/fact.pb.h"
#include "wire/yaml_message.h"

namespace {

using google::protobuf::Message;

void ParseAndWrite(const std::string& yaml, const Message& prototype) {
  std::unique_ptr<Message> message(prototype.New());
  nines::wire::Places places;
  const absl::Status status = nines::wire::ParseYaml(yaml, "f", message.get(), &places);
  if (!status.ok()) {
    NINES_CHECK(nines::FromAbsl(status.message()).starts_with("f:"));
    return;
  }
  for (const auto& [path, place] : places) NINES_CHECK(place.line >= 1 && place.column >= 1);
  std::unique_ptr<Message> again(prototype.New());
  NINES_CHECK(nines::wire::ParseYaml(nines::wire::ToYaml(*message), "f", again.get(), nullptr).ok());
  NINES_CHECK(google::protobuf::util::MessageDifferencer::Equals(*message, *again));
}

}  // namespace

std::vector<std::string> FuzzSeeds() {
  return {
      "targets:\n- id: portal\n  name: {zh: 门户, en: Portal}\n  inputs:\n  - &x web\n  - *x\n  - inputs: [a, b]\n",
      "contracts: [{id: gold, objective_ppm: 99.95%, min_outage: 1m30s, basis: 'either'}]\n",
      "checks:\n- {id: \"a\\u00e9\\n\", interval: 250ms, hold: unlimited, down_after: 2}\n",
      "sources:\n- name: p\n  scrape:\n    urls: [a]\n    labels: {a: b, \"12\": ~}\n",
      "sources:\n- probe: {targets: [{http: {url: x, status: [200, 0]}, degraded_over: 2s}]}\n",
      "id: |\n  some\n  text\nimpact: down\nstart_time: 2025-01-01T00:00:00+08:00\nscope: {service: s}\n",
      "- a\nb: c\n--- d\n",
      "%YAML 1.2\n---\n? id\n: >-\n  folded\n  text\n...\n",
  };
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string yaml(reinterpret_cast<const char*>(data), size);
  ParseAndWrite(yaml, nines::v1::Catalogue::default_instance());
  ParseAndWrite(yaml, nines::v1::CollectorConfig::default_instance());
  ParseAndWrite(yaml, nines::v1::Declaration::default_instance());
  return 0;
}

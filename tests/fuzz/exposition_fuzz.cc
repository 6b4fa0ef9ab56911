// Whatever an exporter sends: it is read or refused, the same way from a warm cache as from a cold one, and its label
// sets are sorted, unique and without empty values. The first byte chooses the format.
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "base/check.h"
#include "collectors/sources/exposition.h"

namespace {

using nines::collector::ExpositionFormat;
using nines::collector::ExpositionReader;
using nines::collector::LabelSetPtr;

bool Read(ExpositionReader& reader, std::string_view text, ExpositionFormat format) {
  reader.Begin(text, format);
  while (true) {
    auto more = reader.ReadLines(3);
    if (!more.ok()) return false;
    if (!*more) return true;
  }
}

void CheckLabels(const nines::collector::LabelSet& labels) {
  for (size_t i = 0; i < labels.size(); ++i) {
    NINES_CHECK(!labels[i].second.empty());
    NINES_CHECK(i == 0 || labels[i - 1].first < labels[i].first);
  }
}

}  // namespace

// For the driver; libFuzzer finds its own.
std::vector<std::string> FuzzSeeds() {
  const std::string text =
      "# HELP a text\n# TYPE a histogram\na_bucket{le=\"1\",x=\"\\\"\"} 1\na_bucket{le=\"+Inf\"} 2 1395066363000\n\n"
      "b { c = \"d\", } NaN\nup 1\n";
  const std::string open_metrics =
      "# TYPE a histogram\n# UNIT a_s s\n# HELP a text\na_bucket{le=\"1\"} 1 # {id=\"x\"} 0.5 "
      "1.5\na_bucket{le=\"+Inf\"} 2\n"
      "a_count 2\na_sum 3\n# TYPE b counter\nb_total{c=\"d\",e=\"\\n\"} 1 1.5\n# TYPE s stateset\ns{s=\"on\"} 1\n# "
      "EOF\n";
  std::string plain = open_metrics;
  plain.erase(plain.find("# UNIT"), plain.find("# HELP") - plain.find("# UNIT"));
  return {"0" + text, "1" + open_metrics, "1" + plain};
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto format = data[0] % 2 == 0 ? ExpositionFormat::kText : ExpositionFormat::kOpenMetrics;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  ExpositionReader reader(nines::collector::LabelSet{{"instance", "i"}, {"job", "j"}});
  reader.Reserve("up");
  std::vector<LabelSetPtr> vanished;
  const bool good = Read(reader, text, format);
  std::vector<ExpositionReader::Sample> first = reader.samples();
  good ? reader.Commit(&vanished) : reader.Abort(&vanished);
  NINES_CHECK(vanished.empty());
  for (const auto& sample : first) CheckLabels(*sample.row.series);
  NINES_CHECK(Read(reader, text, format) == good);
  NINES_CHECK(reader.samples().size() == first.size());
  for (size_t i = 0; i < first.size(); ++i) {
    const auto& again = reader.samples()[i];
    NINES_CHECK(again.row.series == first[i].row.series && again.time_ms == first[i].time_ms);
    NINES_CHECK(std::bit_cast<uint64_t>(again.row.value) == std::bit_cast<uint64_t>(first[i].row.value));
    NINES_CHECK(std::bit_cast<uint64_t>(again.row.value) != 0x7ff0000000000002);
  }
  return 0;
}

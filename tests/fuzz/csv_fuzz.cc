#include <cstddef>
#include <cstdint>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "collectors/sources/csv_reader.h"
#include "collectors/sources/drop_line.h"

namespace {

using nines::collector::CsvReader;

std::string Quoted(const std::vector<std::string>& fields) {
  std::string row;
  for (size_t i = 0; i < fields.size(); ++i) {
    row += i > 0 ? ",\"" : "\"";
    for (const char c : fields[i]) row.append(c == '"' ? 2 : 1, c);
    row += '"';
  }
  return row + "\n";
}

}  // namespace

// Any bytes are read to their end; a good row, written with quotes, is read as the same row.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  CsvReader reader(std::make_unique<std::istringstream>(text));
  int64_t line = 0;
  while (true) {
    const auto next = reader.Next();
    if (next.ok() && !*next) break;
    NINES_CHECK(reader.line() > line);
    line = reader.line();
    if (!next.ok()) continue;
    const std::vector<std::string> fields(reader.fields().begin(), reader.fields().end());
    if (fields.size() == 1 && fields[0].empty()) continue;
    CsvReader again(std::make_unique<std::istringstream>(Quoted(fields)));
    NINES_CHECK(again.Next().value());
    NINES_CHECK((std::vector<std::string>(again.fields().begin(), again.fields().end()) == fields));
  }
  (void)nines::collector::ParseDropJsonLines(text, "fuzz");
  (void)nines::collector::ParseDropCsv(text, "fuzz");
  return 0;
}

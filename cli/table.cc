#include "cli/table.h"

#include <algorithm>

#include "base/check.h"

namespace nines::cli {
namespace {

constexpr std::string_view Escape(Tint tint) {
  switch (tint) {
    case Tint::kGood:
      return "\x1b[32m";
    case Tint::kWarn:
      return "\x1b[33m";
    case Tint::kBad:
      return "\x1b[1;31m";
    case Tint::kFaint:
      return "\x1b[2m";
    case Tint::kNone:
      break;
  }
  return "";
}

}  // namespace

void Table::Add(std::vector<Cell> cells) {
  NINES_CHECK(cells.size() == columns_.size());
  for (Cell& cell : cells) cell.text = Printable(cell.text);
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out, Colour colour) const {
  std::vector<int> widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    int width = TextWidth(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, TextWidth(row[i].text));
    widths.push_back(width);
  }
  const auto print_row = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const bool last = i + 1 == cells.size();
      const Align align = columns_[i].align;
      // The last column is not padded: no blanks at the line's end.
      const std::string text =
          last && align == Align::kLeft ? cells[i].text : Pad(cells[i].text, widths[i], align);
      const bool tinted = colour == Colour::kYes && cells[i].tint != Tint::kNone;
      if (tinted) line += Escape(cells[i].tint);
      line += text;
      if (tinted) line += "\x1b[0m";
      if (!last) line += "  ";
    }
    out << line << '\n';
  };
  std::vector<Cell> titles;
  for (const Column& column : columns_) titles.emplace_back(column.title, Tint::kFaint);
  print_row(titles);
  for (const auto& row : rows_) print_row(row);
}

std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void PrintCsvRow(std::ostream& out, const std::vector<std::string>& fields) {
  for (size_t i = 0; i < fields.size(); ++i) out << (i == 0 ? "" : ",") << CsvField(fields[i]);
  out << '\n';
}

}  // namespace nines::cli

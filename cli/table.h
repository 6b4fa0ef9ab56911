#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "cli/text_width.h"

namespace nines::cli {

enum class Tint { kNone, kGood, kWarn, kBad, kFaint };

struct Cell {
  Cell(std::string text, Tint tint = Tint::kNone) : text(std::move(text)), tint(tint) {}  // NOLINT: cells are written as text
  std::string text;
  Tint tint;
};

// A table that lines up in a terminal whatever scripts its cells are written in.
class Table {
 public:
  struct Column {
    std::string title;
    Align align = Align::kLeft;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // As many cells as columns.
  void Add(std::vector<Cell> cells);
  enum class Colour { kNo, kYes };
  void Print(std::ostream& out, Colour colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// A field of RFC 4180 CSV.
std::string CsvField(std::string_view text);
void PrintCsvRow(std::ostream& out, const std::vector<std::string>& fields);

}  // namespace nines::cli

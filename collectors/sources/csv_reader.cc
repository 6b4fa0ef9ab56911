#include "collectors/sources/csv_reader.h"

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"

namespace nines::collector {
namespace {

constexpr size_t kBlockBytes = 64 << 10;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(std::unique_ptr<std::istream> in) : in_(std::move(in)), block_(kBlockBytes) {
  // So that a broken archive is told from its end.
  in_->exceptions(std::ios::badbit);
}

bool CsvReader::Fill() {
  at_ = block_end_ = 0;
  if (!failed_.ok() || in_->eof()) return false;
  try {
    in_->read(block_.data(), static_cast<std::streamsize>(block_.size()));
    block_end_ = static_cast<size_t>(in_->gcount());
  } catch (const std::exception& error) {
    failed_ = absl::DataLossError(StrCat("cannot be read on from line ", next_line_, ": ", error.what()));
    return false;
  }
  if (is_first_ && std::string_view(block_.data(), block_end_).starts_with(kByteOrderMark)) at_ = kByteOrderMark.size();
  is_first_ = false;
  return at_ < block_end_;
}

void CsvReader::EndField() {
  ends_.push_back(text_.size());
  where_ = Where::kFieldStart;
}

bool CsvReader::Take(int byte) {
  if (byte == '\n') ++next_line_;
  if (where_ == Where::kQuoted && byte >= 0) {
    if (byte == '"') {
      where_ = Where::kQuoteInQuoted;
    } else {
      text_.push_back(static_cast<char>(byte));
    }
    return false;
  }
  switch (byte) {
    case -1:
      if (where_ == Where::kQuoted) error_ = "a quoted field does not end";
      [[fallthrough]];
    case '\n':
      if (where_ == Where::kPlain && text_.ends_with('\r')) text_.pop_back();
      EndField();
      return true;
    case ',':
      EndField();
      return false;
    case '"':
      if (where_ == Where::kQuoteInQuoted) text_.push_back('"');
      if (where_ == Where::kPlain) error_ = "a quote within a field that does not begin with one";
      where_ = where_ == Where::kPlain ? Where::kPlain : Where::kQuoted;
      return false;
    default:
      if (where_ == Where::kQuoteInQuoted) {
        if (byte == '\r') return false;
        error_ = "text after the end of a quoted field";
      }
      where_ = Where::kPlain;
      text_.push_back(static_cast<char>(byte));
      return false;
  }
}

absl::StatusOr<bool> CsvReader::Next() {
  while (true) {
    text_.clear();
    ends_.clear();
    fields_.clear();
    error_.clear();
    where_ = Where::kFieldStart;
    line_ = next_line_;
    int byte = Get();
    if (byte < 0) return failed_.ok() ? absl::StatusOr<bool>(false) : failed_;
    size_t field_start = 0;
    while (!Take(byte)) {
      if (where_ == Where::kFieldStart) field_start = text_.size();
      if (text_.size() - field_start > kFieldBytesMax) {
        error_ = "a field is longer than 1 MiB; is a quote missing?";
        text_.resize(field_start);
      }
      byte = Get();
      if (byte < 0 && !failed_.ok()) return failed_;
    }
    if (!error_.empty()) return absl::InvalidArgumentError(error_);
    const bool is_blank = ends_.size() == 1 && text_.empty();
    if (is_blank) continue;
    size_t start = 0;
    for (const size_t end : ends_) {
      fields_.emplace_back(text_.data() + start, end - start);
      start = end;
    }
    return true;
  }
}

absl::StatusOr<std::unique_ptr<std::istream>> OpenMaybePacked(const std::string& path) {
  auto file = std::make_unique<std::ifstream>(path, std::ios::binary);
  if (!*file) return absl::UnavailableError(StrCat(path, " cannot be opened: ", std::strerror(errno)));
  const bool is_gzip = path.ends_with(".gz"), is_xz = path.ends_with(".xz");
  if (!is_gzip && !is_xz) return file;

  struct Unpacking : boost::iostreams::filtering_istream {
    ~Unpacking() override { reset(); }  // before `file` is gone
    std::unique_ptr<std::ifstream> file;
  };
  auto unpacking = std::make_unique<Unpacking>();
  if (is_gzip) unpacking->push(boost::iostreams::gzip_decompressor());
  if (is_xz) unpacking->push(boost::iostreams::lzma_decompressor());
  unpacking->push(*file);
  unpacking->file = std::move(file);
  return unpacking;
}

}  // namespace nines::collector

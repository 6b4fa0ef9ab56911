#include "daemon/seal/archive.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_format.h"
#include "base/check.h"
#include "base/text.h"

namespace nines::seal {
namespace {

// IEEE Std 1003.1, pax, "ustar Interchange Format".
constexpr size_t kBlock = 512;
constexpr size_t kNameBytes = 100;
constexpr size_t kSizeAt = 124;
constexpr size_t kSizeDigits = 11;
constexpr size_t kChecksumAt = 148;

void Put(std::string& header, size_t at, std::string_view text) { header.replace(at, text.size(), text); }

std::string Header(const std::string& name, size_t size) {
  NINES_CHECK(!name.empty() && name.size() < kNameBytes);
  std::string header(kBlock, '\0');
  Put(header, 0, name);
  Put(header, 100, "0000644");
  Put(header, 108, "0000000");
  Put(header, 116, "0000000");
  Put(header, kSizeAt, absl::StrFormat("%011o", size));
  Put(header, 136, "00000000000");
  Put(header, kChecksumAt, "        ");
  Put(header, 156, "0");
  Put(header, 257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  Put(header, kChecksumAt, absl::StrFormat("%06o", sum) + std::string("\0 ", 2));
  return header;
}

size_t Padded(size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

absl::Status Broken(std::string_view what, size_t offset) {
  return absl::InvalidArgumentError(StrCat(what, " (byte ", offset, " of the archive)"));
}

}  // namespace

std::string WriteArchive(const Files& files) {
  std::string bytes;
  for (const auto& [name, content] : files) {
    bytes += Header(name, content.size());
    bytes += content;
    bytes.resize(Padded(bytes.size()));
  }
  bytes.resize(bytes.size() + 2 * kBlock);
  return bytes;
}

absl::StatusOr<Files> ReadArchive(std::string_view bytes) {
  Files files;
  std::string last = "the beginning";
  size_t at = 0;
  while (true) {
    const std::string_view header = bytes.substr(std::min(at, bytes.size()), kBlock);
    if (header.size() < kBlock) return Broken(StrCat("the archive breaks off behind ", last), bytes.size());
    if (header.front() == '\0') break;
    const std::string name(header.substr(0, std::min(header.find('\0'), kNameBytes - 1)));
    const std::string_view digits = header.substr(kSizeAt, kSizeDigits);
    size_t size = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 8);
    if (error != std::errc() || stop != digits.data() + digits.size() || header != Header(name, size)) {
      return Broken(StrCat("the entry behind ", last, " was changed, or was not written by ninesctl"), at);
    }
    const std::string_view content = bytes.substr(at + kBlock, size);
    if (content.size() < size) return Broken(StrCat(name, " breaks off"), bytes.size());
    const std::string_view padding = bytes.substr(at + kBlock + size, Padded(size) - size);
    if (padding.find_first_not_of('\0') != std::string_view::npos)
      return Broken(StrCat(name, ": its padding was changed"), at);
    if (!files.empty() && name <= files.rbegin()->first)
      return Broken(StrCat(name, " is not in the order of names"), at);
    files.emplace(name, content);
    last = name;
    at += kBlock + Padded(size);
  }
  if (bytes.substr(at) != std::string(2 * kBlock, '\0')) return Broken("the end of the archive was changed", at);
  return files;
}

}  // namespace nines::seal

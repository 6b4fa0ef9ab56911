#include "collectors/sources/http_request.h"

#include <algorithm>
#include <array>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <exception>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "base/version.h"

namespace nines::collector {
namespace {

// RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  auto is_token_char = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool IsHeaderValue(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7F'; });
}

}  // namespace

absl::StatusOr<std::string> RequestText(std::string_view method, const HttpUrl& url, const HttpHeaders& headers) {
  if (!IsToken(method)) return absl::InvalidArgumentError(StrCat("'", method, "' is not an HTTP method"));
  HttpHeaders all = headers;
  auto add = [&all](std::string_view name, std::string value) {
    auto same = [&](const auto& header) { return absl::EqualsIgnoreCase(header.first, ToAbsl(name)); };
    if (std::none_of(all.begin(), all.end(), same)) all.emplace_back(std::string(name), std::move(value));
  };
  add("Host", url.host_header);
  add("User-Agent", StrCat("nines-collector/", Version()));
  add("Accept", "*/*");
  if (!url.user_info.empty()) add("Authorization", StrCat("Basic ", absl::Base64Escape(url.user_info)));
  if (method == "POST" || method == "PUT" || method == "PATCH") add("Content-Length", "0");
  std::string text = StrCat(method, " ", url.target, " HTTP/1.1\r\n");
  for (const auto& [name, value] : all) {
    if (!IsToken(name)) return absl::InvalidArgumentError(StrCat("'", name, "' is not a header's name"));
    if (!IsHeaderValue(value))
      return absl::InvalidArgumentError(StrCat("the value of header ", name, " has control characters"));
    StrAppend(&text, name, ": ", value, "\r\n");
  }
  text += "\r\n";
  return text;
}

absl::StatusOr<std::string> Gunzip(std::string_view body, size_t bytes_max) {
  std::string inflated;
  // Boost.Iostreams throws.
  try {
    boost::iostreams::filtering_istream stream;
    stream.push(boost::iostreams::gzip_decompressor());
    stream.push(boost::iostreams::array_source(body.data(), body.size()));
    stream.exceptions(std::ios::badbit);
    std::array<char, 16 * 1024> chunk;
    while (stream.read(chunk.data(), chunk.size()), stream.gcount() > 0) {
      inflated.append(chunk.data(), static_cast<size_t>(stream.gcount()));
      if (inflated.size() > bytes_max) {
        return absl::OutOfRangeError(StrCat("the inflated body is larger than ", bytes_max, " bytes"));
      }
    }
  } catch (const std::exception& error) {
    return absl::InvalidArgumentError(StrCat("the body is not gzip: ", error.what()));
  }
  return inflated;
}

}  // namespace nines::collector

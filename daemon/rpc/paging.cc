#include "daemon/rpc/paging.h"

#include "absl/strings/escaping.h"
#include "base/text.h"

namespace nines::rpc {

absl::Status BadPageToken() {
  return absl::InvalidArgumentError(
      "page_token is not one that this method gave; pass next_page_token on as it is, or nothing to begin anew");
}

absl::StatusOr<size_t> PageSize(int32_t asked, size_t otherwise, size_t max) {
  if (asked == 0) return otherwise;
  if (asked < 0 || static_cast<size_t>(asked) > max) {
    return absl::InvalidArgumentError(
        StrCat("page_size is ", asked, "; it must be from 1 to ", max, ", or 0 for ", otherwise));
  }
  return static_cast<size_t>(asked);
}

std::string PageToken(std::string_view method, std::string_view position) {
  return absl::WebSafeBase64Escape(StrCat(method, ":", position));
}

absl::StatusOr<std::string> ReadPageToken(std::string_view method, const std::string& token) {
  if (token.empty()) return std::string();
  std::string text;
  const std::string prefix = StrCat(method, ":");
  if (!absl::WebSafeBase64Unescape(token, &text) || !text.starts_with(prefix) || text.size() == prefix.size()) {
    return BadPageToken();
  }
  return text.substr(prefix.size());
}

}  // namespace nines::rpc

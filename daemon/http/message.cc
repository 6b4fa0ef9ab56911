#include "daemon/http/message.h"

#include <utility>

#include "base/text.h"

namespace nines::http {

Response MakeResponse(int status, std::string_view content_type, std::string body) {
  namespace field = boost::beast::http;
  Response response(static_cast<field::status>(status), 11);
  response.set(field::field::content_type, boost::beast::string_view(content_type.data(), content_type.size()));
  response.set("X-Content-Type-Options", "nosniff");
  response.set(field::field::cache_control, "no-store");
  response.body() = std::move(body);
  return response;
}

Response TextResponse(int status, std::string_view text) {
  return MakeResponse(status, "text/plain; charset=utf-8", StrCat(text, "\n"));
}

}  // namespace nines::http

#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <string>
#include <string_view>

namespace nines::http {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

// A response without the fields that belong to the connection (keep-alive, version). Every one of them forbids
// sniffing.
Response MakeResponse(int status, std::string_view content_type, std::string body);
// The same in plain text; a newline is added.
Response TextResponse(int status, std::string_view text);

}  // namespace nines::http

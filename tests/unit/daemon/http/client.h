#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <map>
#include <string>

#include "daemon/http/message.h"

namespace nines::http {

// A blocking HTTP client of one connection.
class Client {
 public:
  explicit Client(const std::string& address) : socket_(context_) {
    const size_t colon = address.rfind(':');
    const auto port = static_cast<uint16_t>(std::stoi(address.substr(colon + 1)));
    socket_.connect({boost::asio::ip::make_address(address.substr(0, colon)), port});
  }

  void Send(const std::string& bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }
  Response Receive(bool head = false) {
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.body_limit(64 << 20);
    parser.skip(head);
    boost::beast::http::read(socket_, buffer_, parser);
    return parser.release();
  }
  // What is left until the server closes.
  std::string ReceiveAll() {
    std::string bytes;
    boost::system::error_code ignored;
    boost::asio::read(socket_, boost::asio::dynamic_buffer(bytes), ignored);
    return bytes;
  }
  bool Closed() {
    char byte = 0;
    boost::system::error_code error;
    boost::asio::read(socket_, boost::asio::buffer(&byte, 1), error);
    return bool{error};
  }

  Response Call(const std::string& method, const std::string& target,
                const std::map<std::string, std::string>& headers = {}, const std::string& body = "") {
    Request request(boost::beast::http::string_to_verb(method), target, 11);
    request.set(boost::beast::http::field::host, "localhost");
    for (const auto& [name, value] : headers) request.set(name, value);
    request.body() = body;
    request.prepare_payload();
    boost::beast::http::write(socket_, request);
    return Receive(method == "HEAD");
  }
  Response Get(const std::string& target) { return Call("GET", target); }
  Response Json(const std::string& target, const std::string& body) {
    return Call("POST", target, {{"Content-Type", "application/json"}}, body);
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
};

}  // namespace nines::http

#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <string>
#include <vector>

namespace nines::collector {

// Answers every DNS question on a free UDP port of 127.0.0.1 with A records, or with an error code, or not at all.
class DnsResponder {
 public:
  using Udp = boost::asio::ip::udp;
  enum Code : uint8_t { kOk = 0, kServerFailure = 2, kNoSuchName = 3 };

  explicit DnsResponder(boost::asio::io_context& io)
      : socket_(io, Udp::endpoint(boost::asio::ip::address_v4::loopback(), 0)) {
    Receive();
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(socket_.local_endpoint().port()); }

  std::vector<std::array<uint8_t, 4>> addresses;
  Code code = kOk;
  bool silent = false;
  int questions = 0;

 private:
  void Receive() {
    socket_.async_receive_from(boost::asio::buffer(packet_), from_,
                               [this](boost::system::error_code error, size_t bytes) {
                                 if (error) return;
                                 ++questions;
                                 if (!silent) Answer(bytes);
                                 Receive();
                               });
  }

  void Answer(size_t bytes) {
    // RFC 1035: header, the question as it came, then the answers, whose name points to the question's.
    size_t end = 12;
    while (packet_[end] != 0) end += packet_[end] + 1u;
    end = std::min(end + 5, bytes);
    std::vector<uint8_t> answer(packet_.begin(), packet_.begin() + static_cast<long>(end));
    answer[2] = 0x84;
    answer[3] = code;
    const size_t count = code == kOk ? addresses.size() : 0;
    for (size_t i = 6; i < 12; ++i) answer[i] = 0;
    answer[7] = static_cast<uint8_t>(count);
    for (size_t i = 0; i < count; ++i) {
      answer.insert(answer.end(), {0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4});
      answer.insert(answer.end(), addresses[i].begin(), addresses[i].end());
    }
    socket_.send_to(boost::asio::buffer(answer), from_);
  }

  Udp::socket socket_;
  Udp::endpoint from_;
  std::array<uint8_t, 512> packet_;
};

}  // namespace nines::collector

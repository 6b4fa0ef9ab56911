#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

namespace nines::collector {

// A condition variable of coroutines on one thread: `while (!condition) co_await signal.Wait();`. Confined to the
// io_context.
class Signal {
 public:
  explicit Signal(boost::asio::io_context& io) : timer_(io, boost::asio::steady_timer::time_point::max()) {}

  // Wakes everyone who waits now.
  void Notify() { timer_.cancel(); }

  boost::asio::awaitable<void> Wait() {
    boost::system::error_code ignored;
    co_await timer_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  // Also wakes (everyone) after `timeout`.
  boost::asio::awaitable<void> WaitFor(std::chrono::milliseconds timeout) {
    boost::asio::steady_timer limit(timer_.get_executor(), timeout);
    limit.async_wait([this](boost::system::error_code error) {
      if (!error) Notify();
    });
    co_await Wait();
  }

 private:
  boost::asio::steady_timer timer_;
};

}  // namespace nines::collector

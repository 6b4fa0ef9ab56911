// How much of a core does it take to probe? Probes so many HTTP targets of a server in a second process at the
// interval, spread evenly, and prints the CPU time of this process alone.
//   probe_load [--targets=1000] [--interval=15] [--seconds=60] [--at_most_percent=5]
// Exit code 1 if a probe was not up, or if it took more of a core than that.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "collectors/agent/source.h"

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using namespace nines::collector;

class CountingRecorder final : public Recorder {
 public:
  void AddRow(int64_t, std::span<const RowSample> samples) override { samples_added += samples.size(); }
  void AddResult(std::string_view, int64_t, nines::v1::ResultState state) override {
    ++results;
    if (state != nines::v1::RESULT_STATE_UP) ++not_up;
  }
  void AddDeclaration(nines::v1::Declaration) override {}
  void AddMaintenance(nines::v1::Maintenance) override {}
  void SetCursor(const std::string&, std::string) override {}
  std::string GetCursor(const std::string&) const override { return ""; }
  asio::awaitable<absl::Status> Flush() override { co_return absl::OkStatus(); }
  asio::awaitable<absl::StatusOr<std::vector<nines::v1::Refusal>>> Acknowledged() override {
    co_return std::vector<nines::v1::Refusal>();
  }

  size_t samples_added = 0;
  size_t results = 0;
  size_t not_up = 0;
};

asio::awaitable<void> Answer(tcp::socket socket) {
  try {
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    co_await http::async_read(socket, buffer, request, asio::use_awaitable);
    http::response<http::string_body> response(http::status::ok, 11);
    response.body() = std::string(2000, 'x');
    response.keep_alive(false);
    response.prepare_payload();
    co_await http::async_write(socket, response, asio::use_awaitable);
    socket.shutdown(tcp::socket::shutdown_send);
  } catch (const boost::system::system_error&) {
  }
}

asio::awaitable<void> Accept(tcp::acceptor& acceptor) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(acceptor.get_executor(), Answer(std::move(socket)), asio::detached);
  }
}

// Serves in a process of its own until it is killed; its id, and the port.
pid_t StartServer(uint16_t* port) {
  int channel[2];
  NINES_CHECK(pipe(channel) == 0);
  const pid_t child = fork();
  NINES_CHECK(child >= 0);
  if (child == 0) {
    asio::io_context io;
    tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    const uint16_t own = acceptor.local_endpoint().port();
    NINES_CHECK(write(channel[1], &own, sizeof(own)) == sizeof(own));
    asio::co_spawn(io, Accept(acceptor), asio::detached);
    io.run();
    _exit(0);
  }
  NINES_CHECK(read(channel[0], port, sizeof(*port)) == sizeof(*port));
  return child;
}

asio::awaitable<void> RunEvery(Source& source, Recorder& recorder, std::chrono::steady_clock::time_point next) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (true) {
    timer.expires_at(next);
    co_await timer.async_wait(asio::use_awaitable);
    (void)co_await source.Run(recorder);
    next += absl::ToChronoNanoseconds(source.interval());
  }
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int Flag(int argc, char** argv, std::string_view name, int value) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with(name)) value = std::atoi(argv[i] + name.size());
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const int targets = Flag(argc, argv, "--targets=", 1000);
  const int interval_s = Flag(argc, argv, "--interval=", 15);
  const int seconds = Flag(argc, argv, "--seconds=", 60);
  const int at_most_percent = Flag(argc, argv, "--at_most_percent=", 5);
  uint16_t port = 0;
  const pid_t server = StartServer(&port);

  nines::v1::SourceConfig config;
  config.set_name("load");
  config.mutable_interval()->set_seconds(interval_s);
  for (int i = 0; i < targets; ++i) {
    auto* target = config.mutable_probe()->add_targets();
    target->set_check(nines::StrCat("check-", i));
    target->mutable_http()->set_url(nines::StrCat("http://127.0.0.1:", port, "/health"));
  }
  asio::io_context io(1);
  nines::SystemClock clock;
  auto sources = MakeProbeSources(config, {io, clock, "."});
  NINES_CHECK(sources.ok());
  CountingRecorder recorder;
  const auto start = std::chrono::steady_clock::now();
  for (size_t i = 0; i < sources->size(); ++i) {
    const auto spread = std::chrono::microseconds(1'000'000LL * interval_s * static_cast<int64_t>(i) / targets);
    asio::co_spawn(io, RunEvery(*(*sources)[i], recorder, start + spread), asio::detached);
  }
  const double cpu_before = CpuSeconds();
  io.run_for(std::chrono::seconds(seconds));
  const double cpu_s = CpuSeconds() - cpu_before;
  kill(server, SIGKILL);
  waitpid(server, nullptr, 0);
  const double percent = 100 * cpu_s / seconds;
  std::printf("%zu probes (%zu not up) in %d s: %.3f s of CPU, %.2f %% of a core, %.0f us a probe\n", recorder.results,
              recorder.not_up, seconds, cpu_s, percent, 1e6 * cpu_s / static_cast<double>(recorder.results));
  return recorder.not_up == 0 && recorder.results > 0 && percent <= at_most_percent ? 0 : 1;
}

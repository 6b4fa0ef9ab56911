#include "daemon/signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <initializer_list>

#include "base/check.h"

namespace nines {
namespace {

sigset_t Ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

Signals::Signals() {
  const sigset_t set = Ours();
  NINES_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  signal(SIGPIPE, SIG_IGN);
  signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  NINES_CHECK(signal_fd_ >= 0 && stop_fd_ >= 0);
}

Signals::~Signals() {
  close(signal_fd_);
  close(stop_fd_);
}

Signals::Event Signals::Wait() {
  pollfd fds[] = {{signal_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (poll(fds, 2, -1) < 0) NINES_CHECK(errno == EINTR);
  if ((fds[1].revents & POLLIN) == 0) {
    signalfd_siginfo info;
    NINES_CHECK(read(signal_fd_, &info, sizeof(info)) == sizeof(info));
    if (info.ssi_signo == SIGHUP) return Event::kReload;
  }
  // This thread takes them from now on, by the system's default: the process ends.
  sigset_t set = Ours();
  sigdelset(&set, SIGHUP);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  return Event::kStop;
}

void Signals::RequestStop() {
  const uint64_t one = 1;
  NINES_CHECK(write(stop_fd_, &one, sizeof(one)) == sizeof(one));
}

}  // namespace nines

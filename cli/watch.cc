// The command watch.
#include <chrono>
#include <thread>

#include "base/text.h"
#include "cli/context.h"
#include "nines/v1/watch.grpc.pb.h"
#include "wire/time.h"

namespace nines::cli {
namespace {

constexpr auto kPause = std::chrono::seconds(1);

struct WatchFlags {
  TargetFilter filter;
  std::string format = "table";
  std::string resume;
  int count = 0;  // changes to wait for; 0: for ever
};

// One line a change, written at once: somebody waits for it.
void PrintChange(const v1::StateChange& change, const std::string& token, const std::string& format,
                 const Context& context) {
  const int64_t since_ms = wire::ToMs(change.since_time());
  if (format == "json") {
    v1::WatchStatesResponse one;
    *one.add_changes() = change;
    one.set_resume_token(token);
    context.out << ToJsonLine(one) << std::endl;
    return;
  }
  constexpr int kStateWidth = 8;  // "degraded"
  context.out << FormatTime(since_ms) << "  " << Pad(StateCell(context, change.state()).text, kStateWidth, Align::kLeft)
              << "  " << change.target_id() << std::endl;
}

// Until the stream ends, or enough was seen. `seen` and `token` go on over several of them.
grpc::Status WatchOnce(const WatchFlags& flags, v1::WatchService::Stub& stub, std::string* token, int* seen,
                       const Context& context) {
  v1::WatchStatesRequest request;
  flags.filter.Fill(request);
  request.set_resume_token(*token);
  grpc::ClientContext call;  // without a deadline: it goes on until somebody ends it
  const auto stream = stub.WatchStates(&call, request);
  v1::WatchStatesResponse response;
  while (stream->Read(&response)) {
    for (const v1::StateChange& change : response.changes()) {
      PrintChange(change, response.resume_token(), flags.format, context);
      if (++*seen == flags.count) call.TryCancel();
      if (*seen == flags.count) break;
    }
    *token = response.resume_token();
    if (flags.count != 0 && *seen >= flags.count) break;
  }
  const grpc::Status status = stream->Finish();
  return flags.count != 0 && *seen >= flags.count ? grpc::Status::OK : status;
}

void RunWatch(const WatchFlags& flags, Context& context) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  v1::WatchService::Stub stub(*channel);
  std::string token = flags.resume;
  int seen = 0;
  bool said = false;
  while (true) {
    const std::string before = token;
    const grpc::Status status = WatchOnce(flags, stub, &token, &seen, context);
    if (flags.count != 0 && seen >= flags.count) return;
    // Before the first answer there is nothing to go on from.
    if (status.error_code() != grpc::StatusCode::UNAVAILABLE || token.empty()) return context.Fail(status);
    if (token != before) said = false;
    if (!said) {
      context.err << context.Say("The daemon does not answer; waiting for it\n", "守护进程无应答，等待恢复\n")
                  << std::flush;
    }
    said = true;
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

void AddWatch(CLI::App& app, Context& context) {
  auto flags = std::make_shared<WatchFlags>();
  CLI::App* command = app.add_subcommand("watch", "The states now, and every change as it is seen / 监视状态变化");
  flags->filter.AddTo(*command);
  command->add_option("--format,-o", flags->format, "json: one object a line, with the token to go on from")
      ->check(CLI::IsMember({"table", "json"}));
  command->add_option("--resume", flags->resume, "Go on from a resume_token instead of beginning with the states now");
  command->add_option("--count,-n", flags->count, "End after so many lines")->check(CLI::PositiveNumber);
  command->footer("Example:\n  ninesctl watch --provider huacloud");
  command->callback([flags, &context] { RunWatch(*flags, context); });
}

}  // namespace nines::cli

#include "cli/context.h"
#include "nines/v1/admin.grpc.pb.h"

namespace nines::cli {
namespace {

void RunVerify(Context& context) {
  const auto channel = context.Channel();
  if (!channel.ok()) return context.Fail(channel.status());
  grpc::ClientContext call;  // without a deadline: it reads everything
  v1::VerifyStorageResponse response;
  const grpc::Status status = v1::AdminService::Stub(*channel).VerifyStorage(&call, {}, &response);
  if (!status.ok()) return context.Fail(status);
  context.out << context.Say("Series ", "序列 ") << response.series() << context.Say(", chunks ", "，数据块 ")
              << response.chunks() << context.Say(", frames ", "，帧 ") << response.frames()
              << context.Say(", roll-ups ", "，汇总 ") << response.rollups() << context.Say(", samples ", "，样本 ")
              << response.samples() << context.Say(", damaged ", "，损坏 ") << response.damaged() << '\n';
  for (const std::string& damage : response.damage()) context.out << "  " << damage << '\n';
  if (response.damaged() > 0) context.exit_code = kFailed;
}

}  // namespace

void AddVerify(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("verify", "Read and check everything that is stored of the series / 校验存储");
  command->footer("Example:\n  ninesctl verify || echo 'restore a backup'");
  command->callback([&context] { RunVerify(context); });
}

}  // namespace nines::cli

#include "cli/context.h"
#include "cli/verify_bundle.h"
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
              << response.samples() << context.Say("; facts ", "；事实 ") << response.facts()
              << context.Say(", documents ", "，文档 ") << response.documents()
              << context.Say(", streams ", "，数据流 ") << response.streams() << context.Say(", seals ", "，封账 ")
              << response.seals() << context.Say("; damaged ", "；损坏 ") << response.damaged() << '\n';
  for (const std::string& damage : response.damage()) context.out << "  " << damage << '\n';
  if (response.damaged() > 0) context.exit_code = kFailed;
}

}  // namespace

void AddVerify(CLI::App& app, Context& context) {
  struct Flags {
    std::string bundle;
    std::vector<std::string> keys;
  };
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "verify", "Check everything that the daemon has stored, or an exported bundle without a daemon / 校验");
  CLI::Option* bundle = command->add_option("--bundle,-b", flags->bundle,
                                            "A file of `ninesctl seal export`, or what it was unpacked into");
  command->add_option("--public-key,-k", flags->keys, "PEM of the key that sealed it (may be given several times)")
      ->needs(bundle);
  command->footer(
      "Example:\n  ninesctl verify || echo 'restore a backup'\n"
      "  ninesctl verify --bundle may.tar --public-key nines.pem");
  command->callback([flags, &context] {
    if (flags->bundle.empty()) return RunVerify(context);
    VerifyBundleFile(flags->bundle, flags->keys, context);
  });
}

}  // namespace nines::cli

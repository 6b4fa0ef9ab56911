#include "base/version.h"

#include "cli/context.h"
#include "nines/v1/admin.grpc.pb.h"

namespace nines::cli {

void AddVersion(CLI::App& app, Context& context) {
  CLI::App* command = app.add_subcommand("version", "Versions of this program and of the daemon / 版本");
  command->footer("Example:\n  ninesctl version");
  command->callback([&context] {
    context.out << "ninesctl " << Version() << std::endl;
    const auto channel = context.Channel();
    if (!channel.ok()) return context.Fail(channel.status());
    grpc::ClientContext call;
    context.SetDeadline(call);
    v1::GetVersionResponse response;
    const grpc::Status status =
        v1::AdminService::Stub(*channel).GetVersion(&call, v1::GetVersionRequest(), &response);
    if (!status.ok()) return context.Fail(status);
    context.out << "ninesd   " << response.version() << '\n';
  });
}

}  // namespace nines::cli

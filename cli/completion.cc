#include <set>

#include "base/text.h"
#include "cli/context.h"

namespace nines::cli {
namespace {

std::string LongFlags(const CLI::App& app) {
  std::string flags;
  const auto add = [&flags](const CLI::App& of) {
    for (const CLI::Option* option : of.get_options()) {
      for (const std::string& name : option->get_lnames()) StrAppend(&flags, flags.empty() ? "" : " ", "--", name);
    }
  };
  add(app);
  // Option groups are nameless subcommands.
  for (const CLI::App* group : app.get_subcommands([](const CLI::App* child) { return child->get_name().empty(); })) add(*group);
  return flags;
}

// One function serves both shells: zsh runs it through bashcompinit.
std::string Script(const CLI::App& app) {
  std::string commands, cases;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* child) { return !child->get_name().empty(); })) {
    StrAppend(&commands, commands.empty() ? "" : " ", command->get_name());
    StrAppend(&cases, "    ", command->get_name(), ") words=\"", LongFlags(*command), "\" ;;\n");
  }
  return StrCat("_ninesctl() {\n  local command= word words\n  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n    case \"$word\" in\n      ",
                [&commands] {
                  std::string alternatives;
                  for (const char c : commands) alternatives += c == ' ' ? std::string("|") : std::string(1, c);
                  return alternatives;
                }(),
                ") command=$word; break ;;\n    esac\n  done\n  case \"$command\" in\n", cases, "    *) words=\"", commands, " ",
                LongFlags(app),
                "\" ;;\n  esac\n  case \"${COMP_WORDS[COMP_CWORD-1]}\" in\n    --format|-o) words=\"table json csv\" ;;\n"
                "    -f|--file|--case|--contract-file) COMPREPLY=($(compgen -f -- \"${COMP_WORDS[COMP_CWORD]}\")); return ;;\n  esac\n"
                "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
                "complete -o default -F _ninesctl ninesctl\n");
}

}  // namespace

void AddCompletion(CLI::App& app, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Completion script for a shell / 命令补全");
  command->add_option("shell", *shell)->required()->check(CLI::IsMember({"bash", "zsh"}));
  command->footer("Example:\n  source <(ninesctl completion bash)");
  command->callback([shell, &app, &context] {
    if (*shell == "zsh") context.out << "autoload -U +X bashcompinit && bashcompinit\n";
    context.out << Script(app);
  });
}

}  // namespace nines::cli

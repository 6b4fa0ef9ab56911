#pragma once

#include <google/protobuf/message.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/strong_id.h"
#include "daemon/catalogue/apply.h"
#include "daemon/catalogue/kinds.h"
#include "storage/ledger/ledger.h"
#include "wire/yaml_message.h"

// Catalogue entries on their way from files and facts into a Catalogue.
namespace nines::catalogue {

inline constexpr size_t kInForce = SIZE_MAX;

struct Entry {
  std::string kind;
  std::string id;
  std::shared_ptr<const google::protobuf::Message> message;
  std::string bytes;
  FactId position;         // of the fact; 0 for one of a file
  size_t file = kInForce;  // index of the file
  std::string path;        // in the file: "checks[3]"

  template <typename Type>
  const Type& As() const {
    return static_cast<const Type&>(*message);
  }
};

// By index in Kinds(), then id.
using World = std::map<std::pair<size_t, std::string>, Entry>;

const Entry* FindEntry(const World& world, std::string_view kind, const std::string& id);
std::vector<std::string_view> IdsOf(const World& world, std::string_view kind);

// The entries in force when the ledger's last position was `as_of`. DataLoss names the fact that is no entry.
struct InForce {
  World world;
  FactId position;
};
absl::StatusOr<InForce> LoadInForce(const ledger::Ledger& ledger, FactId as_of);

// The parsed files; where their parts stand.
struct Sources {
  const std::vector<File>& files;
  std::vector<wire::Places> places;  // by file
};

// Puts the entries of the files into `world`, over those that are there. Every mistake goes to `mistakes`.
Sources LoadFiles(const std::vector<File>& files, World& world, wire::Mistakes& mistakes);

}  // namespace nines::catalogue

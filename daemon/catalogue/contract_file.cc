#include "daemon/catalogue/contract_file.h"

#include <vector>

#include "base/status_macros.h"
#include "base/text.h"
#include "daemon/catalogue/references.h"
#include "daemon/catalogue/terms.h"
#include "daemon/catalogue/world.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {
namespace {

wire::Place PlaceOfEntry(const Sources& sources, const Entry& entry, const std::string& field) {
  const wire::Places& places = sources.places[entry.file];
  const auto found = places.find(StrCat(entry.path, ".", field));
  return found == places.end() ? places.at(entry.path) : found->second;
}

// Of the entries of the one file.
void CheckIsOneContract(const World& world, const Sources& sources, wire::Mistakes& mistakes) {
  const File& file = sources.files[0];
  for (const auto& [key, entry] : world) {
    const wire::Place place = PlaceOfEntry(sources, entry, "id");
    if (entry.kind != "contract") {
      mistakes.Add(file.name, place, StrCat(entry.path, " is no contract; write one contract and nothing else"));
    } else if (entry.path != "contracts[0]") {
      mistakes.Add(file.name, place, StrCat(entry.path, " is one contract too many; write one and nothing else"));
    } else if (entry.As<v1::Contract>().has_effective_from()) {
      mistakes.Add(
          file.name, PlaceOfEntry(sources, entry, "effective_from"),
          StrCat(entry.path, ".effective_from: this contract is taken to hold for all time; remove the month"));
    }
  }
  if (world.empty()) mistakes.Add(file.name, {1, 1}, "holds no contract; write one under contracts");
}

}  // namespace

absl::StatusOr<ContractVersion> ReadContractFile(const File& file) {
  const std::vector<File> files = {file};
  World world;
  wire::Mistakes mistakes;
  const Sources sources = LoadFiles(files, world, mistakes);
  NINES_RETURN_IF_ERROR(mistakes.ToStatus());
  CheckIsOneContract(world, sources, mistakes);
  // What other entries refer to is not asked.
  if (mistakes.empty()) CheckWorld(world, World(), sources, mistakes);
  NINES_RETURN_IF_ERROR(mistakes.ToStatus());
  const Entry& entry = world.begin()->second;
  std::vector<FieldFault> faults;  // none: they were mistakes
  ContractVersion contract;
  contract.id = ContractId(entry.id);
  contract.terms = ToTerms(entry.As<v1::Contract>(), faults);
  return contract;
}

}  // namespace nines::catalogue

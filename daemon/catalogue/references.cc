#include "daemon/catalogue/references.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_join.h"
#include "base/nearest.h"
#include "base/text.h"
#include "daemon/catalogue/circles.h"
#include "daemon/catalogue/terms.h"
#include "daemon/sla/timeline.h"
#include "nines/v1/catalogue.pb.h"

namespace nines::catalogue {
namespace {

// Looking for near words among many ids is slow; nobody reads more than these.
constexpr size_t kSuggestionsMax = 100;

struct Fault {
  size_t file;
  wire::Place place;
  std::string what;
};

class Checker {
 public:
  Checker(const World& world, const World& before, const Sources& sources)
      : world_(world), before_(before), sources_(sources) {}

  void CheckAll() {
    for (const auto& [key, entry] : world_) {
      if (entry.kind == "region") Required(entry, "provider", entry.As<v1::Region>().provider(), "provider");
      if (entry.kind == "system") Required(entry, "agency", entry.As<v1::System>().agency(), "agency");
      if (entry.kind == "contract") CheckTerms(entry);
      if (entry.kind == "target") CheckTarget(entry);
      if (entry.kind == "check") CheckCheck(entry);
    }
    CheckCircles();
  }

  void AddTo(wire::Mistakes& mistakes) {
    std::stable_sort(faults_.begin(), faults_.end(), [](const Fault& a, const Fault& b) {
      return std::tie(a.file, a.place.line, a.place.column) < std::tie(b.file, b.place.line, b.place.column);
    });
    for (const Fault& fault : faults_) mistakes.Add(sources_.files[fault.file].name, fault.place, fault.what);
  }

 private:
  // `field` of the entry is wrong. Where the entry is in force already, `cause`, an entry of a file, made it so.
  void Add(const Entry& entry, const std::string& field, std::string_view what, const Entry* cause = nullptr) {
    if (entry.file != kInForce) {
      const std::string path = StrCat(entry.path, ".", field);
      faults_.push_back({entry.file, PlaceOf(entry, path), StrCat(path, ": ", what)});
    } else if (cause != nullptr && cause->file != kInForce) {
      faults_.push_back(
          {cause->file, PlaceOf(*cause, cause->path),
           StrCat(cause->path, " breaks ", entry.kind, " '", entry.id, "', which is in force: ", field, ": ", what)});
    }
  }

  // Of the path, or of what it lies in.
  wire::Place PlaceOf(const Entry& entry, std::string path) const {
    const wire::Places& places = sources_.places[entry.file];
    while (true) {
      if (const auto it = places.find(path); it != places.end()) return it->second;
      const size_t dot = path.find_last_of('.');
      if (dot == std::string::npos) return {1, 1};
      path.resize(dot);
    }
  }

  // The entry referred to; nullptr, after a fault, if there is none, or if `id` is empty.
  const Entry* Refer(const Entry& entry, const std::string& field, const std::string& id, std::string_view kind) {
    if (id.empty()) return nullptr;
    const Entry* referred = FindEntry(world_, kind, id);
    if (referred != nullptr) return referred;
    if (FindEntry(before_, kind, id) != nullptr) {
      Add(entry, field,
          StrCat(kind, " '", id,
                 "' is in force, but stands in none of the files, so that pruning would retire it; add it"));
      return nullptr;
    }
    std::string near;
    if (faults_.size() < kSuggestionsMax) near = DidYouMean(id, IdsOf(world_, kind));
    Add(entry, field, StrCat("there is no ", kind, " '", id, "'", near.empty() ? "; add it, or correct the id" : near));
    return nullptr;
  }

  const Entry* Required(const Entry& entry, const std::string& field, const std::string& id, std::string_view kind) {
    if (id.empty()) Add(entry, field, StrCat("is missing; write the id of the ", kind));
    return Refer(entry, field, id, kind);
  }

  void AddAll(const Entry& entry, const std::vector<FieldFault>& faults) {
    for (const FieldFault& fault : faults) Add(entry, fault.field, fault.what);
  }

  void CheckTerms(const Entry& entry) {
    std::vector<FieldFault> faults;
    ToTerms(entry.As<v1::Contract>(), faults);
    AddAll(entry, faults);
  }

  void CheckTarget(const Entry& entry) {
    const auto& target = entry.As<v1::Target>();
    Refer(entry, "provider", target.provider(), "provider");
    Refer(entry, "system", target.system(), "system");
    Refer(entry, "contract", target.contract(), "contract");
    if (const Entry* region = Refer(entry, "region", target.region(), "region"); region != nullptr) {
      const std::string& owner = region->As<v1::Region>().provider();
      if (owner != target.provider()) {
        Add(entry, "region",
            StrCat("region '", region->id, "' belongs to provider '", owner, "', the target to ",
                   target.provider().empty() ? "none" : StrCat("'", target.provider(), "'"),
                   "; correct the region or the target's provider"),
            region);
      }
    }
    if (target.has_weight() && target.weight() < 1) {
      Add(entry, "weight", StrCat(target.weight(), " is less than 1; write 1 or more"));
    }
    std::vector<FieldFault> faults;
    ToServiceDates(target, faults);
    ToMonthlyFee(target, faults);
    CheckEffectiveFrom(target.effective_from(), target.has_effective_from(), faults);
    AddAll(entry, faults);
    CheckDownWhen(entry, "down_when", target.down_when(), target.inputs_size());
    CheckInputs(entry, "inputs", target.inputs());
  }

  void CheckDownWhen(const Entry& entry, const std::string& field, const std::string& text, int inputs) {
    if (text.empty()) return;
    const absl::StatusOr<sla::DownWhen> down_when = sla::ParseDownWhen(text);
    if (!down_when.ok()) {
      Add(entry, field, FromAbsl(down_when.status().message()));
    } else if (inputs > 0 && down_when->kind == sla::DownWhen::Kind::kNumber && down_when->number > inputs) {
      Add(entry, field, StrCat(down_when->number, " of ", inputs, " inputs can never be down; write at most ", inputs));
    }
  }

  void CheckInputs(const Entry& entry, const std::string& field,
                   const google::protobuf::RepeatedPtrField<v1::Input>& inputs) {
    for (int i = 0; i < inputs.size(); ++i) CheckInput(entry, StrCat(field, "[", i, "]"), inputs[i]);
  }

  void CheckInput(const Entry& entry, const std::string& field, const v1::Input& input) {
    const int named =
        (input.check().empty() ? 0 : 1) + (input.target().empty() ? 0 : 1) + (input.inputs().empty() ? 0 : 1);
    if (named != 1) {
      Add(entry, field,
          StrCat(named == 0 ? "names nothing" : "names several things",
                 "; write exactly one of check, target and inputs"));
    }
    if (input.inputs().empty() && !input.down_when().empty()) {
      Add(entry, StrCat(field, ".down_when"), "has no inputs to count; remove it, or write inputs beside it");
    } else {
      CheckDownWhen(entry, StrCat(field, ".down_when"), input.down_when(), input.inputs_size());
    }
    Refer(entry, StrCat(field, ".check"), input.check(), "check");
    Refer(entry, StrCat(field, ".target"), input.target(), "target");
    CheckInputs(entry, StrCat(field, ".inputs"), input.inputs());
  }

  void CheckCheck(const Entry& entry) {
    const auto& check = entry.As<v1::Check>();
    std::vector<FieldFault> faults;
    ToRule(check, faults);
    AddAll(entry, faults);
    Refer(entry, "provider", check.provider(), "provider");
    const Entry* target = Refer(entry, "target", check.target(), "target");
    // A target that does not exist was named already.
    const bool unknown_target = target == nullptr && !check.target().empty();
    if (!check.provider().empty() || unknown_target) return;
    if (target == nullptr) {
      Add(entry, "provider",
          "is missing, and there is no target to take it from; write whose collector sends the results");
    } else if (target->As<v1::Target>().provider().empty()) {
      Add(entry, "provider",
          StrCat("is missing, and target '", target->id, "' has none either; write whose collector sends the results"),
          target);
    }
  }

  // An input of a target that is another target.
  struct Use {
    std::string field;
    std::string target;
  };

  static void CollectUses(const google::protobuf::RepeatedPtrField<v1::Input>& inputs, const std::string& field,
                          std::vector<Use>& uses) {
    for (int i = 0; i < inputs.size(); ++i) {
      const std::string path = StrCat(field, "[", i, "]");
      if (!inputs[i].target().empty()) uses.push_back({path + ".target", inputs[i].target()});
      CollectUses(inputs[i].inputs(), path + ".inputs", uses);
    }
  }

  std::vector<Use> UsesOf(const std::string& target) const {
    std::vector<Use> uses;
    CollectUses(FindEntry(world_, "target", target)->As<v1::Target>().inputs(), "inputs", uses);
    return uses;
  }

  void CheckCircles() {
    Uses uses;
    for (std::string_view id : IdsOf(world_, "target")) {
      std::set<std::string>& used = uses[std::string(id)];
      for (const Use& use : UsesOf(std::string(id))) used.insert(use.target);
    }
    for (const std::vector<std::string>& circle : OrderByUse(uses).circles) AddCircle(circle);
  }

  // At the first of its uses that stands in a file.
  void AddCircle(const std::vector<std::string>& circle) {
    for (size_t i = 0; i < circle.size(); ++i) {
      const Entry& user = *FindEntry(world_, "target", circle[i]);
      if (user.file == kInForce) continue;
      const std::string& next = circle[(i + 1) % circle.size()];
      for (const Use& use : UsesOf(circle[i])) {
        if (use.target != next) continue;
        return Add(user, use.field,
                   StrCat("a target cannot be an input of itself: ", absl::StrJoin(circle, " → "), " → ", circle[0],
                          "; remove one of these inputs"));
      }
    }
  }

  const World& world_;
  const World& before_;
  const Sources& sources_;
  std::vector<Fault> faults_;
};

}  // namespace

void CheckWorld(const World& world, const World& before, const Sources& sources, wire::Mistakes& mistakes) {
  Checker checker(world, before, sources);
  checker.CheckAll();
  checker.AddTo(mistakes);
}

}  // namespace nines::catalogue

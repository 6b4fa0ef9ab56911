#include "daemon/catalogue/circles.h"

#include <algorithm>
#include <cstddef>

namespace nines::catalogue {
namespace {

// Kahn's algorithm, which can be told to take a target although something it uses is missing.
class Sorter {
 public:
  explicit Sorter(const Uses& uses) : uses_(uses) {
    for (const auto& [user, used] : uses) {
      size_t& missing = missing_[user];
      for (const std::string& id : used) {
        if (!uses.contains(id)) continue;
        users_[id].push_back(user);
        ++missing;
      }
      if (missing == 0) ready_.insert(user);
    }
  }

  // Takes all that is ready, and what becomes so.
  void Drain(std::vector<std::string>* order) {
    while (!ready_.empty()) {
      const std::string id = *ready_.begin();
      if (order != nullptr) order->push_back(id);
      Take(id);
    }
  }

  void Take(const std::string& id) {
    ready_.erase(id);
    if (missing_.erase(id) == 0) return;
    for (const std::string& user : users_[id]) {
      const auto it = missing_.find(user);
      if (it != missing_.end() && --it->second == 0) ready_.insert(user);
    }
  }

  bool done() const { return missing_.empty(); }

  // Once nothing is ready, every target left uses another one left: following these leads into a circle.
  std::vector<std::string> FindCircle() const {
    std::vector<std::string> path;
    std::map<std::string, size_t> seen;
    std::string at = missing_.begin()->first;
    while (seen.try_emplace(at, path.size()).second) {
      path.push_back(at);
      const std::set<std::string>& used = uses_.at(at);
      at = *std::find_if(used.begin(), used.end(), [this](const std::string& id) { return missing_.contains(id); });
    }
    path.erase(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(seen.at(at)));
    std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());
    return path;
  }

 private:
  const Uses& uses_;
  std::map<std::string, std::vector<std::string>> users_;
  std::map<std::string, size_t> missing_;  // of those not taken: how many they use that are not taken
  std::set<std::string> ready_;
};

}  // namespace

UseOrder OrderByUse(const Uses& uses) {
  UseOrder result;
  Sorter sorter(uses);
  sorter.Drain(&result.order);
  while (!sorter.done()) {
    result.circles.push_back(sorter.FindCircle());
    for (const std::string& id : result.circles.back()) sorter.Take(id);
    sorter.Drain(nullptr);
  }
  return result;
}

}  // namespace nines::catalogue

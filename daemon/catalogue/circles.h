#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace nines::catalogue {

// Which targets use which others as inputs. Those used need not be keys.
using Uses = std::map<std::string, std::set<std::string>>;

struct UseOrder {
  std::vector<std::string> order;                 // the keys, every one behind those that it uses; of several, by id
  std::vector<std::vector<std::string>> circles;  // each once, from its first id in use on: {a, b} for a → b → a
};

// With circles the order leaves out their members and what uses them. Takes O(uses * log targets) for each circle.
UseOrder OrderByUse(const Uses& uses);

}  // namespace nines::catalogue

#ifndef MASKSCOPE_BASE_UNION_FIND_H_
#define MASKSCOPE_BASE_UNION_FIND_H_

#include <cstddef>
#include <map>
#include <numeric>
#include <utility>
#include <vector>

namespace maskscope {

// Sets that grow together. The least member stands for its set, so the result does not depend on the order of joins.
class UnionFind {
 public:
  explicit UnionFind(size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), size_t{0}); }

  size_t Find(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void Join(size_t a, size_t b) {
    a = Find(a), b = Find(b);
    if (a < b) std::swap(a, b);
    parent_[a] = b;
  }
  // Sets of at least `least` members, each in order, by their least member.
  std::vector<std::vector<size_t>> Sets(size_t least) {
    std::map<size_t, std::vector<size_t>> by_root;
    for (size_t i = 0; i < parent_.size(); ++i) by_root[Find(i)].push_back(i);
    std::vector<std::vector<size_t>> sets;
    for (auto& [root, members] : by_root) {
      if (members.size() >= least) sets.push_back(std::move(members));
    }
    return sets;
  }

 private:
  std::vector<size_t> parent_;
};

}  // namespace maskscope

#endif  // MASKSCOPE_BASE_UNION_FIND_H_

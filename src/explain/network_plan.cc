#include "explain/network_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "explain/network_units.h"
#include "graph/cost.h"

namespace maskscope {
namespace {

constexpr size_t kMostUnits = 40;  // of a block: more are a network of their own
using Units = std::vector<NetworkUnit>;
// Units that stand in one box, ascending; the last one makes what the box makes.
using Members = std::vector<size_t>;

std::vector<std::vector<size_t>> SuccessorsOf(const Units& units) {
  std::vector<std::vector<size_t>> successors(units.size());
  for (size_t i = 0; i < units.size(); ++i) {
    for (const size_t input : units[i].inputs) successors[input].push_back(i);
  }
  return successors;
}

// Where all that is made of each unit first comes together again; units.size() stands for the end.
std::vector<size_t> PostDominators(const std::vector<std::vector<size_t>>& successors) {
  const size_t end = successors.size();
  std::vector<size_t> next(end + 1, end);
  for (size_t i = end; i-- > 0;) {
    if (successors[i].empty()) continue;
    size_t common = successors[i][0];
    for (size_t other : successors[i]) {
      while (other != common) {
        if (other < common) {
          other = next[other];
        } else {
          common = next[common];
        }
      }
    }
    next[i] = common;
  }
  return next;
}

// All between `from` (not included) and `to` (included) when nothing else leads in; else nothing.
Members Between(const Units& units, const std::vector<std::vector<size_t>>& successors, size_t from, size_t to) {
  std::set<size_t> members, open(successors[from].begin(), successors[from].end());
  while (!open.empty()) {
    const size_t unit = open.extract(open.begin()).value();
    if (!members.insert(unit).second) continue;
    if (members.size() > kMostUnits) return {};
    if (unit != to) open.insert(successors[unit].begin(), successors[unit].end());
  }
  for (const size_t unit : members) {
    for (const size_t input : units[unit].inputs) {
      if (input != from && !members.contains(input)) return {};
    }
  }
  return {members.begin(), members.end()};
}

std::vector<Members> FindBlocks(const Units& units) {
  const auto successors = SuccessorsOf(units);
  const std::vector<size_t> next = PostDominators(successors);
  std::vector<Members> boxes;
  std::vector<bool> placed(units.size(), false);
  for (size_t i = 0; i < units.size(); ++i) {
    if (!placed[i]) boxes.push_back({i});
    placed[i] = true;
    // Only from what ends a box does a block begin.
    const bool ends_box = std::ranges::any_of(boxes, [&](const Members& box) { return box.back() == i; });
    if (!ends_box || successors[i].size() < 2 || next[i] == units.size()) continue;
    const Members block = Between(units, successors, i, next[i]);
    if (block.size() < 2) continue;
    boxes.push_back(block);
    for (const size_t unit : block) placed[unit] = true;
  }
  return boxes;
}

std::string ShapeText(const Shape& shape) {
  std::string text;
  for (size_t i = 1; i < shape.size(); ++i) text += (i > 1 ? " × " : "") + std::to_string(shape[i]);
  return text.empty() ? ToString(shape) : text;
}

class Planner {
 public:
  Planner(const Graph& graph, const InferredShapes& inferred, const std::map<std::string, double>& milliseconds)
      : graph_(graph),
        inferred_(inferred),
        milliseconds_(milliseconds),
        units_(FindUnits(graph, inferred)),
        costs_(CountNodeCosts(graph, inferred)) {}

  NetworkPlan Plan() {
    std::vector<size_t> box_of(units_.size(), 0);
    const std::vector<Members> blocks = FindBlocks(units_);
    for (size_t i = 0; i < blocks.size(); ++i) {
      for (const size_t unit : blocks[i]) box_of[unit] = i;
    }
    for (const Members& members : blocks) boxes_.push_back(MakeBox(members, box_of));
    JoinRows([](const NetworkBox& a, const NetworkBox& b) { return !a.title.empty() && a.title == b.title; }, Append);
    JoinNamesakes();
    JoinSiblings();
    JoinRows(AreAlike, Repeat);
    for (NetworkBox& box : boxes_) Name(box);
    return {std::move(boxes_)};
  }

 private:
  NetworkBox MakeBox(const Members& members, const std::vector<size_t>& box_of) {
    NetworkBox box;
    if (units_[members[0]].kind == BoxKind::kInput) {
      box.kind = BoxKind::kInput;
      box.title = "input";
      box.output = ShapeText(inferred_.shapes.at(graph_.inputs[0].name));
      return box;
    }
    box.kind = members.size() == 1 ? units_[members[0]].kind : BoxKind::kBlock;
    const size_t own = box_of[members[0]];
    for (const size_t unit : members) {
      box.lines.push_back((IsShortcut(unit, members, box_of) ? "shortcut: " : "") + units_[unit].text);
      for (const size_t input : units_[unit].inputs) {
        if (box_of[input] == own) continue;
        if (std::ranges::find(box.inputs, box_of[input]) == box.inputs.end()) box.inputs.push_back(box_of[input]);
      }
      AddCosts(units_[unit], box);
    }
    const Shape& made = inferred_.shapes.at(graph_.nodes[units_[members.back()].nodes.back()].outputs[0]);
    box.output = ShapeText(made);
    box.is_map = made.size() == 4;
    box.title = CommonName(members);
    return box;
  }

  // A unit on the short way of a residual block: it reads what the block reads and goes straight to the sum.
  bool IsShortcut(size_t unit, const Members& members, const std::vector<size_t>& box_of) const {
    if (!units_[members.back()].text.starts_with("sum") || unit == members.back() || members.size() < 4) return false;
    for (const size_t input : units_[unit].inputs) {
      if (box_of[input] == box_of[unit]) return false;
    }
    for (const size_t other : members) {
      const bool reads = std::ranges::find(units_[other].inputs, unit) != units_[other].inputs.end();
      if (reads != (other == members.back())) return false;
    }
    // Both ways could be that short: then none is the shortcut.
    return std::ranges::any_of(members,
                               [&](size_t other) { return !ReadsOutside(other, box_of) && other != members.back(); });
  }
  bool ReadsOutside(size_t unit, const std::vector<size_t>& box_of) const {
    return std::ranges::any_of(units_[unit].inputs, [&](size_t input) { return box_of[input] != box_of[unit]; });
  }

  void AddCosts(const NetworkUnit& unit, NetworkBox& box) const {
    for (const size_t node : unit.nodes) {
      box.parameters += costs_[node].parameters;
      box.multiply_adds += costs_[node].multiply_adds;
      const auto found = milliseconds_.find(graph_.nodes[node].name);
      if (found == milliseconds_.end()) continue;
      box.milliseconds = (std::isnan(box.milliseconds) ? 0 : box.milliseconds) + found->second;
    }
  }

  // The block that all the names tell; "" where they differ.
  std::string CommonName(const Members& members) const {
    std::string name = BlockName(graph_.nodes[units_[members[0]].nodes[0]].name);
    for (const size_t unit : members) {
      if (BlockName(graph_.nodes[units_[unit].nodes[0]].name) != name) return "";
    }
    return name;
  }

  static bool AreAlike(const NetworkBox& a, const NetworkBox& b) {
    return a.kind == b.kind && a.lines == b.lines && a.output == b.output && a.kind != BoxKind::kInput;
  }
  static void Append(NetworkBox& box, const NetworkBox& next) {
    box.kind = BoxKind::kBlock;
    box.lines.insert(box.lines.end(), next.lines.begin(), next.lines.end());
    box.output = next.output;
    box.is_map = next.is_map;
  }
  static void Repeat(NetworkBox& box, const NetworkBox& next) {
    box.repeats += next.repeats;
    const std::string first = box.title.substr(0, box.title.find(" … "));
    if (!first.empty() && !next.title.empty()) box.title = first + " … " + next.title;
  }

  // Joins boxes in a row (the second reads nothing else, nothing else reads the first) for which `fits` holds.
  template <typename Fits, typename Join>
  void JoinRows(Fits fits, Join join) {
    for (size_t i = 1; i < boxes_.size();) {
      const std::vector<size_t> inputs = boxes_[i].inputs;
      const bool in_row = inputs.size() == 1 && ReadersOf(inputs[0]) == 1;
      if (!in_row || !fits(boxes_[inputs[0]], boxes_[i])) {
        ++i;
        continue;
      }
      join(boxes_[inputs[0]], boxes_[i]);
      Absorb(inputs[0], i);
    }
  }

  // Boxes of one name, wherever they stand, when no other box is both behind one and before another of them.
  void JoinNamesakes() {
    for (size_t i = 1; i < boxes_.size(); ++i) {
      std::vector<size_t> alike;
      for (size_t k = i; k < boxes_.size() && !boxes_[i].title.empty(); ++k) {
        if (boxes_[k].title == boxes_[i].title) alike.push_back(k);
      }
      if (alike.size() < 2 || SomeBetween(alike)) continue;
      const bool many_ends = std::ranges::count_if(alike, [&](size_t k) { return IsReadBeyond(k, alike); }) > 1;
      NetworkBox joint = boxes_[i];
      joint.kind = BoxKind::kBlock;
      if (many_ends) Itemize(joint);
      for (size_t k = 1; k < alike.size(); ++k) {
        NetworkBox next = boxes_[alike[k]];
        if (many_ends) Itemize(next);
        Append(joint, next);
        joint.inputs.insert(joint.inputs.end(), next.inputs.begin(), next.inputs.end());
      }
      if (many_ends) joint.output.clear();
      std::erase_if(joint.inputs, [&](size_t input) { return std::ranges::find(alike, input) != alike.end(); });
      boxes_[i] = std::move(joint);
      for (auto k = alike.rbegin(); *k != i; ++k) Absorb(i, *k);
      Sort();
    }
  }

  bool IsReadBeyond(size_t box, const std::vector<size_t>& members) const {
    for (size_t i = 0; i < boxes_.size(); ++i) {
      const bool reads = std::ranges::find(boxes_[i].inputs, box) != boxes_[i].inputs.end();
      if (reads && std::ranges::find(members, i) == members.end()) return true;
    }
    return ReadersOf(box) == 0;
  }

  bool SomeBetween(const std::vector<size_t>& members) const {
    std::vector<bool> behind(boxes_.size(), false);  // a box that is no member, behind a member
    for (size_t i = members[0]; i < boxes_.size(); ++i) {
      const bool is_member = std::ranges::find(members, i) != members.end();
      for (const size_t input : boxes_[i].inputs) {
        const bool of_member = std::ranges::find(members, input) != members.end();
        if (behind[input] && is_member) return true;
        if ((behind[input] || of_member) && !is_member) behind[i] = true;
      }
    }
    return false;
  }

  // Puts every box behind those it reads again, else in the order they have.
  void Sort() {
    std::vector<size_t> order, place(boxes_.size(), boxes_.size());
    while (order.size() < boxes_.size()) {
      for (size_t i = 0; i < boxes_.size(); ++i) {
        const bool ready = std::ranges::all_of(boxes_[i].inputs, [&](size_t k) { return place[k] < boxes_.size(); });
        if (place[i] < boxes_.size() || !ready) continue;
        place[i] = order.size();
        order.push_back(i);
        break;
      }
    }
    std::vector<NetworkBox> sorted;
    for (const size_t i : order) {
      sorted.push_back(std::move(boxes_[i]));
      for (size_t& input : sorted.back().inputs) input = place[input];
    }
    boxes_ = std::move(sorted);
  }

  // Three or more boxes that read the same and make no maps are heads, or what joins their outputs.
  void JoinSiblings() {
    for (size_t i = 1; i < boxes_.size(); ++i) {
      if (boxes_[i].is_map) continue;
      std::vector<size_t> siblings;
      for (size_t k = i + 1; k < boxes_.size(); ++k) {
        if (!boxes_[k].is_map && SameInputs(boxes_[i], boxes_[k])) siblings.push_back(k);
      }
      if (siblings.size() < 2) continue;
      NetworkBox& box = boxes_[i];
      const bool one_name = std::ranges::all_of(siblings, [&](size_t k) { return boxes_[k].title == box.title; });
      if (box.kind == BoxKind::kMerge) {
        box.title = "outputs";
      } else if (!one_name || box.title.empty()) {
        box.title = "heads";
      }
      if (box.kind != BoxKind::kMerge) box.kind = BoxKind::kDense;
      Itemize(box);
      for (const size_t k : siblings) {
        NetworkBox next = boxes_[k];
        Itemize(next);
        box.lines.insert(box.lines.end(), next.lines.begin(), next.lines.end());
      }
      box.output.clear();
      for (auto k = siblings.rbegin(); k != siblings.rend(); ++k) Absorb(i, *k);
    }
  }
  static bool SameInputs(const NetworkBox& a, const NetworkBox& b) {
    return !a.inputs.empty() &&
           std::set<size_t>(a.inputs.begin(), a.inputs.end()) == std::set<size_t>(b.inputs.begin(), b.inputs.end());
  }
  // With its output, which the joint box has no one of.
  static void Itemize(NetworkBox& box) {
    if (!box.output.empty() && !box.lines.empty()) box.lines.back() += " → " + box.output;
  }

  int ReadersOf(size_t box) const {
    return static_cast<int>(std::ranges::count_if(
        boxes_, [&](const NetworkBox& other) { return std::ranges::find(other.inputs, box) != other.inputs.end(); }));
  }

  // Box `gone` becomes part of `into`, which stands before it.
  void Absorb(size_t into, size_t gone) {
    NetworkBox& box = boxes_[into];
    const NetworkBox& old = boxes_[gone];
    box.parameters += old.parameters;
    box.multiply_adds += old.multiply_adds;
    if (!std::isnan(old.milliseconds))
      box.milliseconds = (std::isnan(box.milliseconds) ? 0 : box.milliseconds) + old.milliseconds;
    boxes_.erase(boxes_.begin() + static_cast<std::ptrdiff_t>(gone));
    for (NetworkBox& other : boxes_) {
      std::vector<size_t> inputs;
      for (const size_t input : other.inputs) {
        const size_t now = input == gone ? into : input > gone ? input - 1 : input;
        if (std::ranges::find(inputs, now) == inputs.end()) inputs.push_back(now);
      }
      other.inputs = std::move(inputs);
    }
  }

  static void Name(NetworkBox& box) {
    if (!box.title.empty()) return;
    box.title = box.lines.size() == 1 ? box.lines[0] : "block";
  }

  const Graph& graph_;
  const InferredShapes& inferred_;
  const std::map<std::string, double>& milliseconds_;
  const Units units_;
  const std::vector<NodeCost> costs_;
  std::vector<NetworkBox> boxes_;
};

bool HasDigit(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}
bool IsNumber(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

}  // namespace

std::string BlockName(const std::string& node) {
  // Ends of the parts that dots and slashes divide the name into.
  size_t begin = 0;
  while (begin < node.size()) {
    const size_t end = std::min(node.find_first_of("./", begin), node.size());
    if (!HasDigit(node.substr(begin, end - begin))) {
      begin = end + 1;
      continue;
    }
    if (end >= node.size()) return "";  // the last part names the layer itself
    const size_t after = std::min(node.find_first_of("./", end + 1), node.size());
    const bool counted = after < node.size() && IsNumber(node.substr(end + 1, after - end - 1));
    return node.substr(0, counted ? after : end);
  }
  return "";
}

NetworkPlan PlanNetwork(const Graph& graph, const InferredShapes& inferred,
                        const std::map<std::string, double>& milliseconds) {
  return Planner(graph, inferred, milliseconds).Plan();
}

}  // namespace maskscope

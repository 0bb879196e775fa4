#ifndef MASKSCOPE_ENGINE_PLAN_BUILDER_H_
#define MASKSCOPE_ENGINE_PLAN_BUILDER_H_

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/plan.h"

namespace maskscope {

// What the lowering of operators writes a plan with. It knows where every value lies, in which formats, and where a
// value must go so that the views and concatenations that read it cost nothing.
class PlanBuilder {
 public:
  PlanBuilder(const Graph& graph, InferredShapes inferred, const PlanOptions& options, PackedWeights& packed);

  const Graph& graph() const { return graph_; }
  const PlanOptions& options() const { return options_; }
  PackedWeights& packed() const { return packed_; }
  const Shape& ShapeOf(const std::string& value) const;
  // The value where it does not depend on input data, else nullptr.
  const Tensor* ConstantOf(const std::string& value) const;
  // Nothing the node makes depends on input data: it does not run, and does not count as a reader.
  bool IsKnown(const Node& node) const;
  // The node that alone reads the value, once; nullptr for graph outputs and values with other readers.
  const Node* OnlyReader(const std::string& value) const;
  const std::vector<const Node*>& Readers(const std::string& value) const;
  bool IsOutput(const std::string& value) const { return outputs_.contains(value); }
  // The value can be read now.
  bool IsReady(const std::string& value) const;
  // No node but `readers` reads anything of the memory `place` lies in from now on, and it may be overwritten.
  bool DiesWith(const Place& place, const std::set<const Node*>& readers) const;

  // A node lowered with an earlier one.
  void MarkDone(const Node& node) { done_.insert(&node); }
  bool IsDone(const Node& node) const { return done_.contains(&node); }

  // A place where the value can be read in one of `formats` (the first is preferred when it must be converted).
  Place Read(const std::string& value, const std::vector<Format>& formats, ElementType type = ElementType::kF32,
             bool dense = true);
  // Puts off the nearest-neighbour Resize that makes `value` from `source`: a step that adds it may read the source
  // instead. `lower` makes the value after all, where something else reads it.
  void DeferResize(const std::string& value, const std::string& source, std::function<void()> lower);
  bool IsDeferred(const std::string& value) const { return deferred_.contains(value); }
  // The value in blocks, or what it is resized from where that was put off (the shape tells).
  Place ReadUnresized(const std::string& value);
  // A place where the value already lies, in whatever format.
  const Place& AnyPlace(const std::string& value) const;

  // A place to write the value to, in one of `formats`. Where the value must end up in another form, a copy follows the
  // next Emit. `strided`: the writer can leave gaps between batch entries and blocks.
  Place Write(const std::string& value, const std::vector<Format>& formats, ElementType type = ElementType::kF32,
              bool strided = true);
  // The value shares a place that exists.
  void Alias(const std::string& value, const Place& place);
  // Where the value must end up: only if views or a concatenation say so.
  std::optional<Place> Destination(const std::string& value);
  bool LiesAt(const std::string& value, const Place& place) const;

  int NewBuffer(int64_t bytes);
  // Scratch memory of the next step; -1 for 0 bytes.
  int Scratch(int64_t bytes) { return bytes == 0 ? -1 : NewBuffer(bytes); }
  void Emit(Step step);
  void EmitCopy(const std::string& node, const Place& from, const Place& to);

  Plan Finish();

 private:
  struct Target {
    std::string root;     // the value whose buffer holds it
    bool forced = false;  // false: root is the value itself, in the format its producer likes
    Place place;          // where in root's buffer; buffer not yet set
  };
  void FindTargets();
  const Target& TargetOf(const std::string& value) const;
  Target FollowReader(const std::string& value, const Node* producer) const;
  std::optional<Target> ThroughView(const std::string& value, const std::string& output) const;
  std::optional<Target> ThroughTranspose(const std::string& value, const Node& reader) const;
  std::optional<Target> ThroughConcat(const std::string& value, const Node& reader) const;
  int RootBuffer(const std::string& root);
  // How writers that can leave gaps lay a value out.
  Place FreshPlace(const Shape& shape, Format format, ElementType type, int buffer, bool strided) const;
  void AddOutputs();
  void PlaceInArena();

  const Graph& graph_;
  InferredShapes inferred_;
  PlanOptions options_;
  PackedWeights& packed_;
  Plan plan_;
  std::map<std::string, std::vector<const Node*>> readers_;
  std::set<std::string> outputs_;
  std::map<std::string, std::vector<Place>> places_;
  std::map<std::string, Target> targets_;
  std::map<std::string, int> root_buffers_;
  std::map<int, std::set<std::string>> residents_;  // values by the buffer they lie in
  std::set<const Node*> done_;
  struct Deferred {
    std::string source;
    std::function<void()> lower;
  };
  std::map<std::string, Deferred> deferred_;
  std::vector<std::pair<Place, Place>> pending_copies_;
};

// The form Concat's output takes when nothing forces one: blocked where every input begins at a block.
Format ConcatFormat(const PlanBuilder& builder, const Node& node);
// Lengths of the inputs along the axis.
std::vector<int64_t> ConcatLengths(const PlanBuilder& builder, const Node& node);
int64_t ConcatAxis(const Node& node, const Shape& out);
// Parts of these lengths along the axis can be slices of a whole of this shape and format.
bool IsSliceable(int64_t axis, const Shape& whole, Format format, const std::vector<int64_t>& lengths);
// Where part `index` lies in it.
Place SliceOf(int64_t axis, const Place& whole, const std::vector<int64_t>& lengths, size_t index);

// `place` seen as row-major `shape` of as many elements; nullopt where its gaps do not allow that.
std::optional<Place> Reshaped(const Place& place, const Shape& shape);

}  // namespace maskscope

#endif  // MASKSCOPE_ENGINE_PLAN_BUILDER_H_

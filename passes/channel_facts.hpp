// For every value of a graph: which of its channels always hold the same number, and which can only go together.
#pragma once
#include <map>
#include <vector>

#include "passes/summing_layer.hpp"

namespace thimble::compiler {

// The channels of one value lie along `axis`. Each belongs to a set; the sets are numbered over the whole graph.
struct ValueChannels {
  int axis = 1;
  ChannelConstants constants;
  std::vector<int> sets;
};

class ChannelFacts {
 public:
  explicit ChannelFacts(const Graph&);

  bool knows(const Value* v) const { return values_.count(v) > 0; }
  const ValueChannels& of(const Value* v) const { return values_.at(v); }
  int set_of(const Value* v, int64_t channel) const { return parent_[size_t(values_.at(v).sets[size_t(channel)])]; }
  // Sets that some reader or maker keeps whole.
  bool pinned(int set) const { return parent_[size_t(set)] == parent_[0]; }
  const std::map<const Node*, SummingLayer>& layers() const { return layers_; }

 private:
  const ValueChannels& add(const Value*, int axis, ChannelConstants);
  void join(int a, int b) { parent_[size_t(root(a))] = root(b); }
  int root(int set);
  void pin(const Value*);
  void visit(const Node&);
  void visit_layer(const Node&, SummingLayer);
  bool visit_channelwise(const Node&);
  bool visit_moved(const Node&);

  std::map<const Value*, ValueChannels> values_;
  std::map<const Node*, SummingLayer> layers_;
  std::vector<int> parent_{0};  // union-find, flat once made; set 0 holds all that stays
};

}  // namespace thimble::compiler

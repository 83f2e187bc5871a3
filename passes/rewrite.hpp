// The two edits that passes are made of: a new node in place of a value's producer, and an existing value in its place.
#pragma once
#include "compiler/ir/graph.hpp"

namespace thimble::compiler {

// Whether every reader of `old` can read `with` instead: the types agree, and no output of the graph loses its name or
// becomes an input or another output.
bool can_replace(const Graph&, const Value* old, const Value* with);

// Readers of `old` read `with`, which takes its name over when `old` is an output. Precondition: can_replace.
void replace(Graph&, Value* old, Value* with);

// A new node right before the producer of `old` computes what `old` was, under its name. The types must be equal.
Node* replace_by_node(Graph&, Value* old, OpPtr, std::vector<Value*> inputs, std::optional<Storage> stored_as = {});

// A constant computes what `old` was, under its name. The types must be equal.
void replace_by_constant(Graph&, Value* old, Tensor);

// The nodes that read `value` (twice when they read it twice), without those that a rewrite has just replaced.
std::vector<Node*> readers(const Graph&, const Value* value);

// The only reader of `value`, which is no output of the graph; null otherwise.
Node* sole_reader(const Graph&, const Value* value);

// The node that makes `value` when `value` is read once and is no output of the graph, so that a rewrite of its only
// reader may take it over; null otherwise.
Node* sole_producer(const Graph&, const Value* value);

}  // namespace thimble::compiler

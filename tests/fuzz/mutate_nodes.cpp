// Mutations of nodes: ops, attributes, edges, functions and subgraphs.
#include <onnx/defs/schema.h>

#include <algorithm>

#include "compiler/import_node.hpp"
#include "pick.hpp"

namespace thimble::compiler::fuzz {

namespace {

void change_op(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n) return;
  if (r.one_in(3)) {
    static const std::vector<onnx::OpSchema> schemas = onnx::OpSchemaRegistry::get_all_schemas();
    n->set_op_type(schemas[size_t(r.below(int(schemas.size())))].Name());
  } else {
    n->set_op_type(op_table()[size_t(r.below(int(op_table().size())))].onnx_name);
  }
  if (r.one_in(2)) n->clear_attribute();
}

// An op that fits in the place of another one.
void other_unary_op(ModelProto& m, Random& r) {
  static const char* const names[] = {"Sign", "Sinh", "Acos", "Asinh", "Relu", "Tanh", "Identity", "Floor"};
  std::vector<NodeProto*> unary;
  for (auto& n : *m.mutable_graph()->mutable_node())
    if (n.input_size() == 1) unary.push_back(&n);
  if (unary.empty()) return;
  NodeProto& n = *unary[size_t(r.below(int(unary.size())))];
  n.set_op_type(r.pick(names, std::size(names)));
  n.clear_attribute();
}

void rewire(ModelProto& m, Random& r) {
  if (NodeProto* n = any_node(m, r); n && n->input_size() > 0) n->set_input(r.below(n->input_size()), any_value(m, r));
}
void drop_operand(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n || n->input_size() == 0) return;
  if (r.one_in(2))
    n->mutable_input()->RemoveLast();
  else
    n->set_input(r.below(n->input_size()), "");
}
void add_operand(ModelProto& m, Random& r) {
  if (NodeProto* n = any_node(m, r)) n->add_input(any_value(m, r));
}
// One more result, which another node reads or nobody does.
void add_result(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n) return;
  for (auto& other : *m.mutable_graph()->mutable_node()) {
    const auto* schema = onnx::OpSchemaRegistry::Schema(other.op_type());
    if (schema && schema->max_output() > other.output_size() && r.one_in(2)) n = &other;
  }
  n->add_output("result" + std::to_string(r.below(3)));
  if (r.one_in(4)) return;
  const std::string result = n->output(n->output_size() - 1);
  auto& reader = *m.mutable_graph()->add_node();
  reader.set_op_type("Identity");
  reader.add_input(result);
  reader.add_output("reads_" + result);
}
void remove_node(ModelProto& m, Random& r) {
  auto& nodes = *m.mutable_graph()->mutable_node();
  if (!nodes.empty()) nodes.DeleteSubrange(r.below(nodes.size()), 1);
}
void repeat_node(ModelProto& m, Random& r) {
  if (const NodeProto* n = any_node(m, r)) {
    const NodeProto copy = *n;
    *m.mutable_graph()->add_node() = copy;
  }
}
void swap_nodes(ModelProto& m, Random& r) {
  auto& nodes = *m.mutable_graph()->mutable_node();
  if (!nodes.empty()) nodes.SwapElements(r.below(nodes.size()), r.below(nodes.size()));
}
// A node reads what is made from its own result.
void make_cycle(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n || n->output_size() == 0) return;
  const std::string result = n->output(0);
  for (auto& other : *m.mutable_graph()->mutable_node())
    for (const auto& name : other.input())
      if (name == result && other.output_size() > 0 && n->input_size() > 0) n->set_input(0, other.output(0));
}

void change_integers(ModelProto& m, Random& r) {
  AttributeProto* a = any_attribute(m, r);
  if (!a) return;
  if (a->ints_size() > 0)
    a->set_ints(r.below(a->ints_size()), odd_number(r));
  else if (a->type() == AttributeProto::INT)
    a->set_i(odd_number(r));
  else if (a->type() == AttributeProto::FLOAT)
    a->set_f(r.pick(odd_reals, std::size(odd_reals)));
}
void resize_integers(ModelProto& m, Random& r) {
  AttributeProto* a = any_attribute(m, r);
  if (!a || a->type() != AttributeProto::INTS) return;
  if (r.one_in(2) && a->ints_size() > 0)
    a->mutable_ints()->RemoveLast();
  else
    a->add_ints(odd_number(r));
}
void change_attribute_type(ModelProto& m, Random& r) {
  if (AttributeProto* a = any_attribute(m, r)) a->set_type(AttributeProto::AttributeType(r.below(15)));
}
// Any attribute of any op: most are unknown to this one.
void add_attribute(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n) return;
  static const char* const names[] = {
      "axis",    "axes",    "alpha", "auto_pad",  "ceil_mode", "count_include_pad", "group",    "dilations",
      "strides", "perm",    "to",    "keepdims",  "mode",      "allowzero",         "saturate", "kernel_shape",
      "pads",    "unknown", "start", "block_size"};
  auto& a = *n->add_attribute();
  a.set_name(r.pick(names, std::size(names)));
  switch (r.below(4)) {
    case 0:
      a.set_type(AttributeProto::INT);
      a.set_i(odd_number(r));
      break;
    case 1:
      a.set_type(AttributeProto::INTS);
      for (int i = r.below(5); i >= 0; --i) a.add_ints(odd_number(r));
      break;
    case 2:
      a.set_type(AttributeProto::FLOAT);
      a.set_f(r.pick(odd_reals, std::size(odd_reals)));
      break;
    default:
      a.set_type(AttributeProto::STRING);
      a.set_s(r.one_in(2) ? "SAME_UPPER" : "text");
  }
}
void remove_attribute(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (n && n->attribute_size() > 0) n->mutable_attribute()->DeleteSubrange(r.below(n->attribute_size()), 1);
}

// A node becomes a call of a function around it, which may call itself or double what it calls, again and again.
void wrap_in_function(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n || n->output_size() != 1) return;
  m.set_ir_version(std::max<int64_t>(m.ir_version(), 8));
  auto& opset = *m.add_opset_import();
  opset.set_domain("local");
  opset.set_version(1);
  const int kind = r.below(3), depth = kind == 2 ? 30 : 1;
  for (int i = 0; i < depth; ++i) {
    auto& f = *m.add_functions();
    f.set_domain("local");
    f.set_name("f" + std::to_string(i));
    *f.mutable_opset_import() = m.opset_import();
    for (const auto& name : n->input()) f.add_input(name);
    f.add_output(n->output(0));
    for (int k = 0; k < (kind == 2 ? 2 : 1); ++k) {
      auto& body = *f.add_node();
      body = *n;
      if (k == 1) body.set_output(0, "again");
      if (kind == 0 || (kind == 2 && i > 0)) {
        body.set_domain("local");
        body.set_op_type("f" + std::to_string(kind == 0 ? i : i - 1));
        body.clear_attribute();
      }
    }
  }
  n->set_domain("local");
  n->set_op_type("f" + std::to_string(depth - 1));
  n->clear_attribute();
}
void add_subgraph(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n || n->output_size() == 0) return;
  NodeProto made;
  made.set_name(n->name());
  made.set_op_type("If");
  auto& g = *m.mutable_graph();
  auto& condition = *g.add_initializer();
  condition.set_name("condition");
  condition.set_data_type(TensorProto::BOOL);
  condition.set_raw_data(std::string(1, '\1'));
  made.add_input("condition");
  for (const char* branch : {"then_branch", "else_branch"}) {
    auto& a = *made.add_attribute();
    a.set_name(branch);
    a.set_type(AttributeProto::GRAPH);
    a.mutable_g()->set_name(branch);
    NodeProto inner = *n;
    inner.set_output(0, std::string(branch) + "_result");
    *a.mutable_g()->add_node() = inner;
    a.mutable_g()->add_output()->set_name(inner.output(0));
  }
  made.add_output(n->output(0));
  *n = made;
}
// A value goes through another op on its way to one reader.
void insert_node(ModelProto& m, Random& r) {
  auto& nodes = *m.mutable_graph()->mutable_node();
  if (nodes.empty()) return;
  const int at = r.below(nodes.size());
  NodeProto& reader = *nodes.Mutable(at);
  if (reader.input_size() == 0) return;
  const int operand = r.below(reader.input_size());
  NodeProto made;
  made.set_op_type(op_table()[size_t(r.below(int(op_table().size())))].onnx_name);
  made.add_input(reader.input(operand));
  for (int i = r.below(3); i > 0; --i) made.add_input(any_value(m, r));
  made.add_output("inserted" + std::to_string(r.below(1000)));
  reader.set_input(operand, made.output(0));
  *nodes.Add() = made;
  for (int i = nodes.size() - 1; i > at; --i) nodes.SwapElements(i, i - 1);
}

constexpr Mutation table[] = {{"change op", change_op, false},
                              {"other unary op", other_unary_op, false},
                              {"rewire", rewire, false},
                              {"drop operand", drop_operand, false},
                              {"add operand", add_operand, false},
                              {"add result", add_result, false},
                              {"remove node", remove_node, false},
                              {"repeat node", repeat_node, false},
                              {"swap nodes", swap_nodes, false},
                              {"make cycle", make_cycle, false},
                              {"change integers", change_integers, false},
                              {"change integers", change_integers, false},
                              {"resize integers", resize_integers, false},
                              {"change attribute type", change_attribute_type, false},
                              {"add attribute", add_attribute, false},
                              {"remove attribute", remove_attribute, false},
                              {"wrap in function", wrap_in_function, false},
                              {"add subgraph", add_subgraph, false},
                              {"insert node", insert_node, false}};

}  // namespace

std::span<const Mutation> node_mutations() {
  return table;
}

}  // namespace thimble::compiler::fuzz

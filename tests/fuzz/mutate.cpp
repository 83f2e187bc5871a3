// Each mutation is a few lines over the messages of ONNX.
#include "mutate.hpp"

#include <onnx/defs/schema.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "compiler/import_node.hpp"

namespace thimble::compiler::fuzz {

namespace {

using onnx::AttributeProto;
using onnx::ModelProto;
using onnx::NodeProto;
using onnx::TensorProto;

constexpr int64_t odd_numbers[] = {0,
                                   1,
                                   -1,
                                   2,
                                   3,
                                   -2,
                                   7,
                                   64,
                                   255,
                                   65536,
                                   1000000007,
                                   2147483647,
                                   -2147483648,
                                   int64_t(1) << 40,
                                   std::numeric_limits<int64_t>::max(),
                                   std::numeric_limits<int64_t>::min()};
constexpr float odd_reals[] = {0.0f,
                               -0.0f,
                               1.0f,
                               -1.0f,
                               1e-38f,
                               3e38f,
                               0.003f,
                               1e9f,
                               std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN()};

int64_t odd_number(Random& r) {
  return r.one_in(2) ? r.below(12) : r.pick(odd_numbers, std::size(odd_numbers));
}

template <class Messages>
auto* any(Messages& messages, Random& r) {
  return messages.empty() ? nullptr : messages.Mutable(r.below(messages.size()));
}
NodeProto* any_node(ModelProto& m, Random& r) {
  return any(*m.mutable_graph()->mutable_node(), r);
}
TensorProto* any_tensor(ModelProto& m, Random& r) {
  return any(*m.mutable_graph()->mutable_initializer(), r);
}
AttributeProto* any_attribute(ModelProto& m, Random& r) {
  std::vector<AttributeProto*> all;
  for (auto& n : *m.mutable_graph()->mutable_node())
    for (auto& a : *n.mutable_attribute()) all.push_back(&a);
  return all.empty() ? nullptr : all[size_t(r.below(int(all.size())))];
}
onnx::TypeProto* any_type(ModelProto& m, Random& r) {
  auto& g = *m.mutable_graph();
  auto* value = any(*(r.one_in(2) ? g.mutable_output() : g.mutable_input()), r);
  return value ? value->mutable_type() : nullptr;
}
std::string any_value(ModelProto& m, Random& r) {
  std::vector<std::string> names;
  for (const auto& n : m.graph().node()) names.insert(names.end(), n.output().begin(), n.output().end());
  for (const auto& v : m.graph().input()) names.push_back(v.name());
  for (const auto& t : m.graph().initializer()) names.push_back(t.name());
  return names.empty() ? "x" : names[size_t(r.below(int(names.size())))];
}

void rename(ModelProto& m, const std::string& from, const std::string& to) {
  auto& g = *m.mutable_graph();
  const auto change = [&](std::string& name) {
    if (name == from) name = to;
  };
  for (auto& n : *g.mutable_node()) {
    for (auto& name : *n.mutable_input()) change(name);
    for (auto& name : *n.mutable_output()) change(name);
  }
  for (auto* values : {g.mutable_input(), g.mutable_output(), g.mutable_value_info()})
    for (auto& v : *values) change(*v.mutable_name());
  for (auto& t : *g.mutable_initializer()) change(*t.mutable_name());
}

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
void add_result(ModelProto& m, Random& r) {
  if (NodeProto* n = any_node(m, r)) n->add_output("result" + std::to_string(r.below(3)));
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

void change_tensor_dimension(ModelProto& m, Random& r) {
  TensorProto* t = any_tensor(m, r);
  if (!t) return;
  if (t->dims_size() == 0 || r.one_in(4))
    t->add_dims(odd_number(r));
  else
    t->set_dims(r.below(t->dims_size()), odd_number(r));
}
void change_tensor_type(ModelProto& m, Random& r) {
  if (TensorProto* t = any_tensor(m, r)) t->set_data_type(r.below(28));
}
void cut_tensor(ModelProto& m, Random& r) {
  TensorProto* t = any_tensor(m, r);
  if (!t) return;
  if (t->has_raw_data() && r.one_in(2))
    t->mutable_raw_data()->resize(size_t(r.below(int(t->raw_data().size()) + 2)));
  else
    t->add_int32_data(int32_t(odd_number(r)));
}
// Data in the typed field, some of it beyond the type.
void retype_tensor_data(ModelProto& m, Random& r) {
  TensorProto* t = any_tensor(m, r);
  if (!t || t->data_type() != TensorProto::INT8) return;
  const std::string raw = t->raw_data();
  t->clear_raw_data();
  for (char c : raw) t->add_int32_data(c);
  if (t->int32_data_size() > 0) t->set_int32_data(r.below(t->int32_data_size()), 100 + r.below(200));
}
void change_scalars(ModelProto& m, Random& r) {
  std::vector<TensorProto*> small;
  for (auto& t : *m.mutable_graph()->mutable_initializer())
    if (t.has_raw_data() && t.raw_data().size() <= 64 && !t.raw_data().empty()) small.push_back(&t);
  if (small.empty()) return;
  TensorProto& t = *small[size_t(r.below(int(small.size())))];
  std::string& raw = *t.mutable_raw_data();
  if (t.data_type() == TensorProto::INT64 && raw.size() >= 8) {
    const int64_t v = odd_number(r);
    raw.replace(size_t(r.below(int(raw.size() / 8))) * 8, 8, reinterpret_cast<const char*>(&v), 8);
  } else if (t.data_type() == TensorProto::FLOAT && raw.size() >= 4) {
    const float v = r.pick(odd_reals, std::size(odd_reals));
    raw.replace(size_t(r.below(int(raw.size() / 4))) * 4, 4, reinterpret_cast<const char*>(&v), 4);
  } else {
    raw[size_t(r.below(int(raw.size())))] = char(r.next());
  }
}
void weight_bytes(ModelProto& m, Random& r) {
  TensorProto* t = any_tensor(m, r);
  if (!t || t->raw_data().empty()) return;
  for (int i = 0; i < 4; ++i) (*t->mutable_raw_data())[size_t(r.below(int(t->raw_data().size())))] = char(r.next());
}
void external_tensor(ModelProto& m, Random& r) {
  TensorProto* t = any_tensor(m, r);
  if (!t) return;
  static const char* const places[] = {"weights.bin", "../weights.bin", "/etc/hostname", "none.bin", "", "."};
  t->set_data_location(TensorProto::EXTERNAL);
  t->clear_raw_data();
  const auto add = [&](const char* key, const std::string& value) {
    auto& e = *t->add_external_data();
    e.set_key(key);
    e.set_value(value);
  };
  add("location", r.pick(places, std::size(places)));
  if (r.one_in(2)) add("offset", std::to_string(odd_number(r)));
  if (r.one_in(2)) add("length", r.one_in(4) ? "many" : std::to_string(odd_number(r)));
}

void change_input_shape(ModelProto& m, Random& r) {
  onnx::TypeProto* type = any_type(m, r);
  if (!type || !type->has_tensor_type()) return;
  auto& shape = *type->mutable_tensor_type()->mutable_shape();
  if (shape.dim_size() == 0 || r.one_in(6))
    shape.add_dim()->set_dim_value(odd_number(r));
  else if (r.one_in(6))
    shape.mutable_dim()->RemoveLast();
  else if (r.one_in(3))
    shape.mutable_dim(r.below(shape.dim_size()))->set_dim_param("d" + std::to_string(r.below(3)));
  else
    shape.mutable_dim(r.below(shape.dim_size()))->set_dim_value(odd_number(r));
}
// Every input of the model is larger by far: all shapes follow, or do not fit.
void grow_inputs(ModelProto& m, Random& r) {
  for (auto& v : *m.mutable_graph()->mutable_input()) {
    auto& shape = *v.mutable_type()->mutable_tensor_type()->mutable_shape();
    for (auto& d : *shape.mutable_dim()) d.set_dim_value(d.dim_value() * (1 + r.below(2000)));
  }
  for (auto& v : *m.mutable_graph()->mutable_output()) v.mutable_type()->mutable_tensor_type()->clear_shape();
  m.mutable_graph()->clear_value_info();
}
void change_input_type(ModelProto& m, Random& r) {
  onnx::TypeProto* type = any_type(m, r);
  if (!type) return;
  if (r.one_in(4))
    type->mutable_sequence_type()->mutable_elem_type()->mutable_tensor_type()->set_elem_type(1);
  else
    type->mutable_tensor_type()->set_elem_type(r.below(28));
}
// All floats of the model become another type of real.
void retype_floats(ModelProto& m, Random& r) {
  const int type = r.one_in(2) ? TensorProto::DOUBLE : TensorProto::FLOAT16;
  auto& g = *m.mutable_graph();
  for (auto* values : {g.mutable_input(), g.mutable_output()})
    for (auto& v : *values)
      if (v.type().tensor_type().elem_type() == TensorProto::FLOAT)
        v.mutable_type()->mutable_tensor_type()->set_elem_type(type);
  g.clear_value_info();
  for (auto& t : *g.mutable_initializer()) {
    if (t.data_type() != TensorProto::FLOAT) continue;
    t.set_data_type(type);
    std::string raw;
    const std::string old = t.raw_data();
    for (size_t i = 0; i + 4 <= old.size(); i += 4) {
      float f;
      std::memcpy(&f, old.data() + i, 4);
      const double d = r.one_in(1000) ? 1e300 : f;
      raw.append(type == TensorProto::DOUBLE ? std::string(reinterpret_cast<const char*>(&d), 8)
                                             : old.substr(i + 2, 2));
    }
    t.set_raw_data(raw);
  }
}
void initializer_to_input(ModelProto& m, Random& r) {
  auto& g = *m.mutable_graph();
  if (g.initializer_size() == 0) return;
  const int i = r.below(g.initializer_size());
  const TensorProto t = g.initializer(i);
  g.mutable_initializer()->DeleteSubrange(i, 1);
  for (const auto& v : g.input())
    if (v.name() == t.name()) return;
  auto& v = *g.add_input();
  v.set_name(t.name());
  auto& type = *v.mutable_type()->mutable_tensor_type();
  type.set_elem_type(t.data_type());
  type.mutable_shape();
  for (int64_t d : t.dims()) type.mutable_shape()->add_dim()->set_dim_value(d);
}
void change_outputs(ModelProto& m, Random& r) {
  auto& outputs = *m.mutable_graph()->mutable_output();
  switch (r.below(4)) {
    case 0:
      outputs.Clear();
      break;
    case 1:
      if (!outputs.empty()) *outputs.Add() = onnx::ValueInfoProto(outputs.Get(0));
      break;
    case 2:
      if (!outputs.empty()) outputs.Mutable(0)->set_name(any_value(m, r));
      break;
    default:
      outputs.Add()->set_name(any_value(m, r));
      outputs.Mutable(outputs.size() - 1)->mutable_type()->mutable_tensor_type()->set_elem_type(1);
  }
}

void change_version(ModelProto& m, Random& r) {
  if (r.one_in(4)) m.set_ir_version(odd_number(r));
  auto* opset = any(*m.mutable_opset_import(), r);
  if (opset && r.one_in(2)) opset->set_version(r.one_in(3) ? odd_number(r) : 5 + r.below(24));
  if (opset && r.one_in(4)) opset->set_domain(r.one_in(2) ? "ai.onnx" : "com.example");
}
void change_domain(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n) return;
  n->set_domain("com.example");
  auto& opset = *m.add_opset_import();
  opset.set_domain("com.example");
  opset.set_version(1);
}
void remove_graph(ModelProto& m, Random& r) {
  if (r.one_in(2)) m.clear_graph();
}
void odd_names(ModelProto& m, Random& r) {
  static const char* const names[] = {"",        "int",  "a b/c:0",      "\"quoted\\", "x\ny", "../../name",
                                      "class",   "_9__", "\xc3\xa9\xff", "*/",         "// x", "0",
                                      "thimble", "run",  "{}",           "%s%n"};
  const std::string name = r.one_in(6) ? std::string(size_t(r.below(5000)), 'n') : r.pick(names, std::size(names));
  if (r.one_in(2)) return rename(m, any_value(m, r), name);
  if (NodeProto* n = any_node(m, r)) n->set_name(name);
  if (r.one_in(4)) m.mutable_graph()->set_name(name);
}

// A node becomes a call of a function around it, which may call itself or double what it calls, again and again.
void wrap_in_function(ModelProto& m, Random& r) {
  NodeProto* n = any_node(m, r);
  if (!n || n->output_size() != 1) return;
  m.set_ir_version(std::max<int64_t>(m.ir_version(), 8));
  auto& opset = *m.add_opset_import();
  opset.set_domain("local");
  opset.set_version(1);
  const int kind = r.below(3), depth = kind == 2 ? 40 : 1;
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
void sparse_tensor(ModelProto& m, Random& r) {
  auto& g = *m.mutable_graph();
  if (g.initializer_size() == 0) return;
  const int i = r.below(g.initializer_size());
  auto& s = *g.add_sparse_initializer();
  *s.mutable_values() = g.initializer(i);
  s.mutable_values()->clear_dims();
  s.mutable_values()->add_dims(0);
  s.mutable_values()->clear_raw_data();
  s.mutable_values()->set_raw_data("");
  s.mutable_indices()->set_name("indices");
  s.mutable_indices()->set_data_type(TensorProto::INT64);
  s.mutable_indices()->add_dims(0);
  s.mutable_indices()->set_raw_data("");
  for (int64_t d : g.initializer(i).dims()) s.add_dims(d);
  g.mutable_initializer()->DeleteSubrange(i, 1);
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
                              {"change tensor dimension", change_tensor_dimension, false},
                              {"change tensor type", change_tensor_type, false},
                              {"cut tensor", cut_tensor, true},
                              {"retype tensor data", retype_tensor_data, true},
                              {"change scalars", change_scalars, true},
                              {"change scalars", change_scalars, true},
                              {"weight bytes", weight_bytes, true},
                              {"external tensor", external_tensor, false},
                              {"change shape", change_input_shape, false},
                              {"change shape", change_input_shape, false},
                              {"grow inputs", grow_inputs, false},
                              {"change type", change_input_type, false},
                              {"retype floats", retype_floats, false},
                              {"initializer to input", initializer_to_input, false},
                              {"change outputs", change_outputs, false},
                              {"change version", change_version, false},
                              {"change domain", change_domain, false},
                              {"remove graph", remove_graph, false},
                              {"odd names", odd_names, false},
                              {"wrap in function", wrap_in_function, false},
                              {"add subgraph", add_subgraph, false},
                              {"sparse tensor", sparse_tensor, false},
                              {"insert node", insert_node, false}};

// Where the bytes of large tensors lie in the file.
std::vector<std::pair<size_t, size_t>> weight_ranges(const std::string& file, const ModelProto& model) {
  std::vector<std::pair<size_t, size_t>> ranges;
  for (const auto& t : model.graph().initializer()) {
    if (t.raw_data().size() < 16) continue;
    if (const size_t at = file.find(t.raw_data()); at != std::string::npos)
      ranges.emplace_back(at, t.raw_data().size());
  }
  return ranges;
}

}  // namespace

std::span<const Mutation> mutations() {
  return table;
}

bool mutate_bytes(std::string& file, const ModelProto& model, Random& r) {
  const auto ranges = weight_ranges(file, model);
  const auto in_weights = [&](size_t at) {
    return std::any_of(ranges.begin(), ranges.end(),
                       [&](const auto& range) { return at >= range.first && at < range.first + range.second; });
  };
  const bool allow_weights = r.one_in(8);
  size_t at = 0;
  for (int tries = 0; tries < 1000; ++tries) {
    at = size_t(r.below(int(file.size())));
    if (allow_weights || !in_weights(at)) break;
  }
  const bool outside = !in_weights(at);
  const size_t length = std::min(size_t(1 + r.below(8)), file.size() - at);
  switch (r.below(6)) {
    case 0:
      file[at] = char(r.next());
      break;
    case 1:
      file[at] = char(file[at] ^ (1 << r.below(8)));
      break;
    case 2:
      file.erase(at, length);
      break;
    case 3:
      file.insert(at, file.substr(at, length));
      break;
    case 4:
      file.insert(at, std::string(length, char(r.next())));
      break;
    default:
      file.resize(at);
  }
  return outside;
}

}  // namespace thimble::compiler::fuzz

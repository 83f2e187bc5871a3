// Mutations of what nodes work on: tensors, types, names, and the model around them.
#include <algorithm>
#include <cstring>

#include "pick.hpp"

namespace thimble::compiler::fuzz {

namespace {

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
    for (auto& d : *shape.mutable_dim()) d.set_dim_value(d.dim_value() % 100'000 * (1 + r.below(2000)));
  }
  for (auto& v : *m.mutable_graph()->mutable_output())
    for (auto& d : *v.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim()) d.set_dim_param("grown");
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
  const int type = r.one_in(4) ? TensorProto::FLOAT16 : TensorProto::DOUBLE;
  const bool beyond = r.one_in(2);
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
      const double d = i == 0 && beyond ? 1e300 : f;
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

// An initializer becomes a sparse one with a single element.
void sparse_tensor(ModelProto& m, Random& r) {
  auto& g = *m.mutable_graph();
  if (g.initializer_size() == 0) return;
  const int i = r.below(g.initializer_size());
  if (g.initializer(i).dims_size() == 0 || g.initializer(i).raw_data().size() < 8) return;
  auto& s = *g.add_sparse_initializer();
  s.mutable_values()->set_name(g.initializer(i).name());
  s.mutable_values()->set_data_type(TensorProto::FLOAT);
  s.mutable_values()->add_dims(1);
  s.mutable_values()->set_raw_data(g.initializer(i).raw_data().substr(0, 4));
  s.mutable_indices()->set_name("indices");
  s.mutable_indices()->set_data_type(TensorProto::INT64);
  s.mutable_indices()->add_dims(1);
  s.mutable_indices()->set_raw_data(std::string(8, '\0'));
  for (int64_t d : g.initializer(i).dims()) s.add_dims(d);
  g.mutable_initializer()->DeleteSubrange(i, 1);
}
// An input of another type that becomes what it was by a Cast.
void cast_input(ModelProto& m, Random& r) {
  auto& g = *m.mutable_graph();
  auto* input = any(*g.mutable_input(), r);
  if (!input || !input->type().has_tensor_type()) return;
  const std::string name = input->name();
  rename(m, name, name + "_cast");
  input->set_name(name);
  NodeProto cast;
  cast.set_op_type("Cast");
  cast.add_input(name);
  cast.add_output(name + "_cast");
  auto& to = *cast.add_attribute();
  to.set_name("to");
  to.set_type(onnx::AttributeProto::INT);
  to.set_i(input->type().tensor_type().elem_type());
  input->mutable_type()->mutable_tensor_type()->set_elem_type(1 + r.below(16));
  auto& nodes = *g.mutable_node();
  *nodes.Add() = cast;
  for (int i = nodes.size() - 1; i > 0; --i) nodes.SwapElements(i, i - 1);
}

constexpr Mutation table[] = {{"change tensor dimension", change_tensor_dimension, false},
                              {"change tensor type", change_tensor_type, false},
                              {"cut tensor", cut_tensor, true},
                              {"retype tensor data", retype_tensor_data, true},
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
                              {"retype floats", retype_floats, false},
                              {"initializer to input", initializer_to_input, false},
                              {"change outputs", change_outputs, false},
                              {"change version", change_version, false},
                              {"change domain", change_domain, false},
                              {"remove graph", remove_graph, false},
                              {"odd names", odd_names, false},
                              {"sparse tensor", sparse_tensor, false},
                              {"cast input", cast_input, false}};

}  // namespace

std::span<const Mutation> value_mutations() {
  return table;
}

}  // namespace thimble::compiler::fuzz

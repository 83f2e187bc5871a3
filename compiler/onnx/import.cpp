// Walks the nodes in the model's order. A node that fails does not stop the walk: the user hears of all of them at
// once.
#include "compiler/onnx/import.hpp"

#include <algorithm>

#include "compiler/error.hpp"
#include "compiler/interpret.hpp"
#include "compiler/onnx/importer.hpp"
#include "compiler/onnx/quantization.hpp"
#include "compiler/onnx/tensor_proto.hpp"

namespace thimble::compiler {

namespace {

constexpr int64_t largest_value = int64_t(1) << 26;         // bytes: no microcontroller has more RAM
constexpr int64_t largest_folded = int64_t(1) << 24;        // elements of one constant computed here
constexpr int64_t largest_folded_macs = int64_t(1) << 28;   // and the work of computing it
constexpr int64_t largest_folded_bytes = int64_t(1) << 28;  // of all of them

// The node being read, connected to the importer.
class NodeStep : public NodeReader {
 public:
  NodeStep(const onnx::NodeProto& proto, int64_t opset, std::vector<Value*> inputs, Importer& importer)
      : NodeReader(proto, opset, std::move(inputs)), importer_(importer) {}

  bool output_used(size_t i) const override {
    return i < output_count() && !proto_.output(int(i)).empty() && importer_.is_read(proto_.output(int(i)));
  }
  Value* emit(OpPtr op, std::vector<Value*> inputs, std::optional<Storage> stored_as) override {
    const std::string suffix = "/" + std::string(op->name());
    return importer_.make(op, std::move(inputs), stored_as, name(), node_name() + suffix,
                          importer_.fresh(proto_.output(0) + suffix));
  }
  void finish(OpPtr op, std::vector<Value*> inputs, std::optional<Storage> stored_as) override {
    const std::string& result = proto_.output(0);
    bind(0, importer_.make(op, std::move(inputs), stored_as, name(), node_name(),
                           result.empty() ? importer_.fresh("unused") : result));
  }
  Value* constant(Tensor tensor) override {
    return importer_.add_constant(importer_.fresh(proto_.output(0) + "/constant"), std::move(tensor));
  }
  void bind(size_t output, Value* value) override {
    ensure(output < output_count(), name() + ": bind() of an output that it does not have");
    importer_.bind(proto_.output(int(output)), value);
  }

 private:
  const std::string& node_name() const { return proto_.name().empty() ? proto_.output(0) : proto_.name(); }

  Importer& importer_;
};

bool has_subgraph(const onnx::NodeProto& node) {
  return std::any_of(node.attribute().begin(), node.attribute().end(),
                     [](const auto& a) { return a.has_g() || a.graphs_size() > 0; });
}

// Why a value of this type cannot be; empty when it can.
std::string refusal_of(const onnx::TypeProto& type, bool constant) {
  if (type.has_sequence_type()) return "a sequence";
  if (type.has_map_type()) return "a map";
  if (type.has_optional_type()) return "an optional value";
  if (!type.has_tensor_type()) return type.has_sparse_tensor_type() ? "a sparse tensor" : "";
  const int element = type.tensor_type().elem_type();
  const bool fits = constant ? element_type(element).has_value() : runs_as(element);
  return fits || element == onnx::TensorProto::UNDEFINED ? "" : "of type " + onnx_type_name(element);
}

}  // namespace

Importer::Importer(const LoadedModel& model) : proto_(model.proto->graph()), path_(model.path) {
  for (const auto& opset : model.proto->opset_import())
    if (opset.domain().empty()) opset_ = opset.version();
  graph_.name = proto_.name();
  for (const auto& t : proto_.initializer()) initializers_.emplace(t.name(), &t);
  for (const auto* values : {&proto_.input(), &proto_.value_info(), &proto_.output()})
    for (const auto& v : *values) types_.emplace(v.name(), &v.type());
  for (const auto& [name, t] : initializers_) taken_names_.insert(name);
  for (const auto& [name, t] : types_) taken_names_.insert(name);
  for (const auto& node : proto_.node()) {
    read_.insert(node.input().begin(), node.input().end());
    taken_names_.insert(node.output().begin(), node.output().end());
  }
  for (const auto& v : proto_.output()) declared_outputs_.insert(v.name());
  read_.insert(declared_outputs_.begin(), declared_outputs_.end());
}

void Importer::run() {
  // Constants come first, for they may hold the quantization that the inputs' types have.
  import_nodes(true);
  declared_ = carried_quantization(proto_, [this](const onnx::NodeProto& node) { return declared_by(node); });
  add_inputs();
  import_nodes(false);
  add_outputs();
}

void Importer::import_nodes(bool without_operands) {
  for (const auto& node : proto_.node())
    if (std::all_of(node.input().begin(), node.input().end(), [](const auto& n) { return n.empty(); }) ==
        without_operands)
      import_node(node);
}

void Importer::import_node(const onnx::NodeProto& node) {
  NodeStatus status{node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name(), node.op_type(), ""};
  status.problem = refusal(node);
  // A node that reads what stands in for another's result may fail for that alone, and is not blamed.
  bool blameless = false;
  if (status.problem.empty()) try {
      std::vector<Value*> inputs;
      bool complete = true;
      for (const std::string& name : node.input()) {
        inputs.push_back(name.empty() ? nullptr : value(name));
        complete = complete && (name.empty() || inputs.back());
        blameless = blameless || !complete || (inputs.back() && stand_ins_.count(inputs.back()) > 0);
      }
      if (complete) read_node(node, std::move(inputs));
    } catch (const Error& e) {
      if (!blameless) status.problem = e.what();
    }
  if (!status.problem.empty()) problems_.push_back(status.problem);
  stand_in(node);
  check_results(node);
  nodes_.push_back(std::move(status));
}

void Importer::read_node(const onnx::NodeProto& node, std::vector<Value*> inputs) {
  NodeStep step(node, opset_, std::move(inputs), *this);
  for (size_t i = 0; i < step.input_count(); ++i)
    if (step.input(i) && element_count(step.input(i)->type.shape) == 0 && !step.input(i)->is_constant())
      throw step.error("operand '" + step.input(i)->name + "' has no elements", "Empty tensors are not supported.");
  find_op(node.op_type())->import(step);
  step.check_all_read();
  // An op refuses results that it does not have.
  for (size_t i = 0; i < step.output_count(); ++i)
    ensure(!step.output_used(i) || values_.count(node.output(int(i))) > 0,
           step.name() + ": result " + std::to_string(i) + " is read and was not bound");
}

std::string Importer::refusal(const onnx::NodeProto& node) const {
  const auto because = [&](const std::string& what, const std::string& remedy) {
    return std::string(Error(label(node), what, remedy).what());
  };
  if (!node.domain().empty())
    return because("ops of domain '" + node.domain() + "' are not supported", "Replace it by ops of ONNX.");
  if (has_subgraph(node)) return because("ops with subgraphs are not supported", "Unroll or simplify the model.");
  const bool constant = node.input_size() == 0;
  for (const auto* names : {&node.input(), &node.output()})
    for (const std::string& name : *names) {
      const auto type = types_.find(name);
      if (type == types_.end()) continue;
      if (const std::string why = refusal_of(*type->second, constant); !why.empty())
        return because("'" + name + "' is " + why + ", which is not supported",
                       "Use tensors of float32, an integer type or bool.");
    }
  if (!find_op(node.op_type()))
    return because("Thimble does not have this op", "Replace it: `thimble ops` lists the ops there are.");
  if (node.output_size() == 0) return because("it has no result", "Remove it.");
  return "";
}

void Importer::stand_in(const onnx::NodeProto& node) {
  for (const std::string& name : node.output()) {
    if (name.empty() || values_.count(name) > 0) continue;
    const auto inferred = types_.find(name);
    const auto type = inferred == types_.end() ? std::nullopt : to_type(*inferred->second);
    if (!type || problems_.empty()) continue;
    values_[name] = graph_.add_input(name, *type);
    stand_ins_.insert(values_[name]);
  }
}

void Importer::check_results(const onnx::NodeProto& node) {
  for (const std::string& name : node.output()) {
    const auto made = values_.find(name);
    const auto inferred = types_.find(name);
    if (made == values_.end() || inferred == types_.end()) continue;
    const auto type = to_type(*inferred->second);
    if (!type) continue;
    const TensorType& ours = made->second->type;
    if (ours.shape == type->shape && ours.element == type->element) continue;
    // What the model says of its outputs ONNX cannot always check.
    ensure(declared_outputs_.count(name) > 0,
           label(node) + ": we make '" + name + "' " + to_string(ours) + ", ONNX infers " + to_string(*type));
    problems_.push_back(
        Error("output '" + name + "'",
              fmt::format("the model declares it {}, its nodes make {}", to_string(*type), to_string(ours)),
              "Correct the declaration, or the shapes that the nodes ask for.")
            .what());
  }
}

void Importer::add_inputs() {
  for (const auto& input : proto_.input()) {
    const std::string why = refusal_of(input.type(), false);
    const auto type = to_type(input.type());
    if (!why.empty() || !type || byte_size(*type) > largest_value) {
      problems_.push_back(Error("input '" + input.name() + "'",
                                why.empty() ? fmt::format("it takes more than {} bytes", largest_value)
                                            : "it is " + why + ", which is not supported",
                                "Change the model's input.")
                              .what());
      if (!type || byte_size(*type) > largest_value) continue;
    }
    values_[input.name()] = graph_.add_input(input.name(), with_declared_quantization(*type, input.name()));
  }
}

// An output is a value of its own under the model's name for it.
void Importer::add_outputs() {
  if (proto_.output_size() == 0) problems_.push_back(Error(path_, "the model has no output", "Name one.").what());
  for (const auto& output : proto_.output()) {
    Value* made = value(output.name());
    if (!made) {
      if (problems_.empty())
        throw Error(path_, "nothing makes the output '" + output.name() + "'", "Correct the model's outputs.");
      continue;
    }
    const bool ours = made->producer && !graph_.is_output(made);
    if (!ours && made->name == output.name() && made->is_constant() && !graph_.is_output(made)) {
      graph_.outputs.push_back(made);
      continue;
    }
    if (ours) {
      made->name = output.name();
    } else {
      const std::string name = graph_.find(output.name()) ? fresh(output.name() + "/copy") : output.name();
      made = made->is_constant() ? graph_.add_constant(name, *made->constant)
                                 : graph_.append({copy_op(), {made}, name, {name}})->outputs[0];
    }
    graph_.outputs.push_back(made);
  }
}

std::optional<Quantization> Importer::declared_by(const onnx::NodeProto& node) {
  // The operand whose quantization is asked for has no value yet: its type stands for it.
  Value operand{node.input(0), {}, nullptr, nullptr, {}};
  const auto inferred = types_.find(node.input(0));
  const auto initializer = initializers_.find(node.input(0));
  if (initializer != initializers_.end()) {
    const auto element = element_type(initializer->second->data_type());
    if (!element) return {};
    operand.type = {*element, {initializer->second->dims().begin(), initializer->second->dims().end()}, {}};
  } else {
    const auto type = inferred == types_.end() ? std::nullopt : to_type(*inferred->second);
    if (!type) return {};
    operand.type = *type;
  }
  std::vector<Value*> inputs = {&operand};
  for (int i = 1; i < node.input_size(); ++i)
    inputs.push_back(node.input(i).empty() ||
                             (values_.count(node.input(i)) == 0 && initializers_.count(node.input(i)) == 0)
                         ? nullptr
                         : value(node.input(i)));
  NodeStep step(node, opset_, std::move(inputs), *this);
  try {
    return find_op(node.op_type())->declares(step);
  } catch (const Error&) {
    return {};  // importing the node will tell
  }
}

TensorType Importer::with_declared_quantization(TensorType type, const std::string& name) const {
  const auto it = declared_.find(name);
  if (it == declared_.end() || !is_integer(type.element)) return type;
  const Quantization& q = it->second;
  const bool fits =
      !q.per_axis() || (size_t(q.axis) < type.shape.size() && type.shape[size_t(q.axis)] == int64_t(q.scales.size()));
  if (fits) type.quantization = q;
  return type;
}

Value* Importer::value(const std::string& name) {
  const auto known = values_.find(name);
  if (known != values_.end()) return known->second;
  const auto initializer = initializers_.find(name);
  if (initializer == initializers_.end()) return nullptr;
  Tensor tensor;
  try {
    tensor = to_tensor(*initializer->second, "tensor '" + name + "'");
  } catch (const Error& e) {
    problems_.push_back(e.what());
    initializers_.erase(initializer);
    return nullptr;
  }
  tensor.type = with_declared_quantization(tensor.type, name);
  return values_[name] = graph_.add_constant(name, std::move(tensor));
}

std::string Importer::fresh(const std::string& wish) {
  std::string name = wish;
  for (int i = 1; !taken_names_.insert(name).second; ++i) name = wish + "_" + std::to_string(i);
  return name;
}

Value* Importer::make(OpPtr op, std::vector<Value*> inputs, std::optional<Storage> stored_as, const std::string& where,
                      const std::string& node_name, const std::string& name) {
  const std::vector<TensorType> types = result_types(*op, inputs, stored_as, node_name);
  ensure(types.size() == 1, where + ": emit() of an op with " + std::to_string(types.size()) + " results");
  const bool constant = std::all_of(inputs.begin(), inputs.end(), [](const Value* v) { return v->is_constant(); });
  if (byte_size(types[0]) > largest_value)
    throw Error(where,
                fmt::format("its result {} takes {} bytes, {} are the most", to_string(types[0]), byte_size(types[0]),
                            largest_value),
                "Thimble makes code for microcontrollers: the model is too large.");
  if (constant && op->folds_early()) return graph_.add_constant(name, fold(*op, inputs, types[0], where));
  if (element_count(types[0].shape) == 0)
    throw Error(where, "its result " + to_string(types[0]) + " has no elements", "Empty tensors are not supported.");
  return graph_.append({op, std::move(inputs), node_name, {name}, stored_as})->outputs[0];
}

Tensor Importer::fold(const Op& op, const std::vector<Value*>& inputs, const TensorType& type,
                      const std::string& where) {
  std::vector<const Tensor*> operands;
  std::vector<TensorType> types;
  for (const Value* v : inputs) {
    operands.push_back(v->constant.get());
    types.push_back(v->type);
  }
  const int64_t elements = element_count(type.shape), macs = op.macs(types, std::span(&type, 1));
  folded_bytes_ += byte_size(type);
  const char* remedy = "Compute it before exporting the model.";
  if (elements > largest_folded || macs > largest_folded_macs)
    throw Error(where,
                fmt::format("it computes {} elements by {} multiplications from constants, {} and {} are the most",
                            elements, macs, largest_folded, largest_folded_macs),
                remedy);
  if (folded_bytes_ > largest_folded_bytes)
    throw Error(where,
                fmt::format("with it {} bytes are computed from constants, {} are the most", folded_bytes_,
                            largest_folded_bytes),
                remedy);
  return evaluate(op, operands, {type})[0];
}

Graph import_model(const LoadedModel& model) {
  Importer importer(model);
  importer.run();
  const std::vector<std::string>& problems = importer.problems();
  if (!problems.empty()) {
    std::vector<std::string> lines = {fmt::format("{}: {} problems", model.path, problems.size())};
    lines.insert(lines.end(), problems.begin(), problems.end());
    if (problems.size() == 1) lines = {model.path + ": " + problems[0]};
    throw Error(lines);
  }
  Graph graph = importer.take_graph();
  verify(graph);
  return graph;
}

Graph import_what_is_supported(const LoadedModel& model, std::vector<NodeStatus>& nodes) {
  Importer importer(model);
  importer.run();
  nodes = importer.nodes();
  return importer.take_graph();
}

}  // namespace thimble::compiler

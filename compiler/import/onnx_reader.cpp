#include "import/onnx_reader.h"

#include <onnx/onnx_pb.h>

#include <optional>
#include <set>

#include "import/function_body.h"
#include "import/input_shapes.h"
#include "import/model_checks.h"
#include "import/node.h"
#include "import/tensor_reader.h"
#include "ops/cast.h"
#include "support/diag.h"
#include "support/files.h"

namespace motec {
namespace {

// What ONNX names stand for. A poisoned name belongs to a node that could not be imported: what
// depends on it is skipped, so that one fault is reported once.
struct Scope {
  std::map<std::string, ValueId> values;
  std::set<std::string> poisoned;

  std::vector<std::string> names() const {
    std::vector<std::string> all(poisoned.begin(), poisoned.end());
    for (const auto& [name, id] : values) all.push_back(name);
    return all;
  }
};

bool is_half(DType dtype) { return dtype == DType::F16 || dtype == DType::BF16; }

class ModelImporter {
 public:
  ModelImporter(const onnx::ModelProto& model, const std::filesystem::path& model_dir,
                const ImportOptions& options)
      : model_(model), model_dir_(model_dir), options_(options), shapes_(options.input_shapes) {
    for (const auto& import : model.opset_import())
      opsets_[domain(import.domain())] = import.version();
    opsets_.try_emplace("", 1);
    for (const auto& function : model.functions())
      functions_[{domain(function.domain()), function.name()}] = &function;
  }

  Graph run() {
    const onnx::GraphProto& proto = model_.graph();
    graph_.name = proto.name();
    check_functions(model_);
    const std::vector<int> order = execution_order(proto, {});
    Scope scope;
    import_initializers(proto, scope);
    import_inputs(proto, scope);
    import_nodes(proto, order, scope);
    if (diags_.empty()) import_outputs(proto, scope);
    if (!diags_.empty()) throw CompileError(std::move(diags_));
    return std::move(graph_);
  }

 private:
  static std::string domain(const std::string& name) { return name == "ai.onnx" ? "" : name; }

  // Collects the faults that `body` throws; returns whether there were none.
  template <class Body>
  bool collect(const std::string& where, Body body) {
    try {
      body();
      return true;
    } catch (const CompileError& error) {
      for (Diag diag : error.diags()) {
        if (diag.where.empty()) diag.where = where;
        diags_.push_back(std::move(diag));
      }
      return false;
    }
  }

  ValueId cast(ValueId id, DType to, const Origin& origin) {
    return append1(graph_, ops::cast, CastAttrs{to}, {id}, origin);
  }

  // Arithmetic is done in float: half-precision constants become float32.
  ValueId add_constant(const std::string& name, Tensor tensor) {
    const DType dtype = tensor.dtype;
    const ValueId id = graph_.add_constant(name, std::move(tensor));
    return is_half(dtype) ? cast(id, DType::F32, {}) : id;
  }

  void note_type(ValueId id, int onnx_type) {
    if (has_four_bits(onnx_type)) four_bits_.insert(id);
  }

  void import_initializers(const onnx::GraphProto& proto, Scope& scope) {
    for (const auto& tensor : proto.initializer()) {
      collect({},
              [&] {
                scope.values[tensor.name()] =
                    add_constant(tensor.name(), read_tensor(tensor, model_dir_));
                note_type(scope.values[tensor.name()], tensor.data_type());
              }) ||
          scope.poisoned.insert(tensor.name()).second;
    }
    for (const auto& sparse : proto.sparse_initializer()) {
      const std::string& name = sparse.values().name();
      collect({},
              [&] {
                scope.values[name] = add_constant(name, read_sparse_tensor(sparse, model_dir_));
              }) ||
          scope.poisoned.insert(name).second;
    }
  }

  void import_input(const onnx::ValueInfoProto& info, Scope& scope) {
    if (!info.type().has_tensor_type()) {
      fail({.code = "E2022", .message = fmt::format("input '{}' is no tensor", info.name())});
    }
    const std::string what = fmt::format("input '{}'", info.name());
    const int onnx_type = info.type().tensor_type().elem_type();
    const DType dtype = stored_dtype_from_onnx(onnx_type, what);
    const Shape shape = shapes_.bind(info);
    check_dims(shape, dtype, what);
    if (const auto it = options_.input_values.find(info.name());
        it != options_.input_values.end()) {
      if (it->second.dtype != dtype || it->second.shape != shape) {
        fail({.code = "E2023",
              .message = fmt::format("input '{}' is {}, but --input-value gives {}", info.name(),
                                     to_string(Type{.dtype = dtype, .shape = shape}),
                                     to_string(it->second.type()))});
      }
      scope.values[info.name()] = add_constant(info.name(), it->second);
      note_type(scope.values[info.name()], onnx_type);
      return;
    }
    const ValueId id = graph_.add_value(info.name(), {.dtype = dtype, .shape = shape});
    graph_.inputs.push_back({info.name(), id});
    note_type(id, onnx_type);
    scope.values[info.name()] =
        is_half(dtype) ? cast(id, DType::F32, {info.name(), "Cast", -1}) : id;
  }

  void import_inputs(const onnx::GraphProto& proto, Scope& scope) {
    // First those whose shape the user gives: they bind symbols for the others.
    std::set<std::string> known;
    for (const auto& info : proto.input()) {
      known.insert(info.name());
      if (!options_.input_shapes.count(info.name())) continue;
      if (!collect({}, [&] { shapes_.bind(info); })) scope.poisoned.insert(info.name());
    }
    for (const auto& info : proto.input()) {
      if (scope.values.count(info.name()) || scope.poisoned.count(info.name())) continue;
      if (!collect({}, [&] { import_input(info, scope); })) scope.poisoned.insert(info.name());
    }
    for (const auto& [name, shape] : options_.input_shapes)
      check_known(known, name, "--input-shape");
    for (const auto& [name, value] : options_.input_values)
      check_known(known, name, "--input-value");
  }

  void check_known(const std::set<std::string>& known, const std::string& name,
                   std::string_view option) {
    if (known.count(name)) return;
    diags_.push_back({.code = "E2024",
                      .message = fmt::format("{} names '{}', which is no input", option, name),
                      .hint = fmt::format("the inputs are: {}", fmt::join(known, ", "))});
  }

  // Whether each result of a node is read by anything.
  static std::set<std::string> read_names(const onnx::GraphProto& proto) {
    std::set<std::string> names;
    for (const auto& node : proto.node()) {
      names.insert(node.input().begin(), node.input().end());
      for (const auto& attribute : node.attribute())
        if (attribute.has_g()) names.merge(read_names(attribute.g()));
    }
    for (const auto& output : proto.output()) names.insert(output.name());
    return names;
  }

  void import_nodes(const onnx::GraphProto& proto, const std::vector<int>& order, Scope& scope) {
    const std::set<std::string> reads = read_names(proto);
    for (const int i : order) {
      const onnx::NodeProto& node = proto.node(i);
      Origin origin{node.name().empty() && node.output_size() ? node.output(0) : node.name(),
                    node.op_type(), i};
      import_node(node, origin, reads, scope);
    }
  }

  void poison(const onnx::NodeProto& node, Scope& scope) {
    for (const std::string& name : node.output()) scope.poisoned.insert(name);
  }

  std::string where(const Origin& origin, const std::vector<ValueId>& in) {
    std::string types;
    for (const ValueId id : in)
      types += fmt::format("{}{}", types.empty() ? "" : ", ",
                           id ? to_string(graph_.type(id)) : "absent");
    return fmt::format("{}, opset {}, operands: {}", describe(origin), opsets_[""], types);
  }

  void import_node(const onnx::NodeProto& node, const Origin& origin,
                   const std::set<std::string>& reads, Scope& scope) {
    const std::string in_domain = domain(node.domain());
    const auto function = functions_.find({in_domain, node.op_type()});
    const bool is_if = in_domain.empty() && node.op_type() == "If";
    const Importer* importer = find_importer(in_domain, node.op_type());
    if (!importer && function == functions_.end() && !is_if) {
      diags_.push_back(
          {.code = "E2101",
           .message = fmt::format("operator {}{} is not supported",
                                  in_domain.empty() ? "" : in_domain + ".", node.op_type()),
           .where = describe(origin)});
      return poison(node, scope);
    }
    std::vector<ValueId> in;
    for (const std::string& name : node.input()) {
      if (scope.poisoned.count(name)) return poison(node, scope);
      in.push_back(name.empty() ? ValueId{} : find_value(name, describe(origin), scope));
      if (!name.empty() && !in.back()) return poison(node, scope);
    }
    const bool ok = collect(where(origin, in), [&] {
      if (is_if) {
        import_if(node, in, scope);
        return check_results(node, scope);
      }
      if (function != functions_.end()) {
        import_function(*function->second, node, in, scope);
        return check_results(node, scope);
      }
      std::vector<bool> wanted;
      for (const std::string& name : node.output())
        wanted.push_back(!name.empty() && reads.count(name) > 0);
      Node view(graph_, node, opsets_[in_domain], origin, in, wanted, four_bits_);
      importer->import(view);
      for (size_t i = 0; i < wanted.size(); ++i) {
        const ValueId id = view.results()[i];
        if (wanted[i] && !id)
          view.unsupported(fmt::format("result {} ('{}')", i, node.output(static_cast<int>(i))));
        if (id) bind(node.output(static_cast<int>(i)), id, scope);
      }
      if (node.op_type() == "Constant" && view.results()[0] && view.has_attr("value"))
        note_type(view.results()[0], node.attribute(0).t().data_type());
    });
    if (!ok) poison(node, scope);
  }

  // Inputs of branches have a name, but nothing gives them a value.
  ValueId find_value(const std::string& name, const std::string& where, const Scope& scope) {
    const auto it = scope.values.find(name);
    if (it != scope.values.end()) return it->second;
    diags_.push_back(
        {.code = "E2010", .message = fmt::format("'{}' has no value", name), .where = where});
    return {};
  }

  // A branch or a function may make fewer results than its node has.
  static void check_results(const onnx::NodeProto& node, const Scope& scope) {
    for (const std::string& name : node.output()) {
      if (name.empty() || scope.values.count(name) || scope.poisoned.count(name)) continue;
      fail({.code = "E2201",
            .message = fmt::format("{}: nothing makes the result '{}'", node.op_type(), name)});
    }
  }

  void bind(const std::string& name, ValueId id, Scope& scope) {
    Value& value = graph_[id];
    check_dims(value.type.shape, value.type.dtype, fmt::format("'{}'", name));
    if (!value.constant) value.name = name;
    scope.values[name] = id;
  }

  // A condition that is known selects a branch, which is imported in place of the node.
  void import_if(const onnx::NodeProto& node, const std::vector<ValueId>& in, Scope& scope) {
    const Tensor* condition = in.empty() ? nullptr : graph_.constant(in[0]);
    if (!condition || condition->elements() != 1) {
      fail({.code = "E2104",
            .message = "If: a condition that is only known at run time is not supported",
            .hint = "compute both branches and choose with Where"});
    }
    const std::string_view name = to_int64s(*condition)[0] ? "then_branch" : "else_branch";
    for (const auto& attribute : node.attribute()) {
      if (attribute.name() != name) continue;
      const onnx::GraphProto& body = attribute.g();
      const std::vector<int> order = execution_order(body, scope.names());
      Scope inner = scope;
      import_initializers(body, inner);
      import_nodes(body, order, inner);
      for (int i = 0; i < body.output_size() && i < node.output_size(); ++i)
        give_result(inner, body.output(i).name(), node.output(i), scope);
    }
  }

  void give_result(const Scope& inner, const std::string& from, const std::string& to,
                   Scope& scope) {
    if (to.empty()) return;
    const auto it = inner.values.find(from);
    if (it != inner.values.end()) bind(to, it->second, scope);
    if (inner.poisoned.count(from)) scope.poisoned.insert(to);
  }

  // A model-local function is imported in place of the node that calls it.
  void import_function(const onnx::FunctionProto& function, const onnx::NodeProto& call,
                       const std::vector<ValueId>& in, Scope& scope) {
    Scope inner;
    std::vector<bool> given(static_cast<size_t>(function.input_size()));
    for (size_t i = 0; i < given.size(); ++i) {
      given[i] = i < in.size() && in[i];
      if (given[i]) inner.values[function.input(static_cast<int>(i))] = in[i];
    }
    const onnx::GraphProto body = function_body(function, call, given);
    const std::map<std::string, int64_t> outer_opsets = opsets_;
    for (const auto& import : function.opset_import())
      opsets_[domain(import.domain())] = import.version();
    const std::string where = fmt::format("function {}", function.name());
    const bool ok = collect(where, [&] { import_nodes(body, execution_order(body, {}), inner); });
    opsets_ = outer_opsets;
    if (!ok) return poison(call, scope);
    for (int i = 0; i < function.output_size() && i < call.output_size(); ++i)
      give_result(inner, function.output(i), call.output(i), scope);
  }

  void import_outputs(const onnx::GraphProto& proto, Scope& scope) {
    for (const auto& info : proto.output()) {
      ValueId id = find_value(info.name(), {}, scope);
      if (!id) continue;
      if (info.type().has_tensor_type() && info.type().tensor_type().elem_type() != 0) {
        const DType declared = stored_dtype_from_onnx(info.type().tensor_type().elem_type(),
                                                      fmt::format("output '{}'", info.name()));
        const DType actual = graph_.type(id).dtype;
        if (is_half(declared) && actual == DType::F32)
          id = cast(id, declared, {info.name(), "Cast", -1});
        else if (declared != actual) {
          diags_.push_back(
              {.code = "E2025",
               .message = fmt::format("output '{}' is declared as {}, but is {}", info.name(),
                                      name_of(declared), name_of(actual))});
        }
      }
      graph_.outputs.push_back({info.name(), id});
    }
  }

  const onnx::ModelProto& model_;
  const std::filesystem::path& model_dir_;
  const ImportOptions& options_;
  Graph graph_;
  std::map<std::string, int64_t> opsets_;
  std::map<std::pair<std::string, std::string>, const onnx::FunctionProto*> functions_;
  InputShapes shapes_;
  std::set<ValueId> four_bits_;  // values of int4 and uint4
  std::vector<Diag> diags_;
};

}  // namespace

Graph import_onnx(const std::filesystem::path& path, const ImportOptions& options) {
  return with_context(fmt::format("importing {}", path.string()), [&] {
    const std::filesystem::path dir = path.has_parent_path() ? path.parent_path() : ".";
    return import_onnx_bytes(read_file(path), dir, options);
  });
}

Graph import_onnx_bytes(const std::string& bytes, const std::filesystem::path& model_dir,
                        const ImportOptions& options) {
  const onnx::ModelProto model = parse_model(bytes);
  return ModelImporter(model, model_dir, options).run();
}

}  // namespace motec

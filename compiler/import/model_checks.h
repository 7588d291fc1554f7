// Checks and order of an ONNX graph before its nodes are imported.
#pragma once
#include <string>
#include <vector>

namespace onnx {
class GraphProto;
class ModelProto;
class NodeProto;
}  // namespace onnx

namespace motec {

// Parses serialized bytes. Fails with E2001 (no protobuf), E2002 (no ONNX model), E2003 (version).
onnx::ModelProto parse_model(const std::string& bytes);

// Fails with E2013 for functions that call themselves, or whose calls stand for too many nodes.
void check_functions(const onnx::ModelProto& model);

// Node indices in an order in which every operand is made before it is used. Fails with E2010 for
// operands that nothing makes, E2011 for names made twice, E2012 for cycles. `outer` are names that
// stand in enclosing graphs.
std::vector<int> execution_order(const onnx::GraphProto& graph,
                                 const std::vector<std::string>& outer);

}  // namespace motec

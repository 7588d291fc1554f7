// Model-local functions, whose nodes are imported in place of the node that calls them.
#pragma once
#include <string>
#include <vector>

namespace onnx {
class FunctionProto;
class GraphProto;
class NodeProto;
}  // namespace onnx

namespace motec {

// The function as a graph for one call: attributes that refer to attributes of the function have
// the values of the call, and operands that the call leaves out (`given` is false) are absent for
// the nodes inside, too.
onnx::GraphProto function_body(const onnx::FunctionProto& function, const onnx::NodeProto& call,
                               const std::vector<bool>& given);

}  // namespace motec

// TensorProto to Tensor, in every encoding: raw bytes, typed fields, external files.
#pragma once
#include <filesystem>

#include "ir/tensor.h"

namespace onnx {
class SparseTensorProto;
class TensorProto;
}  // namespace onnx

namespace motec {

// `model_dir` is where external data may be read from, and nowhere above it; empty: nowhere at all.
// Fails with E23xx when the data do not fit the shape or the type is not supported.
Tensor read_tensor(const onnx::TensorProto& proto, const std::filesystem::path& model_dir);

// A sparse tensor, made dense.
Tensor read_sparse_tensor(const onnx::SparseTensorProto& proto,
                          const std::filesystem::path& model_dir);

// The element type of an ONNX number (TensorProto.DataType). Fails with E2301.
DType dtype_from_onnx(int onnx_type, const std::string& what);

// int4 and uint4: tensors of these are held as int8 and uint8, one value to a byte.
bool has_four_bits(int onnx_type);
// dtype_from_onnx, with the types that hold those of four bits.
DType stored_dtype_from_onnx(int onnx_type, const std::string& what);

// Product of dimensions, each of which must be at least 0. Fails with E2302 when it is negative or
// makes a tensor larger than 2 GiB.
void check_dims(const Shape& shape, DType dtype, const std::string& what);

// A serialized TensorProto in a file (.pb), as ONNX test sets hold them.
Tensor read_tensor_file(const std::filesystem::path& path);
// The same with its name, and the other way round.
std::string serialize_tensor(const Tensor& tensor, const std::string& name);

}  // namespace motec

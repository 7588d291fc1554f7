// NumPy's files: one array (.npy), or a zip archive of named arrays (.npz). Damaged files fail with
// E50xx, whatever they hold.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ir/tensor.h"

namespace motec {

// What stands before the elements.
struct NpyHead {
  Type type;
  bool is_fortran;  // elements in Fortran order, of which there are some
  int64_t offset;   // of the first element, in bytes
};

// The head of an array whose first bytes, or all, are `bytes`, in a file of `file_bytes`. Fails as
// parse_npy() does.
NpyHead parse_npy_head(std::string_view bytes, int64_t file_bytes, const std::string& what);

// The array in `bytes`, versions 1 to 3, little-endian, in C or Fortran order; `what` names it in
// messages. bfloat16 is what ml_dtypes writes: two raw bytes ("V2"). Fails with E5010 to E5013.
Tensor parse_npy(std::string_view bytes, const std::string& what);
Tensor read_npy(const std::filesystem::path& path);

// Version 1.0, C order.
std::string serialize_npy(const Tensor& tensor);

// Every array of an archive under its name without ".npy", in the order of the archive. Fails with
// E5014 when it is no zip archive or an entry cannot be unpacked.
std::vector<std::pair<std::string, Tensor>> read_npz(const std::filesystem::path& path);

}  // namespace motec

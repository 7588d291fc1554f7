// The integer instruction sets of the runtime as values: what the compiler needs to know of each to
// pack weights and to reserve scratch. The functions are the runtime's own, instantiated here.
#pragma once
#include "kernels/kernel.h"
#include "mote/depthwise_s8.h"
#include "mote/int4.h"

namespace motec {

struct IntegerIsa {
  std::string_view name;    // in mote::isa: "DspS8"
  std::string_view header;  // below mote/
  mote::pack::GemmLayout layout;
  mote::pack::GemmLayout gates;  // of recurrent layers
  int64_t params_align;          // biases and multipliers are filled up to a multiple of this
  // Bytes of scratch, for operands x of int8 or int16.
  int64_t (*pointwise_scratch)(const mote::GemmS8Shape&, DType x);
  int64_t (*dense_scratch)(int64_t k);  // x int8
  int64_t (*conv2d_scratch)(const mote::Conv2dS8Shape&, DType x);
  int64_t (*depthwise_scratch)(const mote::DepthwiseS8Shape&);
  // Output pixels in flight; 0: pixels are not made in their order.
  int32_t (*depthwise_pixels)(const mote::DepthwiseS8Shape&);
  int32_t pointwise_pixels;
  // Depthwise weights, from int8 [kernel_h * kernel_w][channels].
  int64_t (*depthwise_bytes)(int64_t channels, int32_t kernel_h, int32_t kernel_w);
  void (*pack_depthwise)(const int8_t*, int64_t channels, int32_t kernel_h, int32_t kernel_w,
                         int8_t*);
  // Weights of four bits (int4.h), of [channels][k], with factors [channels][groups].
  int64_t (*int4_bytes)(int64_t channels, int64_t k, int64_t groups);
  int64_t (*int4_scratch)(int64_t channels, int64_t k, int64_t patch_bytes);
  void (*pack_int4)(const int8_t*, const int8_t* factors, int64_t channels, int64_t k,
                    int64_t groups, int8_t*);
};

const IntegerIsa& integer_isa(const Kernel& kernel);

}  // namespace motec

#include "ops/registry.h"

#include "ops/arg_reduce.h"
#include "ops/binary.h"
#include "ops/cast.h"
#include "ops/concat.h"
#include "ops/conv2d.h"
#include "ops/conv_transpose.h"
#include "ops/cumsum.h"
#include "ops/dense.h"
#include "ops/gather.h"
#include "ops/lookup_s16.h"
#include "ops/matmul.h"
#include "ops/move.h"
#include "ops/normalize.h"
#include "ops/pad.h"
#include "ops/pool.h"
#include "ops/qbinary.h"
#include "ops/qconv2d.h"
#include "ops/qdense.h"
#include "ops/qmatmul.h"
#include "ops/qpool.h"
#include "ops/qrecurrent.h"
#include "ops/qsoftmax.h"
#include "ops/quantize.h"
#include "ops/recurrent.h"
#include "ops/reduce.h"
#include "ops/resample.h"
#include "ops/rescale.h"
#include "ops/reshape.h"
#include "ops/scatter.h"
#include "ops/select.h"
#include "ops/slide.h"
#include "ops/softmax.h"
#include "ops/topk.h"
#include "ops/unary.h"

namespace motec {

std::span<const OpDef* const> all_ops() {
  static const OpDef* const kOps[] = {
      &ops::arg_reduce,
      &ops::binary,
      &ops::cast,
      &ops::concat,
      &ops::conv2d,
      &ops::conv_transpose2d,
      &ops::cumsum,
      &ops::dense,
      &ops::dequantize,
      &ops::expand,
      &ops::flip_sign,
      &ops::gather,
      &ops::gather_elements,
      &ops::gather_nd,
      &ops::lookup,
      &ops::lookup_s16,
      &ops::matmul,
      &ops::normalize,
      &ops::pad,
      &ops::pool,
      &ops::qadd,
      &ops::qconv2d,
      &ops::qdense,
      &ops::qmatmul,
      &ops::qmul,
      &ops::qpool,
      &ops::qrecurrent,
      &ops::qsoftmax,
      &ops::quantize,
      &ops::recurrent,
      &ops::reduce,
      &ops::resample,
      &ops::rescale,
      &ops::reshape,
      &ops::scatter_elements,
      &ops::scatter_nd,
      &ops::select,
      &ops::slice,
      &ops::slide,
      &ops::softmax,
      &ops::topk,
      &ops::transpose,
      &ops::unary,
  };
  return kOps;
}

}  // namespace motec

// Every pass. Each returns whether it changed the graph; where a pass must run relative to others
// stands in pipeline.cpp.
#pragma once
#include "passes/pipeline.h"

namespace motec {

// Drops what does nothing (identities, Reshapes to the same shape, Transposes that move nothing,
// x * 1, x + 0) and merges neighbouring Reshapes and Transposes.
bool simplify(Graph& graph, PassCtx& ctx);

// Moves Transposes down through ops that can work on the untransposed operand, until they cancel.
bool sink_transposes(Graph& graph, PassCtx& ctx);

// Makes integer operators of float ones between Dequantize and Quantize.
bool quantize_islands(Graph& graph, PassCtx& ctx);

// Notes which operators of a quantized network stay float, and why.
bool note_float(Graph& graph, PassCtx& ctx);

// Folds multiplications and additions by constants into neighbouring Conv2D and Dense layers.
bool fold_affine(Graph& graph, PassCtx& ctx);

// Folds Pads of zeros into the convolution that follows.
bool fold_pads(Graph& graph, PassCtx& ctx);

// Recognizes activations spelled out in several ops: Silu, HardSwish, Mish, Gelu, Clip.
bool recognize_activations(Graph& graph, PassCtx& ctx);

// Moves an activation into the operator that makes its operand.
bool fuse_activations(Graph& graph, PassCtx& ctx);

// Computes what is computed twice once.
bool merge_common(Graph& graph, PassCtx& ctx);

// Drops ops whose results nothing reads.
bool drop_dead(Graph& graph, PassCtx& ctx);

// Removes constant and unread channels from integer layers, and notes how many in graph.pruned.
bool prune_channels(Graph& graph, PassCtx& ctx);

}  // namespace motec

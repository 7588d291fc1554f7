// The tables of importers, one per family.
#pragma once
#include <span>

#include "import/node.h"

namespace motec {

std::span<const Importer> axis_importers();
std::span<const Importer> conv_transpose_importers();
std::span<const Importer> einsum_importers();
std::span<const Importer> elementwise_importers();
std::span<const Importer> loss_importers();
std::span<const Importer> matrix_importers();
std::span<const Importer> normalize_importers();
std::span<const Importer> qlinear_importers();
std::span<const Importer> quantize_importers();
std::span<const Importer> recurrent_importers();
std::span<const Importer> reduce_importers();
std::span<const Importer> shape_importers();
std::span<const Importer> index_importers();
std::span<const Importer> known_importers();
std::span<const Importer> move_importers();
std::span<const Importer> resize_importers();

}  // namespace motec

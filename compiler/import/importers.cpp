#include "import/importers.h"

namespace motec {

const Importer* find_importer(std::string_view domain, std::string_view op_type) {
  const std::span<const Importer> tables[] = {
      axis_importers(),        conv_transpose_importers(), einsum_importers(),
      elementwise_importers(), loss_importers(),           matrix_importers(),
      normalize_importers(),   recurrent_importers(),      reduce_importers(),
      shape_importers(),       index_importers(),          known_importers(),
      move_importers(),        qlinear_importers(),        quantize_importers(),
      resize_importers(),
  };
  for (const std::span<const Importer> table : tables)
    for (const Importer& importer : table)
      if (importer.op_type == op_type && importer.domain == domain) return &importer;
  return nullptr;
}

}  // namespace motec

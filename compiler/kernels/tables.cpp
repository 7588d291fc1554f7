// The list of tables.
#include "kernels/rows.h"
#include "support/diag.h"

namespace motec {

std::span<const std::span<const Kernel>> kernel_tables() {
  static const std::span<const Kernel> kTables[] = {
      conv_rows(),
      conv_transpose_rows(),
      elementwise_rows(),
      move_rows(),
      recurrent_rows(),
      reduce_rows(),
      index_rows(),
      quantized_rows(),
      quantized_element_rows(),
      quantized_recurrent_rows(),
      winograd_rows(),
  };
  return kTables;
}

std::string serves_all(const Site&) { return {}; }

uint32_t same_shape_in_place(const Site& site) {
  uint32_t mask = 0;
  for (size_t i = 0; i < site.op.in.size(); ++i) {
    const bool same = site.has_in(i) && site.in(i).shape == site.out(0).shape &&
                      size_of(site.in(i).dtype) == size_of(site.out(0).dtype);
    if (same) mask |= 1u << i;
  }
  return mask;
}

uint32_t first_in_place(const Site&) { return 1u; }

double per_element(const Site& site, const Kernel&) {
  return static_cast<double>(site.out(0).elements());
}

}  // namespace motec

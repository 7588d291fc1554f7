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
  };
  return kTables;
}

std::string serves_all(const Site&) { return {}; }

double per_element(const Site& site, const Kernel&) {
  return static_cast<double>(site.out(0).elements());
}

}  // namespace motec

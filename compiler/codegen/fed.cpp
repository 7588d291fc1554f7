#include "codegen/fed.h"

#include "codegen/call_text.h"
#include "ir/tensor.h"

namespace motec {

TemplateData fed_region_data(const Program& program, const Region& region) {
  TemplateObject data = {{"c_type", std::string(c_type_of(region.driver().dtype))},
                         {"counters", address_of(program, region.counters)},
                         {"counter_bytes", std::to_string(counter_bytes(region))},
                         {"burst", std::to_string(region.pipeline.burst)},
                         {"row_elements", std::to_string(region.driver().row_elements)}};
  data["in_place"] = region.takes_rows_in_place();
  data["collects"] = !region.takes_rows_in_place();
  if (!region.takes_rows_in_place()) data["newest"] = address_of(program, region.driver().stage);
  return data;
}

}  // namespace motec

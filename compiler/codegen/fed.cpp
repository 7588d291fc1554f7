#include "codegen/fed.h"

#include "codegen/call_text.h"
#include "ir/tensor.h"

namespace motec {

TemplateData fed_region_data(const Program& program, const Region& region) {
  return TemplateObject{{"c_type", std::string(c_type_of(region.driver().dtype))},
                        {"counters", std::to_string(offset_of(program, region.counters))},
                        {"counter_bytes", std::to_string(counter_bytes(region))}};
}

}  // namespace motec

#include "driver/symbols.h"

#include <algorithm>
#include <regex>
#include <set>

#include "driver/process.h"
#include "support/diag.h"
#include "support/text.h"

namespace motec {
namespace {

constexpr std::string_view kMemory[] = {"memcpy", "memset", "memmove", "memcmp"};

// Of <math.h>, for double; the others end in f.
constexpr std::string_view kMath[] = {
    "acos",   "acosh", "asin",     "asinh",  "atan",      "atan2",  "atanh",
    "cbrt",   "ceil",  "copysign", "cos",    "cosh",      "erf",    "erfc",
    "exp",    "exp2",  "expm1",    "fabs",   "floor",     "fma",    "fmax",
    "fmin",   "fmod",  "ldexp",    "lgamma", "log",       "log10",  "log1p",
    "log2",   "lrint", "round",    "lround", "nearbyint", "pow",    "remainder",
    "rint",   "sin",   "sincos",   "sinh",   "sqrt",      "tan",    "tanh",
    "tgamma", "trunc", "scalbn",   "frexp",  "modf",      "llrint", "llround"};

// Helpers of libgcc and compiler-rt, and what compilers add by themselves.
const std::regex& helpers() {
  static const std::regex pattern(
      "__aeabi_.*|__gnu_(h2f|f2h)_.*|__riscv_(save|restore)_.*|_GLOBAL_OFFSET_TABLE_|"
      "__stack_chk_(fail|guard)|__(memcpy|memset|memmove)_chk|"
      "__[a-z]*(qi|hi|si|di|ti|hf|sf|df|tf|bf|xf)[a-z0-9]*");
  return pattern;
}

bool is_forbidden(const std::string& name) {
  return name.starts_with("__cxa") || name.starts_with("_ZTI") || name.starts_with("_ZTV") ||
         name.starts_with("_ZTS") || name.starts_with("_Znw") || name.starts_with("_Zna") ||
         name.starts_with("_Zdl") || name.starts_with("_Zda") || name.starts_with("_GLOBAL__sub_I");
}

std::string tool_output(Argv argv, const std::filesystem::path& dir,
                        const std::vector<std::string>& objects) {
  argv.insert(argv.end(), objects.begin(), objects.end());
  const ProcessResult result = run_process(argv, {.directory = dir});
  if (!result.ok()) {
    fail({.code = "E5206",
          .message = fmt::format("{} failed", command_text(argv)),
          .why = {trim(result.err)}});
  }
  return result.out;
}

}  // namespace

std::string binutil(Family family, std::string_view tool) {
  switch (family) {
    case Family::ArmNone:
      return fmt::format("arm-none-eabi-{}", tool);
    case Family::RiscvGcc:
    case Family::RiscvClang:
      return fmt::format("riscv64-unknown-elf-{}", tool);
    case Family::Aarch64Linux:
      return fmt::format("aarch64-linux-gnu-{}", tool);
    case Family::ArmLinux:
      return fmt::format("arm-linux-gnueabihf-{}", tool);
    case Family::Host:
      break;
  }
  return std::string(tool);
}

bool is_allowed_symbol(const std::string& name) {
  if (std::find(std::begin(kMemory), std::end(kMemory), name) != std::end(kMemory)) return true;
  const std::string base =
      name.ends_with('f') && name != "erf" ? name.substr(0, name.size() - 1) : name;
  if (std::find(std::begin(kMath), std::end(kMath), base) != std::end(kMath)) return true;
  return std::regex_match(name, helpers());
}

void check_symbols(Family family, const std::filesystem::path& dir,
                   const std::vector<std::string>& objects) {
  std::set<std::string> defined, undefined, faults;
  // Lines of POSIX: name, type, value, size.
  for (const std::string& line :
       split(tool_output({binutil(family, "nm"), "-P"}, dir, objects), '\n')) {
    const std::vector<std::string> fields = split(line, ' ');
    if (fields.size() < 2 || fields[1].size() != 1) continue;  // a file's name
    if (is_forbidden(fields[0])) faults.insert(fmt::format("symbol {}", fields[0]));
    const bool is_undefined = fields[1] == "U" || fields[1] == "w" || fields[1] == "v";
    (is_undefined ? undefined : defined).insert(fields[0]);
  }
  for (const std::string& name : undefined)
    if (!defined.count(name) && !is_allowed_symbol(name))
      faults.insert(fmt::format("undefined symbol {}", name));
  for (const std::string& line :
       split(tool_output({binutil(family, "objdump"), "-h"}, dir, objects), '\n')) {
    for (const std::string_view section :
         {".init_array", ".ctors", ".fini_array", ".tbss", ".tdata"})
      if (line.find(fmt::format(" {}", section)) != line.npos)
        faults.insert(fmt::format("section {}", section));
  }
  if (faults.empty()) return;
  fail({.code = "E5205",
        .message = "the emitted code needs more than a freestanding program may have",
        .why = {faults.begin(), faults.end()},
        .hint = "--no-check-symbols turns this check off; --cflags may be the cause"});
}

}  // namespace motec

// Every diagnostic that the compiler can raise is raised by some test.
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "support/files.h"

namespace motec {
namespace {

namespace fs = std::filesystem;

std::map<std::string, std::string> codes_below(const fs::path& dir, const std::regex& pattern) {
  std::map<std::string, std::string> places;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(dir)) {
    const fs::path ending = entry.path().extension();
    if (!entry.is_regular_file() || (ending != ".cpp" && ending != ".txt")) continue;
    const std::string text = read_file(entry.path());
    for (auto it = std::sregex_iterator(text.begin(), text.end(), pattern);
         it != std::sregex_iterator(); ++it)
      places.try_emplace((*it)[1], entry.path().string());
  }
  return places;
}

TEST_CASE("every diagnostic has a test") {
  const auto raised = codes_below(MOTE_SOURCE_DIR "/compiler", std::regex("\"(E[0-9]{4})\""));
  const auto tested = codes_below(MOTE_TESTS_DIR, std::regex("\\b(E[0-9]{4})\\b"));
  CHECK(raised.size() > 50);
  for (const auto& [code, place] : raised) {
    INFO(code << " of " << place << " has no test");
    CHECK(tested.count(code) == 1);
  }
  for (const auto& [code, place] :
       codes_below(MOTE_TESTS_DIR "/errors/expected", std::regex("error\\[(E[0-9]{4})\\]"))) {
    INFO(code << " in " << place << " is raised by nothing");
    CHECK(raised.count(code) == 1);
  }
}

TEST_CASE("every expected text is compared with something") {
  for (const fs::path folder : {"errors", "passes"}) {
    std::string sources;
    for (const fs::directory_entry& entry : fs::directory_iterator(MOTE_TESTS_DIR / folder))
      if (entry.path().extension() == ".cpp") sources += read_file(entry.path());
    for (const fs::directory_entry& entry :
         fs::directory_iterator(MOTE_TESTS_DIR / folder / "expected")) {
      INFO(entry.path().string() << " is left over");
      CHECK(sources.find('"' + entry.path().stem().string() + '"') != sources.npos);
    }
  }
}

}  // namespace
}  // namespace motec

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "ops/binary.h"
#include "plan/plan.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/json.h"
#include "report/text.h"

namespace motec {
namespace {

// y = x + x, then y + x, with names that are trouble.
Program small_program() {
  Graph graph;
  const ValueId x = graph.add_value("x", {.shape = {1, 6}});
  const Origin origin{"<add> & \"more\"", "Add", 0};
  const ValueId sum = append1(graph, ops::binary, BinaryAttrs{}, {x, x}, origin);
  const ValueId y = append1(graph, ops::binary, BinaryAttrs{}, {sum, x}, {"second", "Add", 1});
  graph.inputs = {{"in<put>", x}};
  graph.outputs = {{"out", y}};
  return plan(std::move(graph), find_target("generic"), {.name = "small"});
}

const ReportContext kContext{"small.onnx", "balanced", {"small.h", "small.cpp"}};

TEST_CASE("the JSON report has its keys") {
  const Program program = small_program();
  const std::string text = report_json(program, kContext);
  CHECK(text == report_json(small_program(), kContext));
  const auto json = nlohmann::json::parse(text);
  CHECK(json["model"] == "small.onnx");
  CHECK(json["name"] == "small");
  CHECK(json["target"] == "generic");
  CHECK(json["files"].size() == 2);
  CHECK(json["inputs"][0]["name"] == "in<put>");
  CHECK(json["inputs"][0]["c_name"] == "in_put");
  CHECK(json["inputs"][0]["shape"] == nlohmann::json({1, 6}));
  CHECK(json["inputs"][0]["dtype"] == "float32");
  CHECK(json["inputs"][0]["elements"] == 6);
  CHECK(json["inputs"][0]["scale"].is_null());
  CHECK(json["outputs"][0]["arena_offset"].is_number());
  CHECK(json["memory"]["arena_bytes"] == program.arena_bytes);
  CHECK(json["memory"]["arena_lower_bound"] == program.arena_lower_bound);
  CHECK(json["memory"]["state_bytes"] == 0);
  CHECK(json["memory"]["weights_bytes"] == 0);
  CHECK(json["memory"]["buffers"].size() == program.buffers.size());
  CHECK(json["totals"]["est_cycles"].is_null());
  CHECK(json["totals"].contains("macs"));
  CHECK(json["totals"].contains("parameters"));
  CHECK(json["pruned"]["channels"] == 0);
  CHECK(json["pruned"]["macs"] == 0);
  CHECK(json["pruned"]["weights_bytes"] == 0);
  REQUIRE(json["layers"].size() == 2);
  const auto& layer = json["layers"][0];
  CHECK(layer["onnx_nodes"][0] == "<add> & \"more\"");
  CHECK(layer["kernel"] == "binary");
  CHECK(layer["buffers"][0]["bytes"] == 24);
  CHECK(layer["est_cycles"].is_null());
  CHECK(layer["candidates"][0]["refused"].is_null());
}

TEST_CASE("the page escapes names and refers to nothing outside") {
  const std::string html = report_html(small_program(), kContext);
  CHECK(html == report_html(small_program(), kContext));
  CHECK(html.find("&lt;add&gt; &amp; &quot;more&quot;") != std::string::npos);
  CHECK(html.find("<add>") == std::string::npos);
  CHECK(html.find("in&lt;put&gt;") != std::string::npos);
  CHECK(html.find("<svg") != std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
  CHECK(html.find("http") == std::string::npos);
  CHECK(html.find("{{") == std::string::npos);
}

TEST_CASE("the summary for people") {
  const std::string text = summary(small_program(), {}, true);
  CHECK(text.find("small for generic") != std::string::npos);
  CHECK(text.find("in_put float32[1,6]") != std::string::npos);
  CHECK(text.find("second") != std::string::npos);
  CHECK(text.find('\033') == std::string::npos);
  CHECK(text.find("pruned") == std::string::npos);
  Program program = small_program();
  program.graph.pruned = {2, 3000, 40};
  CHECK(
      summary(program, {}, true).find("  pruned   2 channels: 3 000 MACs, 40 bytes of weights\n") !=
      std::string::npos);
}

TEST_CASE("tables align numbers to the right") {
  TextTable table({"name", "count"});
  table.add({"a\n", "1 000"});
  table.add({"long", "7"});
  CHECK(table.text() == "  name  count\n  a?    1 000\n  long      7\n");
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1 000");
  CHECK(grouped(-1234567) == "-1 234 567");
}

}  // namespace
}  // namespace motec

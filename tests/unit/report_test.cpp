#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "ops/binary.h"
#include "passes/stream_time.h"
#include "plan/plan.h"
#include "report/facts.h"
#include "report/html.h"
#include "report/json.h"
#include "report/memory_map.h"
#include "report/text.h"
#include "support/graph_builder.h"

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

std::vector<ModelReport> one(const Program& program) { return {{&program, kContext}}; }

TEST_CASE("reports tell of an input that is handed over in rows") {
  Graph graph;
  const ValueId x = graph.add_value("x", {.shape = {1, 4, 3, 2}});
  graph.inputs = {{"x", x}};
  graph.outputs = {{"y", append1(graph, ops::binary, BinaryAttrs{}, {x, x}, {"sum", "Add", 0})}};
  const Program program =
      plan(std::move(graph), find_target("generic"), {.name = "fed", .stream_input = "x"});
  const auto json = nlohmann::json::parse(report_json(one(program)));
  CHECK(json["inputs"][0]["arena_offset"].is_null());
  CHECK(json["stream_input"] ==
        nlohmann::json(
            {{"name", "x"}, {"c_name", "x"}, {"rows", 4}, {"row_elements", 6}, {"row_bytes", 24}}));
  CHECK(summary(program, {}, true).find("in 4 rows of 6 elements") != std::string::npos);
  CHECK(report_html(one(program)).find("in 4 rows of 6 elements") != std::string::npos);
  CHECK(nlohmann::json::parse(report_json(one(small_program())))["stream_input"].is_null());
}

TEST_CASE("a network that slides along a stream tells by how much") {
  test::GraphBuilder b;
  const ValueId x = b.input("x", {1, 20, 1, 4}), w = b.random({4, 6, 1, 4});
  b.output("y", b.op(ops::conv2d, Conv2dAttrs{.stride = {2, 1}}, {x, w, b.random({4})}));
  stream_time(b.graph(), {.input = "x"});
  const Program program = plan(std::move(b.graph()), find_target("generic"), {.name = "slides"});
  CHECK(program.state_bytes == 6 * 4 * 4);
  const auto json = nlohmann::json::parse(report_json(one(program)));
  CHECK(json["stream_time"] ==
        nlohmann::json(
            {{"name", "x"}, {"axis", 1}, {"frames", 2}, {"window", 20}, {"first_call", 10}}));
  CHECK(json["totals"]["macs"] == 6 * 4 * 4);
  CHECK(summary(program, {}, true).find("2 new of 20 frames in each call") != std::string::npos);
  CHECK(nlohmann::json::parse(report_json(one(small_program())))["stream_time"].is_null());
}

// Rows of two convolutions flow through a ring; the layer behind takes all of them at once.
TEST_CASE("reports tell of plans that were not taken, and where rows stop") {
  test::GraphBuilder b;
  ValueId y = b.input("x", {1, 16, 16, 4});
  for (const int64_t outputs : {16, 4}) y = b.conv(y, outputs, 3);
  const int64_t elements = element_count(b.shape(y));
  b.output("y", b.dense(b.reshape(y, {1, elements}), 3));
  const auto plan_for = [&](Goal goal, std::optional<int64_t> limit) {
    return plan(b.graph(), find_target("cortex-m4"),
                {.name = "two", .goal = goal, .arena_limit = limit});
  };
  const auto refusals = [](const Program& program) {
    std::string text;
    int taken = 0;
    for (const Candidate& candidate : program.candidates) {
      taken += candidate.refused.empty();
      if (candidate.refused.empty()) CHECK(candidate.arena_bytes == program.arena_bytes);
      text += candidate.refused + "\n";
    }
    CHECK(taken == 1);
    return text;
  };
  const Program fast = plan_for(Goal::Speed, {}), small = plan_for(Goal::LeastRam, {});
  REQUIRE(small.arena_bytes < fast.arena_bytes);
  REQUIRE(fast.regions.empty());
  CHECK(refusals(fast).find("% slower than the fastest; 0 % are allowed") != std::string::npos);
  CHECK(refusals(small).find(" bytes more, to be ") != std::string::npos);
  const Program limited = plan_for(Goal::Speed, small.arena_bytes);
  CHECK(refusals(limited).find(" bytes over the limit") != std::string::npos);
  REQUIRE(small.row_stops.size() == 1);
  CHECK(small.row_stops[0].step == 2);

  const auto json = nlohmann::json::parse(report_json(one(small)));
  REQUIRE(json["plans"].size() == small.candidates.size());
  CHECK(json["rows_stop_before"] ==
        nlohmann::json::array(
            {{{"layer", small.steps[2].name}, {"why", "it does not work row by row"}}}));
  const std::string text = summary(small, {}, true);
  CHECK(text.find(" row by row") != std::string::npos);
  CHECK(text.find("layer by layer") != std::string::npos);
  CHECK(text.find("rows stop before") != std::string::npos);
  CHECK(report_html(one(small)).find("Rows stop before") != std::string::npos);
}

TEST_CASE("the JSON report has its keys") {
  const Program program = small_program();
  const std::string text = report_json(one(program));
  CHECK(text == report_json(one(small_program())));
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
  const std::string html = report_html(one(small_program()));
  CHECK(html == report_html(one(small_program())));
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

TEST_CASE("reports of several models") {
  const Program first = small_program();
  Program second = small_program();
  second.name = "other";
  second.arena_bytes = 1008;
  second.state_bytes = 32;
  const std::vector<ModelReport> models = {{&first, kContext}, {&second, kContext}};
  const auto json = nlohmann::json::parse(report_json(models));
  CHECK(json["memory"]["arena_bytes"] == 1008);
  CHECK(json["memory"]["state_bytes"] == 32);
  CHECK(json["memory"]["weights_bytes"] == 0);
  REQUIRE(json["models"].size() == 2);
  CHECK(json["models"][0] == nlohmann::json::parse(report_json(one(first))));
  const std::string html = report_html(models);
  CHECK(html.find("<b>1 008 bytes</b> serves all 2 models") != std::string::npos);
  CHECK(html.find("<section id=\"other\">") != std::string::npos);
  CHECK(html.find("{{") == std::string::npos);
}

// Four buffers: x, two that overlap in part, scratch that stands above them.
Program mapped_program() {
  Program program = small_program();
  program.steps.resize(2, program.steps[0]);
  program.arena_bytes = 120;
  program.arena_lower_bound = 110;
  program.buffers = {{.name = "x", .bytes = 50, .first = 0, .last = 0, .offset = 30},
                     {.name = "<y>", .bytes = 60, .first = 0, .last = 1, .offset = 0},
                     {.name = "z", .bytes = 20, .first = 1, .last = 2, .offset = 100}};
  return program;
}

TEST_CASE("bytes in use count what overlaps once") {
  CHECK(used_bytes(mapped_program(), 0) == std::vector<int64_t>{80, 80});
}

TEST_CASE("the map in characters") {
  CHECK(memory_map_text(mapped_program()) ==
        "  memory   a column is a layer, a row 10 bytes\n"
        "        110 .c\n        100 .c\n         90 ..\n         80 ..\n         70 a.\n"
        "         60 a.\n         50 bb\n         40 bb\n         30 bb\n         20 bb\n"
        "         10 bb\n          0 bb\n"
        "            b 60 bytes at 0: <y>\n"
        "            a 50 bytes at 30: x\n"
        "            c 20 bytes at 100: z\n");
  Program empty = mapped_program();
  empty.arena_bytes = 0;
  CHECK(memory_map_text(empty).empty());
}

TEST_CASE("each memory has a map") {
  Program program = mapped_program();
  program.memories = {{.name = "dtcm", .limit_bytes = 64, .bytes = 60, .lower_bound = 60},
                      {.name = "sram", .limit_bytes = 512, .bytes = 80, .lower_bound = 80}};
  program.buffers[0].memory = 1;
  CHECK(used_bytes(program, 0) == std::vector<int64_t>{60, 80});
  CHECK(used_bytes(program, 1) == std::vector<int64_t>{50, 0});
  const std::string html = report_html(one(program));
  CHECK(html.find(">peak 60 of 64 bytes, which is the lower bound</text>") != std::string::npos);
  CHECK(html.find("<h2>Memory: sram</h2>") != std::string::npos);
  const std::string text = summary(program, {}, true);
  CHECK(text.find("  dtcm     60 bytes of 64 (lower bound 60)\n") != std::string::npos);
  CHECK(text.find("  sram     a column is a layer, a row 7 bytes\n") != std::string::npos);
  const auto json = nlohmann::json::parse(report_json(one(program)));
  CHECK(json["memory"]["memories"][1]["name"] == "sram");
  CHECK(json["memory"]["memories"][0]["limit_bytes"] == 64);
  CHECK(json["memory"]["buffers"][0]["memory"] == "sram");
  CHECK(json["memory"]["buffers"][0].contains("accessed_bytes"));
  CHECK(json["inputs"][0]["memory"] == "sram");
}

TEST_CASE("the map as a picture") {
  const std::string html = report_html(one(mapped_program()));
  // x is an input; a title per box, the bytes in use per layer, peak and bound.
  CHECK(html.find("<rect class=\"box input\"") != std::string::npos);
  CHECK(html.find("<title>&lt;y&gt;&#10;60 bytes at 0 to 60&#10;layers 0 to 1 (") !=
        std::string::npos);
  CHECK(html.find(": 80 bytes in use</title>") != std::string::npos);
  CHECK(html.find(">peak 120 bytes</text>") != std::string::npos);
  CHECK(html.find(">lower bound 110 bytes</text>") != std::string::npos);
  CHECK(html.find("<text class=\"label name\"") != std::string::npos);
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

#include "report/memory_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/facts.h"

namespace motec {
namespace {

constexpr double kLeft = 76, kTop = 34, kHeight = 380, kRight = 16;
constexpr double kLoadGap = 22, kLoadHeight = 54;  // The bars of what is in use, below the map.
constexpr double kLetter = 6.3;                    // Width of a letter of 11 pixels, about.

std::string pixels(double value) { return fmt::format("{:.1f}", value); }

// At most `letters` of a name, with an ellipsis where it goes on.
std::string shortened(const std::string& name, int letters) {
  size_t end = 0;  // after letters - 1 characters of UTF-8
  int count = 0;
  for (size_t i = 0; i < name.size(); ++i) {
    if ((name[i] & 0xC0) == 0x80) continue;
    if (++count == letters) end = i;
  }
  return count <= letters ? name : name.substr(0, end) + "…";
}

// The distance of marks on the axis of addresses: a power of two, so that there are 4 to 8.
int64_t mark_distance(int64_t bytes) {
  int64_t distance = 1;
  while (bytes / distance > 8) distance *= 2;
  return distance;
}

class Map {
 public:
  Map(const Program& program, size_t memory)
      : program_(program),
        index_(memory),
        memory_(memories_of(program)[memory]),
        steps_(std::max<int64_t>(std::ssize(program.steps), 1)),
        bytes_(std::max<int64_t>(memory_.bytes, 1)),
        column_(std::clamp(1000.0 / static_cast<double>(steps_), 16.0, 120.0)),
        roles_(roles_of(program)),
        used_(used_bytes(program, memory)) {}

  TemplateData data() const {
    // Names hang down to the right, at 60 degrees.
    const double names = load_bottom() + 12;
    double right_end = right() + kRight, bottom_end = names;
    for (size_t t = 0; t < program_.steps.size(); ++t) {
      const double length = kLetter * static_cast<double>(std::min<size_t>(
                                          program_.steps[t].name.size(), kNameLetters));
      right_end = std::max(right_end, x(static_cast<int64_t>(t)) + column_ / 2 + length / 2);
      bottom_end = std::max(bottom_end, names + length * 0.87);
    }
    TemplateObject data = {
        {"heading", program_.memories.empty() ? "Memory" : "Memory: " + memory_.name},
        {"width", pixels(right_end)},
        {"height", pixels(bottom_end + 12)},
        {"left", pixels(kLeft)},
        {"right", pixels(right())},
        {"top", pixels(kTop)},
        {"bottom", pixels(bottom())},
        {"plot_width", pixels(right() - kLeft)},
        {"plot_height", pixels(kHeight)},
        {"load_bottom", pixels(load_bottom())}};
    data["marks"] = marks();
    data["columns"] = columns(names);
    data["boxes"] = boxes();
    data["lines"] = lines();
    return data;
  }

 private:
  static constexpr int kNameLetters = 24;

  double x(int64_t step) const {
    return kLeft + column_ * static_cast<double>(std::clamp<int64_t>(step, 0, steps_));
  }
  double y(int64_t address) const {
    return kTop + kHeight * (1 - static_cast<double>(address) / static_cast<double>(bytes_));
  }
  double right() const { return x(steps_); }
  double bottom() const { return kTop + kHeight; }
  double load_bottom() const { return bottom() + kLoadGap + kLoadHeight; }

  TemplateList marks() const {
    TemplateList list;
    for (int64_t at = 0; at <= memory_.bytes; at += mark_distance(memory_.bytes))
      list.push_back(TemplateObject{{"y", pixels(y(at))},
                                    {"text_x", pixels(kLeft - 8)},
                                    {"text_y", pixels(y(at) + 4)},
                                    {"label", grouped(at)}});
    return list;
  }

  // One per layer: its name, what is in use while it runs, and whether that is the most.
  TemplateList columns(double names) const {
    TemplateList list;
    const int64_t most = used_.empty() ? 0 : *std::max_element(used_.begin(), used_.end());
    for (size_t t = 0; t < used_.size(); ++t) {
      const auto step = static_cast<int64_t>(t);
      const double height =
          kLoadHeight * static_cast<double>(used_[t]) / static_cast<double>(bytes_);
      const double middle = x(step) + column_ / 2;
      TemplateObject column = {
          {"x", pixels(x(step))},
          {"w", pixels(column_)},
          {"bar_x", pixels(x(step) + 1)},
          {"bar_w", pixels(column_ - 2)},
          {"bar_y", pixels(load_bottom() - height)},
          {"bar_h", pixels(height)},
          {"name_x", pixels(middle - 3)},
          {"name_y", pixels(names)},
          {"name", escaped(shortened(program_.steps[t].name, kNameLetters))},
          {"title", escaped(fmt::format("layer {}, {}: {} bytes in use", t, program_.steps[t].name,
                                        grouped(used_[t])))}};
      column["is_peak"] = used_[t] == most && most > 0;
      list.push_back(column);
    }
    return list;
  }

  std::string title(const Buffer& buffer) const {
    const auto name = [&](int32_t step) {
      return step < std::ssize(program_.steps) ? program_.steps[static_cast<size_t>(step)].name
                                               : std::string("the end");
    };
    return fmt::format("{}\n{} bytes at {} to {}\nlayers {} to {} ({} to {})", buffer.name,
                       grouped(buffer.bytes), grouped(buffer.offset),
                       grouped(buffer.offset + buffer.bytes), buffer.first, buffer.last,
                       name(buffer.first), name(buffer.last));
  }

  TemplateList boxes() const {
    TemplateList list;
    int hue = 0;
    for (size_t i = 0; i < program_.buffers.size(); ++i) {
      const Buffer& buffer = program_.buffers[i];
      if (buffer.bytes == 0 || buffer.memory != index_) continue;
      std::string fill(name_of(roles_[i]));
      if (roles_[i] == Role::Tensor) fill += fmt::format(" hue{}", hue++ % 6);
      const double left = x(buffer.first) + 0.5;
      const double width = std::max(x(int64_t{buffer.last} + 1) - left - 0.5, 2.0);
      const double top = y(buffer.offset + buffer.bytes);
      const double height = std::max(y(buffer.offset) - top, 1.0);
      TemplateObject box = {{"x", pixels(left)},  {"y", pixels(top)},
                            {"w", pixels(width)}, {"h", pixels(height)},
                            {"class", fill},      {"title", escaped(title(buffer))}};
      box["labels"] = labels(buffer, left, top, width, height);
      list.push_back(box);
    }
    return list;
  }

  // The name, and the size below it, where they fit; upright in boxes that are high and narrow.
  static TemplateList labels(const Buffer& buffer, double left, double top, double width,
                             double height) {
    const bool upright = width < 5 * kLetter && height > 2 * width;
    const double along = upright ? height : width, across = upright ? width : height;
    const int letters = static_cast<int>((along - 8) / kLetter);
    if (letters < 3 || across < 13) return {};
    const std::string size = grouped(buffer.bytes);
    const bool has_size = across >= 28 && std::ssize(size) <= letters;
    const double x = left + width / 2, y = top + height / 2;
    const auto label = [&](const std::string& text, std::string_view part, double shift) {
      return TemplateObject{{"text", escaped(text)},
                            {"part", std::string(part)},
                            {"x", pixels(upright ? x + shift + 4 : x)},
                            {"y", pixels(upright ? y : y + shift + 4)},
                            {"turn", upright ? fmt::format(" transform=\"rotate(-90 {} {})\"",
                                                           pixels(x + shift + 4), pixels(y))
                                             : ""}};
    };
    TemplateList list;
    list.push_back(label(shortened(buffer.name, letters), "name", has_size ? -7 : 0));
    if (has_size) list.push_back(label(size, "size", 7));
    return list;
  }

  TemplateList lines() const {
    TemplateList list;
    const auto line = [&](int64_t bytes, std::string label, std::string_view kind, bool at_right,
                          double shift) {
      list.push_back(TemplateObject{{"y", pixels(y(bytes))},
                                    {"kind", std::string(kind)},
                                    {"text_x", pixels(at_right ? right() : kLeft)},
                                    {"text_y", pixels(y(bytes) + shift)},
                                    {"anchor", at_right ? "end" : "start"},
                                    {"label", std::move(label)}});
    };
    const int64_t peak = memory_.bytes, bound = memory_.lower_bound;
    const std::string of =
        program_.memories.empty() ? "" : fmt::format(" of {}", grouped(memory_.limit_bytes));
    if (peak == bound) {
      line(peak, fmt::format("peak {}{} bytes, which is the lower bound", grouped(peak), of),
           "peak", false, -8);
      return list;
    }
    line(peak, fmt::format("peak {}{} bytes", grouped(peak), of), "peak", false, -8);
    line(bound, fmt::format("lower bound {} bytes", grouped(bound)), "bound", true, -8);
    return list;
  }

  const Program& program_;
  size_t index_;
  Memory memory_;
  int64_t steps_, bytes_;
  double column_;
  std::vector<Role> roles_;
  std::vector<int64_t> used_;
};

// Which buffer is at an address while a step runs; the latest of those that overlap. -1: none.
int buffer_at(const Program& program, size_t memory, int64_t address, int32_t step) {
  int found = -1;
  for (size_t i = 0; i < program.buffers.size(); ++i) {
    const Buffer& buffer = program.buffers[i];
    if (buffer.memory == memory && buffer.first <= step && step <= buffer.last &&
        buffer.offset <= address && address < buffer.offset + buffer.bytes)
      found = static_cast<int>(i);
  }
  return found;
}

// The buffers of a memory, the largest first.
std::vector<size_t> by_size(const Program& program, size_t memory) {
  std::vector<size_t> order;
  for (size_t i = 0; i < program.buffers.size(); ++i)
    if (program.buffers[i].memory == memory) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return program.buffers[a].bytes > program.buffers[b].bytes;
  });
  return order;
}

// The largest buffers get letters in the order of time; the others are '+'.
std::string letters_of(const Program& program, const std::vector<size_t>& order) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::vector<size_t> named(order.begin(),
                            order.begin() + std::min(std::ssize(order), std::ssize(kLetters)));
  std::sort(named.begin(), named.end());
  std::string letters(program.buffers.size(), '+');
  for (size_t i = 0; i < named.size(); ++i) letters[named[i]] = kLetters[i];
  return letters;
}

std::string map_text(const Program& program, size_t index, const Memory& memory) {
  constexpr int64_t kRows = 12, kColumns = 72;
  constexpr size_t kNamed = 8;
  const auto steps = static_cast<int64_t>(std::ssize(program.steps));
  if (memory.bytes == 0 || steps == 0) return {};
  const int64_t columns = std::min(steps, kColumns);
  std::vector<size_t> order = by_size(program, index);
  const std::string letters = letters_of(program, order);
  std::string text = fmt::format(
      "  {:<8} a column is {}, a row {} bytes\n", program.memories.empty() ? "memory" : memory.name,
      columns == steps
          ? "a layer"
          : fmt::format("{:.1f} layers", static_cast<double>(steps) / static_cast<double>(columns)),
      grouped((memory.bytes + kRows - 1) / kRows));
  for (int64_t row = kRows - 1; row >= 0; --row) {
    const int64_t address = memory.bytes * (2 * row + 1) / (2 * kRows);
    std::string line;
    for (int64_t c = 0; c < columns; ++c) {
      const int buffer =
          buffer_at(program, index, address, static_cast<int32_t>(c * steps / columns));
      line += buffer < 0 ? '.' : letters[static_cast<size_t>(buffer)];
    }
    text += fmt::format("  {:>9} {}\n", grouped(memory.bytes * row / kRows), line);
  }
  if (order.size() > kNamed) order.resize(kNamed);
  for (const size_t i : order) {
    const Buffer& buffer = program.buffers[i];
    text += fmt::format("            {} {} bytes at {}: {}\n", letters[i], grouped(buffer.bytes),
                        grouped(buffer.offset), printable(buffer.name));
  }
  return text;
}

}  // namespace

TemplateData memory_map_data(const Program& program, size_t memory) {
  return Map(program, memory).data();
}

std::string memory_map_text(const Program& program) {
  const std::vector<Memory> memories = memories_of(program);
  std::string text;
  for (size_t m = 0; m < memories.size(); ++m) text += map_text(program, m, memories[m]);
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace motec

// The memory of a program that is played through: each byte is not its value but whose it is.
#pragma once
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "plan/program.h"
#include "plan/values.h"
#include "support/diag.h"

namespace motec {

// Byte k of a thing whose name is n has the tag n + k; 0 is what nobody has written.
class Shadow {
 public:
  explicit Shadow(int64_t bytes) : tags_(static_cast<size_t>(bytes), 0) {}

  bool contains(int64_t offset, int64_t bytes) const {
    return offset >= 0 && bytes >= 0 && offset + bytes <= static_cast<int64_t>(tags_.size());
  }
  void write(int64_t offset, int64_t bytes, uint32_t tag) {
    for (uint32_t* at = tags_.data() + offset; bytes > 0; --bytes) *at++ = tag++;
  }
  bool holds(int64_t offset, int64_t bytes, uint32_t tag) const {
    uint32_t wrong = 0;
    for (const uint32_t* at = tags_.data() + offset; bytes > 0; --bytes) wrong |= *at++ ^ tag++;
    return wrong == 0;
  }

 private:
  std::vector<uint32_t> tags_;
};

// Bytes of something, and where they stand now.
struct Stretch {
  Place place;
  int64_t offset = 0;  // from the place
  int64_t bytes = 0;
  uint32_t tag = 0;  // of the first
};

class ShadowMemory {
 public:
  explicit ShadowMemory(const Program& program) : program_(program), state_(program.state_bytes) {
    for (const Memory& memory : memories_of(program)) arena_.emplace_back(memory.bytes);
  }

  int64_t address(const Stretch& s) const {
    const bool state = s.place.kind == Place::Kind::State;
    return s.offset + (state ? s.place.offset : program_.buffers[s.place.buffer].offset);
  }
  // Whether both have bytes in the same memory, some of which are the same.
  bool meet(const Stretch& a, const Stretch& b) const {
    return &of(a) == &of(b) && address(a) < address(b) + b.bytes &&
           address(b) < address(a) + a.bytes;
  }
  bool same(const Stretch& a, const Stretch& b) const {
    return &of(a) == &of(b) && address(a) == address(b) && a.bytes == b.bytes;
  }

  void write(const Stretch& s, std::string_view what, std::string_view who) {
    Shadow& shadow = of(s);
    internal_check(shadow.contains(address(s), s.bytes), "{} writes {} outside of memory", who,
                   what);
    shadow.write(address(s), s.bytes, s.tag);
  }
  void read(const Stretch& s, std::string_view what, std::string_view who) {
    const Shadow& shadow = of(s);
    internal_check(shadow.contains(address(s), s.bytes), "{} reads {} outside of memory", who,
                   what);
    internal_check(shadow.holds(address(s), s.bytes, s.tag), "{} finds {} overwritten", who, what);
  }

 private:
  const Shadow& of(const Stretch& s) const {
    if (s.place.kind == Place::Kind::State) return state_;
    return arena_[program_.buffers[s.place.buffer].memory];
  }
  Shadow& of(const Stretch& s) { return const_cast<Shadow&>(std::as_const(*this).of(s)); }

  const Program& program_;
  std::vector<Shadow> arena_;  // one of each of memories_of
  Shadow state_;
};

// Tags of everything that a program keeps in memory.
class Tags {
 public:
  explicit Tags(const Program& program) : values_(program.graph.values.size()) {
    for (size_t i = 0; i < values_.size(); ++i)
      if (!program.graph.values[i].constant)
        values_[i] = reserve(program.graph.values[i].type.bytes());
    for (const Step& step : program.steps) scratch_.push_back(reserve(step.call.scratch_bytes));
    for (const Region& region : program.regions)
      if (region.fed) counters_ = reserve(counter_bytes(region));
    internal_check(next_ <= UINT32_MAX, "too many bytes for a replay");
  }
  uint32_t value(size_t root) const { return values_[root]; }
  uint32_t scratch(size_t step) const { return scratch_[step]; }
  uint32_t counters() const { return counters_; }

 private:
  uint32_t reserve(int64_t bytes) {
    const int64_t tag = next_;
    next_ += bytes;
    return static_cast<uint32_t>(tag);
  }
  std::vector<uint32_t> values_, scratch_;
  uint32_t counters_ = 0;  // of the fed region
  int64_t next_ = 1;
};

struct Replay {
  const Program& program;
  Values values;
  Tags tags;
  ShadowMemory memory;
};

// The scratch of a step; no bytes where it needs none.
inline Stretch scratch_of(const Replay& r, size_t t) {
  const Step& step = r.program.steps[t];
  for (size_t i = 0; i < step.call.operands.size(); ++i)
    if (step.call.operands[i].kind == Operand::Kind::Scratch)
      return {step.arguments[i].place, 0, step.call.scratch_bytes, r.tags.scratch(t)};
  return {};
}

// Plays step t as a whole, in the order that its kernel declares.
void replay_step(Replay& replay, size_t t);

// Plays what codegen/stream.cpp writes for a region.
void replay_region(Replay& replay, const Region& region);

}  // namespace motec

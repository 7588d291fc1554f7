#include "support/media.h"

#include <fmt/format.h>
#include <stb_image_write.h>

#include "support/diag.h"
#include "support/files.h"

namespace motec::test {
namespace {

void append(void* text, void* data, int size) {
  static_cast<std::string*>(text)->append(static_cast<const char*>(data),
                                          static_cast<size_t>(size));
}

std::string little_endian(size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xff);
  return text;
}

}  // namespace

void write_image(const std::filesystem::path& path, int width, int height, int channels,
                 const std::vector<uint8_t>& pixels) {
  const std::string ending = path.extension().string();
  std::string bytes;
  int ok = 0;
  if (ending == ".png")
    ok = stbi_write_png_to_func(append, &bytes, width, height, channels, pixels.data(),
                                width * channels);
  else if (ending == ".bmp")
    ok = stbi_write_bmp_to_func(append, &bytes, width, height, channels, pixels.data());
  else
    ok = stbi_write_jpg_to_func(append, &bytes, width, height, channels, pixels.data(), 100);
  internal_check(ok != 0, "{} cannot be made", path.string());
  write_file(path, bytes);
}

std::string wav_bytes(int rate, int channels, const std::vector<int16_t>& samples) {
  const auto block = static_cast<size_t>(2 * channels), data = 2 * samples.size();
  std::string bytes = "RIFF" + little_endian(36 + data, 4) + "WAVEfmt " + little_endian(16, 4) +
                      little_endian(1, 2) + little_endian(static_cast<size_t>(channels), 2) +
                      little_endian(static_cast<size_t>(rate), 4) +
                      little_endian(static_cast<size_t>(rate) * block, 4) +
                      little_endian(block, 2) + little_endian(16, 2) + "data" +
                      little_endian(data, 4);
  for (const int16_t sample : samples) bytes += little_endian(static_cast<uint16_t>(sample), 2);
  return bytes;
}

}  // namespace motec::test

# Writes a C++ file that holds other files' bytes.
#   cmake -DOUT=resources_table.cpp -DROOT=dir "-DFILES=prefix|path;…" -P Embed.cmake
# Each entry of FILES is the name under which motec finds the file, a bar, and its path.
set(data "")
set(rows "")
set(i 0)
foreach(entry IN LISTS FILES)
  string(REPLACE "|" ";" entry "${entry}")
  list(GET entry 0 name)
  list(GET entry 1 path)
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND data "constexpr char f${i}[] = {${bytes}'\\0'};\n")
  string(APPEND rows "    {\"${name}\", {f${i}, sizeof f${i} - 1}},\n")
  math(EXPR i "${i} + 1")
endforeach()
file(WRITE "${OUT}" "#include \"support/resources.h\"\n\nnamespace motec {\nnamespace {\n${data}"
  "constexpr Resource kResources[] = {\n${rows}};\n}  // namespace\n\n"
  "std::span<const Resource> all_resources() { return kResources; }\n\n}  // namespace motec\n")

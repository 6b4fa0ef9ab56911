# cmake -DFOLDER=page -DOUTPUT=page_assets.cc -P embed.cmake: the text files of a folder as one C++ source.
file(GLOB files ${FOLDER}/*)
list(SORT files)
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(name ${file} NAME)
  get_filename_component(kind ${file} LAST_EXT)
  if(kind STREQUAL ".html")
    set(type "text/html; charset=utf-8")
  elseif(kind STREQUAL ".css")
    set(type "text/css; charset=utf-8")
  elseif(kind STREQUAL ".js")
    set(type "text/javascript; charset=utf-8")
  elseif(kind STREQUAL ".svg")
    set(type "image/svg+xml")
  else()
    message(FATAL_ERROR "${file}: embed.cmake knows no content type for ${kind}")
  endif()
  if(name STREQUAL "index.html")
    set(name "")
  endif()
  file(READ ${file} text)
  string(APPEND rows "    {\"/${name}\", \"${type}\", R\"nines_asset(${text})nines_asset\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"daemon/http/assets.h\"

namespace nines::http {
namespace {
constexpr Asset kAssets[] = {
${rows}};
}  // namespace

std::span<const Asset> Assets() { return kAssets; }

}  // namespace nines::http
")

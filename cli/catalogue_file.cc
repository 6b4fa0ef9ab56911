#include "cli/catalogue_file.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.h"

namespace nines::cli {

absl::StatusOr<v1::CatalogueFile> ReadCatalogueFile(const std::string& path) {
  v1::CatalogueFile file;
  if (path == "-") {
    file.set_name("standard input");
    file.set_content(std::string(std::istreambuf_iterator<char>(std::cin), {}));
    return file;
  }
  std::ifstream stream(path, std::ios::binary);
  if (stream) file.set_content(std::string(std::istreambuf_iterator<char>(stream), {}));
  if (!stream || stream.bad()) {
    return absl::NotFoundError(StrCat("cannot read '", path, "': no such file, or no permission"));
  }
  file.set_name(path);
  return file;
}

}  // namespace nines::cli

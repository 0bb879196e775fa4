#ifndef MASKSCOPE_DATA_MANIFEST_JSON_H_
#define MASKSCOPE_DATA_MANIFEST_JSON_H_

#include <set>
#include <string>
#include <string_view>

#include "data/manifest.h"
#include "data/strict_json.h"

// Lines of a manifest and what they stand for. All functions throw JsonFault naming the field, except where stated.
namespace maskscope {

// Without the line's end. Equal values give equal bytes.
std::string HeaderLine(const ManifestHeader& header);
std::string PictureLine(const ManifestPicture& picture);

// Errors, further: Error{kUnsupported} for a schema of another version; `source` names the file in it.
ManifestHeader ParseHeaderLine(std::string_view line, const std::string& source);
ManifestPicture ParsePictureLine(std::string_view line);

// What must hold of a picture whether it is read or written: a path below the root, a set that the header knows, finite
// numbers, 5 landmarks or none.
void CheckPicture(const ManifestPicture& picture, const ManifestHeader& header);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_MANIFEST_JSON_H_

#ifndef MASKSCOPE_DATA_FORMATS_XML_TEXT_H_
#define MASKSCOPE_DATA_FORMATS_XML_TEXT_H_

#include <tinyxml2.h>

#include <filesystem>
#include <memory>
#include <string>

#include "data/formats/attributes.h"

// XML as annotations use it. tinyxml2 knows no external or user-defined entities and limits the depth of elements; a
// document type is refused all the same, for no annotation needs one.
namespace maskscope {

// Has a root element. Errors: those of ReadAnnotationText; throws AnnotationFault{"bad_xml"}.
std::unique_ptr<tinyxml2::XMLDocument> ParseXml(const std::filesystem::path& file, int64_t max_bytes);

// The only child of that name. Throws AnnotationFault.
const tinyxml2::XMLElement& XmlChild(const tinyxml2::XMLElement& parent, const char* name, const std::string& where);
std::string XmlText(const tinyxml2::XMLElement& element);
double XmlNumber(const tinyxml2::XMLElement& parent, const char* name, const std::string& where);
// An attribute that must be there.
std::string XmlAttribute(const tinyxml2::XMLElement& element, const char* name, const std::string& where);

// An element as an attribute's value: its text, or the whole element as XML when it has elements inside.
std::string XmlValue(const tinyxml2::XMLElement& element);
// Back. False when `name` is no XML name.
bool PutXmlValue(tinyxml2::XMLElement* parent, const std::string& name, const std::string& value);
// <attributes><attribute><name/><value/></attribute>...</attributes>
AttributeBag XmlBag(const tinyxml2::XMLElement& attributes, const std::string& where);
void PutXmlBag(tinyxml2::XMLElement* parent, const AttributeBag& bag);
tinyxml2::XMLElement* PutXml(tinyxml2::XMLElement* parent, const char* name, const std::string& text = "");
std::string PrintXml(const tinyxml2::XMLDocument& document);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_FORMATS_XML_TEXT_H_

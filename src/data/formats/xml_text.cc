#include "data/formats/xml_text.h"

#include <algorithm>

#include "data/formats/annotation_text.h"

namespace maskscope {
namespace {

using tinyxml2::XMLElement;

bool IsXmlName(std::string_view name) {
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  return !name.empty() && plain(name[0]) && std::isdigit(static_cast<unsigned char>(name[0])) == 0 &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-' || c == '.'; });
}

// encoding="..." of the declaration, in small letters.
std::string DeclaredEncoding(std::string_view text) {
  if (!text.starts_with("<?xml")) return "";
  const std::string_view declaration = text.substr(0, std::min(text.find("?>"), size_t{200}));
  const size_t at = declaration.find("encoding");
  const size_t open = declaration.find_first_of("\"'", at == std::string_view::npos ? declaration.size() : at);
  if (open == std::string_view::npos) return "";
  const size_t close = declaration.find(declaration[open], open + 1);
  std::string name(declaration.substr(open + 1, close == std::string_view::npos ? close : close - open - 1));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

}  // namespace

std::unique_ptr<tinyxml2::XMLDocument> ParseXml(const std::filesystem::path& file, int64_t max_bytes) {
  const std::string text = ReadAnnotationText(file, max_bytes);
  const std::string encoding = DeclaredEncoding(text);
  const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (!encoding.empty() && encoding != "utf-8" && encoding != "utf8" && !ascii) {
    throw AnnotationFault{"bad_encoding", "line 1",
                          "declares the encoding '" + encoding + "', wanted utf-8; save it as UTF-8"};
  }
  auto document = std::make_unique<tinyxml2::XMLDocument>();
  if (document->Parse(text.data(), text.size()) != tinyxml2::XML_SUCCESS || document->RootElement() == nullptr) {
    throw AnnotationFault{"bad_xml", "line " + std::to_string(document->ErrorLineNum()),
                          std::string("not well-formed XML (") + document->ErrorName() + ")"};
  }
  for (const tinyxml2::XMLNode* node = document->FirstChild(); node != nullptr; node = node->NextSibling()) {
    if (node->ToUnknown() != nullptr) {
      throw AnnotationFault{"bad_xml", "line " + std::to_string(node->GetLineNum()),
                            "a document type (<!...>) is not accepted"};
    }
  }
  return document;
}

const XMLElement& XmlChild(const XMLElement& parent, const char* name, const std::string& where) {
  const XMLElement* child = parent.FirstChildElement(name);
  if (child == nullptr) throw AnnotationFault{"bad_xml", where, std::string("element <") + name + "> is missing"};
  if (child->NextSiblingElement(name) != nullptr) {
    throw AnnotationFault{"bad_xml", where, std::string("element <") + name + "> stands there twice"};
  }
  return *child;
}

std::string XmlText(const XMLElement& element) {
  const char* text = element.GetText();
  return text == nullptr ? "" : std::string(TrimBlanks(text));
}

double XmlNumber(const XMLElement& parent, const char* name, const std::string& where) {
  return ParseNumber(XmlText(XmlChild(parent, name, where)), where + "/" + name);
}

std::string XmlAttribute(const XMLElement& element, const char* name, const std::string& where) {
  const char* value = element.Attribute(name);
  if (value == nullptr) {
    throw AnnotationFault{"bad_xml", where,
                          std::string("attribute ") + name + "=\"\" of <" + element.Name() + "> is missing"};
  }
  return value;
}

std::string XmlValue(const XMLElement& element) {
  if (element.FirstChildElement() == nullptr) return XmlText(element);
  tinyxml2::XMLPrinter printer(nullptr, true);
  element.Accept(&printer);
  return printer.CStr();
}

bool PutXmlValue(XMLElement* parent, const std::string& name, const std::string& value) {
  if (!IsXmlName(name)) return false;
  if (value.starts_with("<" + name)) {
    tinyxml2::XMLDocument piece;
    if (piece.Parse(value.data(), value.size()) == tinyxml2::XML_SUCCESS && piece.RootElement() != nullptr) {
      parent->InsertEndChild(piece.RootElement()->DeepClone(parent->GetDocument()));
      return true;
    }
  }
  PutXml(parent, name.c_str(), value);
  return true;
}

AttributeBag XmlBag(const XMLElement& attributes, const std::string& where) {
  AttributeBag bag;
  for (const XMLElement* one = attributes.FirstChildElement("attribute"); one != nullptr;
       one = one->NextSiblingElement("attribute")) {
    const char* value = XmlChild(*one, "value", where + "/attributes").GetText();
    bag[XmlText(XmlChild(*one, "name", where + "/attributes"))] = value == nullptr ? "" : value;
  }
  return bag;
}

void PutXmlBag(XMLElement* parent, const AttributeBag& bag) {
  if (bag.empty()) return;
  XMLElement* list = PutXml(parent, "attributes");
  for (const auto& [name, value] : bag) {
    XMLElement* one = PutXml(list, "attribute");
    PutXml(one, "name", name);
    PutXml(one, "value", value);
  }
}

XMLElement* PutXml(XMLElement* parent, const char* name, const std::string& text) {
  XMLElement* child = parent->InsertNewChildElement(name);
  if (!text.empty()) child->SetText(text.c_str());
  return child;
}

std::string PrintXml(const tinyxml2::XMLDocument& document) {
  tinyxml2::XMLPrinter printer;
  document.Print(&printer);
  return printer.CStr();
}

}  // namespace maskscope

#include "analyze/result.h"

#include <cmath>

namespace maskscope {
namespace {

using Json = nlohmann::ordered_json;

// Floats are given with the digits that mean something: pixels to 0.01, shares to 0.0001, times to a microsecond.
double Round(double value, double steps) { return std::round(value * steps) / steps; }
double Pixels(float value) { return Round(value, 100); }
double Share(float value) { return Round(value, 10000); }
double Milliseconds(double value) { return Round(value, 1000); }

// The library's own repair of broken UTF-8 is in its writer, so the text goes through it once.
std::string ValidUtf8(const std::string& text) {
  return Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
}

Json FaceToJson(const FaceResult& face) {
  Json json;
  json["box"] = {Pixels(face.box.x1), Pixels(face.box.y1), Pixels(face.box.x2), Pixels(face.box.y2)};
  json["score"] = Share(face.score);
  json["landmarks"] = nullptr;
  if (!face.landmarks.empty()) {
    Json points = Json::array();
    for (const Point& point : face.landmarks) points.push_back({Pixels(point.x), Pixels(point.y)});
    json["landmarks"] = std::move(points);
  }
  json["state"] = face.state;
  json["confidence"] = Share(face.confidence);
  json["probabilities"] = Json::object();
  for (const auto& [name, probability] : face.probabilities) json["probabilities"][name] = Share(probability);
  json["unsure_reason"] = face.unsure_reason.empty() ? Json(nullptr) : Json(face.unsure_reason);
  return json;
}

}  // namespace

nlohmann::ordered_json ToJson(const Result& result) {
  Json json;
  json["schema"] = kResultSchema;
  json["source"] = ValidUtf8(result.source);
  json["width"] = result.width;
  json["height"] = result.height;
  json["faces"] = Json::array();
  for (const FaceResult& face : result.faces) json["faces"].push_back(FaceToJson(face));
  json["timing_ms"] = {{"decode", Milliseconds(result.timing_ms.decode)},
                       {"detect", Milliseconds(result.timing_ms.detect)},
                       {"classify", Milliseconds(result.timing_ms.classify)},
                       {"total", Milliseconds(result.timing_ms.total)}};
  json["error"] = nullptr;
  if (result.error) {
    json["error"] = {{"kind", ErrorName(result.error->kind)}, {"message", ValidUtf8(result.error->message)}};
  }
  return json;
}

}  // namespace maskscope

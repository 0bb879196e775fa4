#ifndef MASKSCOPE_DATA_SYNTHESIS_FACE_SHAPE_H_
#define MASKSCOPE_DATA_SYNTHESIS_FACE_SHAPE_H_

#include <optional>
#include <string>
#include <vector>

#include "image/image.h"

// A head of average shape, laid over the face in a picture. Head coordinates: one unit is the distance between the
// pupils, origin midway between them; x to the picture's right, y down the face, z out of the face towards the camera.
// Heights to remember: eyes 0, nose tip 0.57, bottom of the nose 0.75, mouth 1.155, chin 1.86. Distances after M.
// Farkas, "Anthropometry of the Head and Face" (1994), rounded; the five landmarks after the usual alignment template
// for face recognition (112 x 112 pixels).
namespace maskscope {

struct Vec3 {
  float x = 0, y = 0, z = 0;
};
inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, float f) { return {a.x * f, a.y * f, a.z * f}; }
float Dot(Vec3 a, Vec3 b);
Vec3 Cross(Vec3 a, Vec3 b);
Vec3 Unit(Vec3 a);

inline constexpr float kNoseTip = 0.571f, kNoseBottom = 0.75f, kMouth = 1.155f, kChin = 1.86f;

// How the head lies in the picture: a scaled orthographic view.
struct FaceFit {
  float scale = 1;                     // pixels of one unit
  float yaw = 0, pitch = 0, roll = 0;  // radians; yaw > 0: nose to the picture's right; pitch > 0: nose down
  Point origin;                        // between the eyes, picture pixels
  float length = 1;                    // this face's eye-to-mouth distance over the average one
  float chin = kChin;                  // where this face's chin is, units (already with `length`)
  float width = 1;                     // this face's width over the average one
  float residual = 0;                  // root mean square distance of the landmarks from the model's, units

  // x, y: picture pixels; z: height above the eyes towards the camera, pixels.
  Vec3 Project(Vec3 head) const;
  // Turns a direction of the head into the picture's axes; lengths stay.
  Vec3 Turn(Vec3 direction) const;
};

// Fits the head to five landmarks (order of LabelledFace) and the face's box by least squares with a prior on the pose.
// nullopt when that cannot be done, with the reason in a word: "no_landmarks", "bad_landmarks" (not finite, collinear,
// in each other's place), "bad_box".
std::optional<FaceFit> FitFace(const std::vector<Point>& landmarks, const Box& box, std::string* reason);

// The head's surface. Angle: 0 = the middle of the face, +-90 degrees = its sides; radians.
float HeadHalfWidth(float y);
float HeadFront(float y);            // z of the middle line, the nose left out
float NoseHeight(float x, float y);  // how far the nose stands out above that
// A point of a surface of revolution-like shape with this half width and front.
Vec3 SurfacePoint(float angle, float y, float half_width, float front);
Vec3 HeadPoint(float angle, float y);

// Smooth interpolation through (x, y) nodes sorted by x; constant outside.
struct CurveNode {
  float x, y;
};
float Interpolate(const CurveNode* nodes, size_t count, float x);

}  // namespace maskscope

#endif  // MASKSCOPE_DATA_SYNTHESIS_FACE_SHAPE_H_

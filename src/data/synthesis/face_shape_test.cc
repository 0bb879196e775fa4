#include "data/synthesis/face_shape.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace maskscope {
namespace {

std::vector<Point> LandmarksOf(const FaceFit& fit) {
  std::vector<Point> points;
  for (const Vec3 p : {Vec3{-0.5f, 0, 0}, Vec3{0.5f, 0, 0}, Vec3{0, kNoseTip, 0.52f}, Vec3{-0.414f, kMouth, 0.16f},
                       Vec3{0.414f, kMouth, 0.16f}}) {
    const Vec3 at = fit.Project(p);
    points.push_back({at.x, at.y});
  }
  return points;
}

Box BoxOf(const FaceFit& fit) {
  const Vec3 middle = fit.Project({0, 0.5f, 0});
  return {middle.x - 1.1f * fit.scale, middle.y - 1.4f * fit.scale, middle.x + 1.1f * fit.scale,
          middle.y + 1.4f * fit.scale};
}

TEST(FaceShape, FindsThePoseItWasMadeWith) {
  for (const float yaw : {-0.6f, -0.2f, 0.0f, 0.4f}) {
    for (const float pitch : {-0.12f, 0.0f, 0.12f}) {
      for (const float roll : {-1.2f, 0.0f, 0.5f, 3.0f}) {
        FaceFit truth;
        truth.scale = 40;
        truth.yaw = yaw;
        truth.pitch = pitch;
        truth.roll = roll;
        truth.origin = {200, 150};
        const auto fit = FitFace(LandmarksOf(truth), BoxOf(truth), nullptr);
        ASSERT_TRUE(fit) << yaw << " " << pitch << " " << roll;
        EXPECT_NEAR(fit->yaw, yaw, 0.12f) << yaw << " " << pitch << " " << roll;
        EXPECT_NEAR(fit->pitch, pitch, 0.12f);
        EXPECT_NEAR(std::remainder(fit->roll - roll, 6.2831853f), 0, 0.08f);
        EXPECT_NEAR(fit->scale, 40, 3);
        EXPECT_LT(fit->residual, 0.05f);
      }
    }
  }
}

TEST(FaceShape, TheBoxLengthensTheChin) {
  FaceFit truth;
  truth.scale = 40;
  truth.origin = {100, 100};
  Box box = BoxOf(truth);
  box.y2 = truth.Project({0, kChin + 0.15f, 0.2f}).y;
  const auto fit = FitFace(LandmarksOf(truth), box, nullptr);
  ASSERT_TRUE(fit);
  EXPECT_GT(fit->chin, kChin + 0.03f);
}

TEST(FaceShape, RefusesHostileLandmarksWithAReason) {
  FaceFit truth;
  truth.scale = 40;
  truth.origin = {100, 100};
  const std::vector<Point> good = LandmarksOf(truth);
  const Box box = BoxOf(truth);
  std::string reason;
  EXPECT_FALSE(FitFace({}, box, &reason));
  EXPECT_EQ(reason, "no_landmarks");
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    std::vector<Point> points = good;
    points[2].y = bad;
    EXPECT_FALSE(FitFace(points, box, &reason)) << bad;
    EXPECT_EQ(reason, "bad_landmarks");
    Box odd = box;
    odd.y2 = bad;
    EXPECT_FALSE(FitFace(good, odd, &reason)) << bad;
    EXPECT_EQ(reason, "bad_box");
  }
  EXPECT_FALSE(FitFace(std::vector<Point>(5, Point{100, 100}), box, &reason));
  EXPECT_EQ(reason, "bad_landmarks");
  EXPECT_FALSE(FitFace({{80, 100}, {120, 100}, {100, 100}, {84, 100}, {116, 100}}, box, &reason));
  EXPECT_EQ(reason, "bad_landmarks");
  EXPECT_FALSE(FitFace({{80, 100}, {120, 100}, {300, 50}, {84, 140}, {116, 140}}, box, &reason));
  EXPECT_EQ(reason, "bad_landmarks");
  // Landmarks of another face than the box's.
  EXPECT_FALSE(FitFace(good, {400, 400, 480, 500}, &reason));
  EXPECT_EQ(reason, "bad_landmarks");
}

TEST(FaceShape, TheNoseIsTheForemostPointAndTheChinIsNarrow) {
  EXPECT_GT(HeadPoint(0, kNoseTip).z, HeadPoint(0, kMouth).z);
  EXPECT_GT(HeadPoint(0, kNoseTip).z, HeadPoint(0.5f, kNoseTip).z + 0.2f);
  EXPECT_LT(HeadHalfWidth(1.8f), 0.6f * HeadHalfWidth(0.4f));
  const CurveNode nodes[] = {{0, 1}, {1, 3}, {2, 2}};
  EXPECT_FLOAT_EQ(Interpolate(nodes, 3, -5), 1);
  EXPECT_FLOAT_EQ(Interpolate(nodes, 3, 1), 3);
  EXPECT_FLOAT_EQ(Interpolate(nodes, 3, 9), 2);
}

}  // namespace
}  // namespace maskscope

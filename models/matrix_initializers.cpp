// SPDX-License-Identifier: Apache-2.0
// Initial values of matrices: orthogonal, diagonal, sparse, and of a given spectral radius.
#include "models/initializers.h"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace overtime {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void check_matrix(const Shape &shape, const char *initializer) {
  if (shape.size() != 2)
    throw Error(ErrorKind::Shape, std::string(initializer) + " needs a matrix, got shape " + to_string(shape));
}

Eigen::Map<Matrix> as_matrix(Tensor &f64_matrix) {
  return {f64_matrix.values<double>().data(), f64_matrix.shape()[0], f64_matrix.shape()[1]};
}

} // namespace

/// The Q of a QR factorisation of normal numbers; with the signs that make the diagonal of R positive it is distributed
/// evenly (Mezzadri 2007, Notices of the AMS 54, 592-604).
Initializer orthogonal(double scale) {
  return [=](const Shape &shape, std::uint64_t seed) {
    check_matrix(shape, "orthogonal");
    const bool wide = shape[0] < shape[1];
    const std::int64_t rows = std::max(shape[0], shape[1]), columns = std::min(shape[0], shape[1]);
    Tensor drawn = Tensor::normal({rows, columns}, 0.0, 1.0, seed, f64);
    Eigen::HouseholderQR<Eigen::MatrixXd> qr(as_matrix(drawn));
    Eigen::MatrixXd q = qr.householderQ() * Eigen::MatrixXd::Identity(rows, columns);
    for (std::int64_t c = 0; c < columns; ++c)
      q.col(c) *= qr.matrixQR()(c, c) < 0 ? -scale : scale;
    Tensor result(shape, f64);
    if (wide)
      as_matrix(result) = q.transpose();
    else
      as_matrix(result) = q;
    return result;
  };
}

Initializer identity_matrix(double scale) {
  return [=](const Shape &shape, std::uint64_t) {
    check_matrix(shape, "identity_matrix");
    Tensor result(shape, f64);
    as_matrix(result).diagonal().setConstant(scale);
    return result;
  };
}

Initializer sparse(double connectivity, Initializer of) {
  if (!(connectivity >= 0.0 && connectivity <= 1.0))
    throw Error(ErrorKind::Value, "sparse needs a connectivity from 0 to 1, got " + std::to_string(connectivity));
  return [connectivity, of = std::move(of)](const Shape &shape, std::uint64_t seed) {
    Tensor weights = of(shape, seed).to(f64).clone();
    Tensor chance = Tensor::uniform(shape, 0.0, 1.0, seed ^ 0x9e3779b97f4a7c15, f64);
    for (std::int64_t k = 0; k < weights.size(); ++k)
      if (chance[k] >= connectivity)
        weights.set(k, 0.0);
    return weights;
  };
}

Initializer spectral_radius(double radius, Initializer of) {
  return [radius, of = std::move(of)](const Shape &shape, std::uint64_t seed) {
    check_matrix(shape, "spectral_radius");
    if (shape[0] != shape[1])
      throw Error(ErrorKind::Shape, "spectral_radius needs a square matrix, got shape " + to_string(shape));
    Tensor weights = of(shape, seed).to(f64).clone();
    Eigen::EigenSolver<Eigen::MatrixXd> solver(as_matrix(weights), /*computeEigenvectors=*/false);
    if (solver.info() != Eigen::Success)
      throw Error(ErrorKind::Value, "spectral_radius: the eigenvalues of the matrix were not found");
    double largest = solver.eigenvalues().cwiseAbs().maxCoeff();
    if (!(largest > 0.0))
      throw Error(ErrorKind::Value, "spectral_radius: all eigenvalues of the matrix are 0");
    as_matrix(weights) *= radius / largest;
    return weights;
  };
}

} // namespace overtime

// SPDX-License-Identifier: Apache-2.0
// Hodgkin-Huxley neurons by hand, one thread each, all steps in the kernel: what the compiled kernel is measured against.
//
// The model and method are those of models/neurons/hh.h with its default method: exponential Euler, by exprel(x) =
// (exp(x) - 1) / x. REAL is float or double. ACCURATE takes expm1, which loses nothing near 0, as the compiled kernel
// does; without it the kernel is what most people write.

#ifndef REAL
#define REAL float
#endif
using Real = REAL;

__device__ inline Real exprel(Real x) {
#ifdef ACCURATE
  return x == Real(0) ? Real(1) : expm1(x) / x;
#else
  return fabs(x) < Real(1e-5) ? Real(1) + x * Real(0.5) : (exp(x) - Real(1)) / x;
#endif
}

/// One step of dx/dt = slope x + rest for the derivative `dx` at x.
__device__ inline Real advance(Real x, Real dx, Real slope, Real dt) { return x + dt * exprel(dt * slope) * dx; }

struct Parameters {
  Real ENa, gNa, EK, gK, EL, gL, C, V_th, dt;
};

extern "C" __global__ __launch_bounds__(128) void hh_by_hand(long long steps, int lanes, Real *__restrict__ V_,
                                                             Real *__restrict__ m_, Real *__restrict__ h_,
                                                             Real *__restrict__ n_, const Real *__restrict__ I,
                                                             unsigned char *__restrict__ spike, Parameters p) {
  int lane = blockIdx.x * blockDim.x + threadIdx.x;
  if (lane >= lanes)
    return;
  Real V = V_[lane], m = m_[lane], h = h_[lane], n = n_[lane], current = I[lane];
  Real per_C = Real(1) / p.C;
  for (long long k = 0; k < steps; ++k) {
    Real alpha_m = Real(1) / exprel(-(V + Real(40)) * Real(0.1)), beta_m = Real(4) * exp(-(V + Real(65)) * Real(1.0 / 18));
    Real alpha_h = Real(0.07) * exp(-(V + Real(65)) * Real(0.05));
    Real beta_h = Real(1) / (Real(1) + exp(-(V + Real(35)) * Real(0.1)));
    Real alpha_n = Real(0.1) / exprel(-(V + Real(55)) * Real(0.1)), beta_n = Real(0.125) * exp(-(V + Real(65)) * Real(0.0125));
    Real gNa = p.gNa * m * m * m * h, gK = p.gK * n * n * n * n;
    Real dV = (current - gNa * (V - p.ENa) - gK * (V - p.EK) - p.gL * (V - p.EL)) * per_C;
    Real next = advance(V, dV, -(gNa + gK + p.gL) * per_C, p.dt);
    m = advance(m, alpha_m * (Real(1) - m) - beta_m * m, -(alpha_m + beta_m), p.dt);
    h = advance(h, alpha_h * (Real(1) - h) - beta_h * h, -(alpha_h + beta_h), p.dt);
    n = advance(n, alpha_n * (Real(1) - n) - beta_n * n, -(alpha_n + beta_n), p.dt);
    spike[k * lanes + lane] = V < p.V_th && next >= p.V_th;
    V = next;
  }
  V_[lane] = V, m_[lane] = m, h_[lane] = h, n_[lane] = n;
}

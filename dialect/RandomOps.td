// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on what they are for, not on when they are drawn.
#ifndef OVERTIME_DIALECT_RANDOMOPS_TD
#define OVERTIME_DIALECT_RANDOMOPS_TD

include "dialect/Dialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dyn_RandomUniformOp : Dyn_Op<"random_uniform", [Pure]> {
  let summary = "Uniform random numbers in [0, 1), keyed by seed, stream, step and element";
  let description = [{
    Element `e` (row-major) is drawn from one block of Philox 4x32-10 (Salmon et al. 2011) with key `seed` (two words)
    and counter `(e, low word of step, high word of step, stream)`. With output words `w0, w1`: f32 is
    `(w0 >> 8) * 2^-24`; f64 is `((w0 >> 5) * 2^26 + (w1 >> 6)) * 2^-53`. The same numbers come out under any schedule.

    Constraints:

    - (C1) `seed` and `step` are i64.
    - (C2) The result is f32 or f64, or a static tensor of them.
    - (C3) The result has fewer than 2^32 elements.

    Example:

    ```mlir
    %u = dyn.random_uniform %seed, %i stream 7 : tensor<128x20xf32>
    ```
  }];
  let arguments = (ins I64:$seed, I64:$step, I32Attr:$stream);
  let results = (outs AnyTypeOf<[F32, F64, StaticShapeTensorOf<[F32, F64]>]>:$result);
  let assemblyFormat = "$seed `,` $step `stream` $stream attr-dict `:` type($result)";
  let hasVerifier = 1;
}

#endif

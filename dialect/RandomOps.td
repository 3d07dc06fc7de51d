// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on what they are for, not on when they are drawn.
#ifndef OVERTIME_DIALECT_RANDOMOPS_TD
#define OVERTIME_DIALECT_RANDOMOPS_TD

include "dialect/Dialect.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dyn_RandomOp : Dyn_Op<"random", [Pure]> {
  let summary = "Random numbers of a distribution, keyed by seed, stream, step and element";
  let description = [{
    `uniform` numbers are in [0, 1), `normal` ones have mean 0 and variance 1. The same numbers come out under any
    schedule. On a tensor, element `e` counts in row-major order; a real alone is element 0. With `at` the result is one
    element of a tensor of the shape that follows `of`: what `expand-random` makes of a draw.

    The bits are those of Philox 4x32-10 (Salmon et al. 2011) with key `seed` (two words) and counter `(block, low word
    of step, high word of step, stream)`. A block gives four words, and each of them goes to an element: `e` has word
    `e / 16 mod 4` of block `e mod 16 + 16 (e / 64)`, so that four vectors of neighbours share a vector of blocks. An f64
    has a second word below the first, the same word of the block with the highest bit set. With `x` the 32 or 64 bits
    of an element and `m` the number made of the first bits of a word that the type holds:

    - `uniform` is the first 24 bits of `x` times 2^-24, in f64 the first 53 times 2^-53.
    - `normal` is one of the two numbers of Box & Muller 1958 for the elements of words `2p` and `2p + 1`: the radius
      `sqrt(-2 log u)` is that of the first, `u = (k + 1/2) 2^-31` with the first 31 bits `k` (53 in f64); in the second,
      bit 1 swaps sine and cosine, bit 0 is the sign of the larger, and the next 24 (53) bits are the angle between -1/8
      and 1/8 of a turn.

    So an f32 run has the numbers of the f64 run, rounded.

    Constraints:

    - (C1) `seed` and `step` are i64.
    - (C2) The result is f32 or f64, or a static tensor of them.
    - (C3) There are fewer than 2^32 elements.
    - (C4) `distribution` is "uniform" or "normal".
    - (C5) With `at` there is an index for each dimension of the shape, and the result is a real.

    Example:

    ```mlir
    %u = dyn.random "uniform" %seed, %i stream 7 : tensor<128x20xf32>
    %z = dyn.random "normal" %seed, %i stream 8 at (%row, %column) of [128, 20] : f32
    ```
  }];
  let arguments = (ins StrAttr:$distribution, I64:$seed, I64:$step, I32Attr:$stream, Variadic<Index>:$indices,
                       OptionalAttr<DenseI64ArrayAttr>:$shape);
  let results = (outs AnyTypeOf<[F32, F64, StaticShapeTensorOf<[F32, F64]>]>:$result);
  let assemblyFormat = [{
    $distribution $seed `,` $step `stream` $stream (`at` ` ` `(` $indices^ `)` `of` $shape)? attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    bool isNormal() { return getDistribution() == "normal"; }
  }];
}

#endif

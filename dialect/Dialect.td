// SPDX-License-Identifier: Apache-2.0
// The dyn dialect: time loops over a step with explicit carried state.
#ifndef OVERTIME_DIALECT_DIALECT_TD
#define OVERTIME_DIALECT_DIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/BuiltinTypes.td"

def Dyn_Dialect : Dialect {
  let name = "dyn";
  let cppNamespace = "::overtime::ir";
  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let hasConstantMaterializer = 1;
  let useDefaultAttributePrinterParser = 1;
  let summary = "Neural dynamical systems: one step, run over time";
  let description = [{
    `dyn` holds what upstream MLIR lacks to describe a neural dynamical system: the loop over time with carried state
    (`dyn.loop_over_time`), differential equations with a named integration method (`dyn.integrate`), functions that
    rate equations need (`dyn.exprel`), and random numbers that do not depend on the schedule (`dyn.random`).
    Everything else is upstream: elementwise math is `arith` and `math` on scalars and on tensors of static shape,
    shapes are `tensor`, products are `linalg`.
  }];
}

class Dyn_Op<string mnemonic, list<Trait> traits = []> : Op<Dyn_Dialect, mnemonic, traits>;

def Dyn_Real : AnyTypeOf<[F32, F64], "f32 or f64">;
def Dyn_RealLike : AnyTypeOf<[F32, F64, StaticShapeTensorOf<[F32, F64]>, VectorOfAnyRankOf<[F32, F64]>],
                             "f32 or f64, or a static tensor or a vector of them">;
def Dyn_Element : AnyTypeOf<[F32, F64, I64, I1], "f32, f64, i64 or i1">;
def Dyn_StepValue : AnyTypeOf<[Dyn_Element, StaticShapeTensorOf<[F32, F64, I64, I1]>],
                              "f32, f64, i64 or i1, or a static tensor of them">;
def Dyn_Sequence : RankedTensorOf<[F32, F64, I64, I1]>;

#endif

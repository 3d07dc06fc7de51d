// SPDX-License-Identifier: Apache-2.0
// Products with a sparse matrix of synapses, driven by events; reads of a ring buffer with a delay for each element.
#ifndef OVERTIME_DIALECT_NETWORKOPS_TD
#define OVERTIME_DIALECT_NETWORKOPS_TD

include "dialect/Dialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Dyn_Indices : AnyTypeOf<[StaticShapeTensorOf<[I16, I32]>, StaticShapeMemRefOf<[I16, I32]>],
                            "static tensor or memref of i16 or i32">;
def Dyn_IndexMemory : StaticShapeMemRefOf<[I32]>;
def Dyn_Events : AnyTypeOf<[StaticShapeTensorOf<[F32, F64, I1]>, StaticShapeMemRefOf<[F32, F64, I8]>],
                           "static tensor of f32, f64 or i1, or memref of f32, f64 or i8">;
def Dyn_Reals : AnyTypeOf<[StaticShapeTensorOf<[F32, F64]>, StaticShapeMemRefOf<[F32, F64]>],
                          "static tensor or memref of f32 or f64">;
def Dyn_Weights : AnyTypeOf<[F32, F64, StaticShapeTensorOf<[F32, F64]>, StaticShapeMemRefOf<[F32, F64]>],
                            "f32 or f64, or a static tensor or memref of them">;

def Dyn_RowRuleAttr : AttrDef<Dyn_Dialect, "RowRule"> {
  let mnemonic = "rows";
  let summary = "How the targets of every source are drawn, where no synapse is stored";
  let description = [{
    Each of `posts` targets is one with a `probability`, independent of the others, or every source has a `number` of
    them, each set of so many as likely. With `skips_self` source i is not connected to target i; a `share` of the
    sources, all of them where it is not given, have targets at all. The targets of a source are a function of the rule
    and of its number alone: `runtime/rows.h` draws them from Philox with key `seed`. No target comes twice.

    Constraints:

    - (C1) There is a `probability` or a `number`, not both.
    - (C2) `probability` and `share` are in [0, 1].
    - (C3) `number` is from 0 to 16384, and no more than `posts`, or than `posts` - 1 with `skips_self`.

    Example: `#dyn.rows<seed = 3, posts = 50, probability = 2.0e-02 : f64>`
  }];
  let parameters = (ins "int64_t":$seed, "int64_t":$posts, OptionalParameter<"::mlir::FloatAttr">:$probability,
                        OptionalParameter<"::std::optional<int64_t>">:$number,
                        DefaultValuedParameter<"bool", "false">:$skips_self,
                        OptionalParameter<"::mlir::FloatAttr">:$share);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

/// An operation on synapses that are stored by rows, or drawn. On tensors it has a result; on memory it works on `init`.
class Dyn_SynapsesOp<string mnemonic, list<Trait> traits = []>
    : Dyn_Op<mnemonic, traits # [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let results = (outs Optional<Dyn_Reals>:$result);
  let hasVerifier = 1;
}

def Dyn_PropagateOp : Dyn_SynapsesOp<"propagate", [AttrSizedOperandSegments]> {
  let summary = "Adds the weights of the synapses of every source that has an event to their targets";
  let description = [{
    Synapses are the rows of a sparse matrix: those of source `i` are `k` from `offsets[i]` to `offsets[i + 1]`, and
    synapse `k` goes to `targets[k]`. Both are i32, or i16 read without a sign, so that targets below 65536 take half
    the memory. With one weight `w` for all, or `w[k]` for each,

        result[j] = init[j] + sum over i, k with targets[k] = j of events[i] w[k]

    in the order of `i`, then `k`. A source whose event is false or 0 is skipped, so the cost is that of the events.
    `shift` rotates the targets, `(targets[k] + shift) mod M`, for a ring of slots of which each synapse names one
    relative to the present. `from` says that `init` holds the targets from there on, and other synapses are left out:
    a part of a larger result, whose elements are what they would be in the whole. `ascending` says that the targets of
    every row ascend, without which nobody may cut a part.

    With `drawn` there are no arrays of synapses: the targets of a source are drawn by the rule, the same in every step,
    and each time again. No target of a source comes twice, so that the result is that of the same rows, stored.

    On memory there is no result: `init` is updated in place, and i1 is i8. There `listed` says that the events need not
    be looked for: `list_events` has written them down. List number p is what part p of the list holds from
    `p * list_chunk` on, `counts[16 p]` of them, and source 0 is number `first_listed` there; others are skipped.

    Constraints:

    - (C1) `events` is [N] and `init` is [M], or [B, N] and [B, M]; `offsets` is [N + 1], `targets` is [K].
    - (C2) Weights are a scalar or [K].
    - (C3) Weights and `init` have one element type; events have it too, or are i1 (i8 in memory).
    - (C4) All arrays are tensors, and the result has the type of `init`; or all are memory, and there is no result.
    - (C5) There is no `shift` together with `from`, and `from` comes with `ascending` or `drawn`.
    - (C7) `list` and `counts` come together, for flags [N] in memory.
    - (C6) Not verified, since these are numbers of a run: offsets ascend from 0 to K, every target is in [0, M) (with
      `from`, not negative), and `shift` is in [0, M). With `ascending`, the targets of a row ascend.
    - (C8) There are offsets and targets, or a rule for [M] posts (with `from`, for more), one weight and no `shift`.

    Example:

    ```mlir
    %g1 = dyn.propagate %spikes through (%offsets, %targets) weight %w into %g
        : tensor<100xi1>, tensor<101xi32>, tensor<800xi32>, f32, tensor<50xf32> -> tensor<50xf32>
    %g2 = dyn.propagate %spikes drawn <seed = 3, posts = 50, number = 8> weight %w into %g1
        : tensor<100xi1>, f32, tensor<50xf32> -> tensor<50xf32>
    ```
  }];
  let arguments = (ins Dyn_Events:$events, Optional<Dyn_Indices>:$offsets, Optional<Dyn_Indices>:$targets,
                       Dyn_Weights:$weights, Dyn_Reals:$init, Optional<Index>:$shift, Optional<Index>:$from,
                       Optional<Dyn_IndexMemory>:$list, Optional<Dyn_IndexMemory>:$counts,
                       OptionalAttr<Dyn_RowRuleAttr>:$rule, UnitAttr:$ascending,
                       DefaultValuedAttr<I64Attr, "0">:$first_listed, DefaultValuedAttr<I64Attr, "0">:$list_chunk);
  let assemblyFormat = [{
    $events (`through` ` ` `(` $offsets^ `,` $targets `)`)? (`drawn` $rule^)? `weight` $weights (`shift` $shift^)?
    (`from` $from^)? `into` $init (`listed` $list^ `counts` $counts)? attr-dict `:` type($events) ``
    custom<RowTypes>(ref($rule), type($offsets), type($targets)) `,` type($weights) `,` type($init)
    (`listed` type($list)^ `,` type($counts))? (`->` type($result)^)?
  }];
}

def Dyn_ListEventsOp : Dyn_Op<"list_events", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Writes down which flags are set, so that other threads need not look at all of them";
  let description = [{
    On memory: the places of the flags that are not 0, in ascending order and counted from `from` on, go to the first
    places of `list`, and how many there are to `count[0]`. Flags that one thread writes and another reads move between
    their caches line by line; a list is a few lines.

    Constraints:

    - (C1) `events` and `list` have one shape [N]; `count` has rank 1 and is not empty.

    Example:

    ```mlir
    dyn.list_events %spikes from %first into %list, %count : memref<100xi8>, memref<100xi32>, memref<1xi32>
    ```
  }];
  let arguments = (ins StaticShapeMemRefOf<[I8]>:$events, Index:$from, Dyn_IndexMemory:$list, Dyn_IndexMemory:$count);
  let assemblyFormat = [{
    $events `from` $from `into` $list `,` $count attr-dict `:` type($events) `,` type($list) `,` type($count)
  }];
  let hasVerifier = 1;
}

def Dyn_CollectOp : Dyn_SynapsesOp<"collect", [AttrSizedOperandSegments]> {
  let summary = "Adds to every source what its targets hold, times the weights of its synapses";
  let description = [{
    The transpose of `dyn.propagate`, and its adjoint by the events. With synapses by rows as there,

        result[i] = init[i] + sum over k of w[k] values[targets[k]]

    in the order of `k`, starting from 0; the sum is then added to `init`.

    Constraints:

    - (C1) `values` is [M] and `init` is [N], or [B, M] and [B, N]; `offsets` is [N + 1], `targets` is [K].
    - (C2) Weights are a scalar or [K].
    - (C3) Values, weights and `init` have one element type.
    - (C4) All arrays are tensors, and the result has the type of `init`; or all are memory, and there is no result.
    - (C5) Not verified: offsets ascend from 0 to K, every target is in [0, M).
    - (C8) There are offsets and targets, or a rule for [M] posts and one weight. The order of the sum is then that in
      which targets are drawn.

    Example:

    ```mlir
    %a1 = dyn.collect %g through (%offsets, %targets) weight %w into %a
        : tensor<50xf32>, tensor<101xi32>, tensor<800xi32>, f32, tensor<100xf32> -> tensor<100xf32>
    ```
  }];
  let arguments = (ins Dyn_Reals:$values, Optional<Dyn_Indices>:$offsets, Optional<Dyn_Indices>:$targets,
                       Dyn_Weights:$weights, Dyn_Reals:$init, OptionalAttr<Dyn_RowRuleAttr>:$rule);
  let assemblyFormat = [{
    $values (`through` ` ` `(` $offsets^ `,` $targets `)`)? (`drawn` $rule^)? `weight` $weights `into` $init attr-dict
    `:` type($values) `` custom<RowTypes>(ref($rule), type($offsets), type($targets)) `,` type($weights) `,` type($init)
    (`->` type($result)^)?
  }];
}

def Dyn_CorrelateOp : Dyn_SynapsesOp<"correlate", [AttrSizedOperandSegments]> {
  let summary = "Changes the weights of the synapses of every source that has an event";
  let description = [{
    With synapses by rows as in `dyn.propagate`, one number for each,

        result[k] = init[k] + events[i] values[targets[k]]   for k from offsets[i] to offsets[i + 1]

    where source `i` has an event, and `init[k]` elsewhere: the step of a learning rule, and the adjoint of
    `dyn.propagate` by its weights. With a batch, the terms are added in its order. With `positions`, what belongs to
    `k` is number `positions[k]` of `init` and result: synapses stored by rows can then be changed by events of their
    targets, by way of the transposed matrix. With `low` and `high`, what is changed is kept in between. With `toward`
    a change is in proportion to what is left to that number,

        result[k] = init[k] + events[i] values[targets[k]] (toward - init[k])

    so that a weight comes closer to it the slower the nearer it is.

    Constraints:

    - (C1) `events` is [N] and `values` is [M], or [B, N] and [B, M]; `offsets` is [N + 1], `targets` and `positions`
      are [K], `init` is [K], or of any length with positions.
    - (C2) `low` and `high` come together.
    - (C3) Values, `init`, `low`, `high` and `toward` have one element type; events have it too, or are i1 (i8 in memory).
    - (C4) All arrays are tensors, and the result has the type of `init`; or all are memory, and there is no result.
    - (C5) Not verified: offsets ascend from 0 to K, every target is in [0, M), positions are places of `init`, no two
      of them alike.

    Example:

    ```mlir
    %w1 = dyn.correlate %spikes, %trace through (%offsets, %targets) into %w
        : tensor<100xi1>, tensor<50xf32>, tensor<101xi32>, tensor<800xi32>, tensor<800xf32> -> tensor<800xf32>
    ```
  }];
  let arguments = (ins Dyn_Events:$events, Dyn_Reals:$values, Dyn_Indices:$offsets, Dyn_Indices:$targets,
                       Dyn_Reals:$init, Optional<Dyn_Indices>:$positions, Optional<Dyn_Real>:$low,
                       Optional<Dyn_Real>:$high, Optional<Dyn_Real>:$toward);
  let assemblyFormat = [{
    $events `,` $values `through` ` ` `(` $offsets `,` $targets `)` (`at` $positions^)?
    (`between` $low^ `and` $high)? (`toward` $toward^)? `into` $init attr-dict `:` type($events) `,` type($values) `,`
    type($offsets) `,`
    type($targets) (`at` type($positions)^)? (`between` type($low)^ `and` type($high))?
    (`toward` type($toward)^)? `,` type($init) (`->` type($result)^)?
  }];
}

def Dyn_ReadDelayedOp : Dyn_SynapsesOp<"read_delayed"> {
  let summary = "Reads a ring buffer with a delay for each element";
  let description = [{
    `ring` has L rows, one a step, and wraps around; its newest row is `slot`. Element `j` of the result is what was
    written `delays[j]` rows before:

        result[j] = ring[(slot - delays[j]) mod L][j]

    Constraints:

    - (C1) `ring` is [L, N] or [L, B, N]; `delays` is [N]; the result is [N] or [B, N].
    - (C2) The result has the element type of `ring`.
    - (C3) On tensors there is a result and no `init`; on memory it is written to `init`, which has its shape.
    - (C4) Not verified: `slot` is in [0, L), every delay is in [0, L).

    Example:

    ```mlir
    %s = dyn.read_delayed %ring at %slot by %delays : tensor<16x100xi1>, tensor<100xi32> -> tensor<100xi1>
    ```
  }];
  let arguments = (ins AnyTypeOf<[StaticShapeTensorOf<[F32, F64, I1]>, StaticShapeMemRefOf<[F32, F64, I8]>]>:$ring,
                       Index:$slot, Dyn_Indices:$delays,
                       Optional<StaticShapeMemRefOf<[F32, F64, I8]>>:$init);
  let results = (outs Optional<StaticShapeTensorOf<[F32, F64, I1]>>:$result);
  let assemblyFormat = [{
    $ring `at` $slot `by` $delays (`into` $init^)? attr-dict `:` type($ring) `,` type($delays) (`,` type($init)^)?
    (`->` type($result)^)?
  }];
}

#endif

// SPDX-License-Identifier: Apache-2.0
// Passes from the dialect on tensors to vector code on memory.
#ifndef OVERTIME_LOWER_PASSES_TD
#define OVERTIME_LOWER_PASSES_TD

include "mlir/Pass/PassBase.td"

def BufferizeStep : Pass<"bufferize-step", "::mlir::ModuleOp"> {
  let summary = "Gives every tensor of a program its memory; carried state is updated in place";
  let description = [{
    Turns each program function (attribute `dyn.program`) into a function on memory with one `scf.for` over time.
    Its arguments become: steps, i0, k0, t0, seed; the states, parameters, one row of every input and output, the
    workspace; the strides of inputs and outputs in elements a step.

    A state's next value is computed into the state's own memory when nothing reads the old value afterwards; an
    elementwise operation may read the element that it replaces. A value that is also stacked is written to both places by the
    operation that makes it. What remains is copied at the end of the step. Scalars are carried in registers. Booleans
    are bytes in memory. Tested by `tests/lower/bufferize_in_place.mlir`; where it must not happen, by
    `tests/lower/bufferize_keeps_old_values.mlir`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::linalg::LinalgDialect"];
}

def VerifyStage : Pass<"verify-stage", "::mlir::ModuleOp"> {
  let summary = "Checks which operations remain after a stage";
  let description = [{
    The last pass of every stage, in every build: one walk over names and types. After `dynamics` there is no
    `dyn.integrate` and no array drawn by `dyn.random`; after `bufferize` no tensor and no loop over time; after `cpu` no
    `linalg` and none of the functions that approximate-math writes out; after `llvm` that dialect alone. Tested by
    `tests/lower/verify_stage.mlir`.
  }];
  let options = [Option<"stage", "stage", "std::string", "\"trace\"", "name of the stage">];
}

def PlaceWorkspace : Pass<"place-workspace", "::mlir::func::FuncOp"> {
  let summary = "Replaces allocations by places in the workspace argument";
  let description = [{
    Every `memref.alloc` at the start of a program function becomes a view of its workspace argument, on a 64-byte
    boundary; the size is recorded as `dyn.workspace_bytes`. Tested by `tests/lower/place_workspace.mlir`.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::arith::ArithDialect"];
}

def SplitLanes : Pass<"split-lanes", "::mlir::func::FuncOp"> {
  let summary = "Moves a dimension that no step mixes outside the loop over time";
  let description = [{
    Neurons of an uncoupled population and rows of a batch are independent lanes. When every memory that a step writes
    has such a dimension, the loop over time is written for one tile of lanes after the other, so that carried state
    stays in registers or in the first cache for the whole run. Scratch memory shrinks to a tile. Lanes that remain are
    a tile of their own. Where there are several tiles, the function runs those of the range that its last two arguments
    give, so that threads can share them; their number and an estimate of the cycles for a step of one are recorded as
    `dyn.parts` and `dyn.part_cycles`. Numbers do not change. Tested by `tests/lower/split_lanes.mlir`; where a step mixes
    lanes, by `tests/lower/split_lanes_not_when_mixed.mlir`.

    Of the operations on synapses, `dyn.propagate`, `dyn.collect` and `dyn.read_delayed` have the rows of a batch as
    lanes; `dyn.correlate` changes weights that all rows share. A tile is one row, or some where they are short, since
    what a row needs then stays in the cache. There is none where rows are too few: on a processor for half of its
    threads, on a GPU, with rows of more than 8192 elements, for half of its multiprocessors. What a ring of delays
    carries as a scalar has one place in memory for all rows: on a GPU the part that ends last stores it
    (`dyn.after_all`), on a processor such a loop stays whole. Tested by `tests/lower/split_lanes_network.mlir`.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "width of a vector register">,
                 Option<"threads", "threads", "unsigned", "1", "threads that a run may have">,
                 Option<"processors", "processors", "unsigned", "0",
                        "of a GPU: a lane is a tile of its own, for a thread or a block">,
                 Option<"sharedBytes", "shared-bytes", "unsigned", "0", "of a GPU, that a block can have">,
                 Option<"tensorCores", "tensor-cores", "bool", "false", "of a GPU, for tf32 and bf16">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def HoistOverTime : Pass<"hoist-over-time", "::mlir::func::FuncOp"> {
  let summary = "Computes products that need no state for several steps at once";
  let description = [{
    Products of a step that depend on its input and on what no step changes, with what they are computed from, leave the
    step: a loop over chunks of 16 steps first gathers the input's rows, computes those products for all of them, and then
    runs the steps, each on its part of the result. Weights are so read once for 16 steps. Memory is that of a
    chunk, whatever the number of steps. The steps of a last chunk that is not whole, and so a call of few steps,
    compute the products one by one as before. Numbers do not change: an element is the same chain of multiply-adds.

    A model whose step has no state, such as a Dense layer by itself, is done in chunks likewise; what remains in a step
    is to copy its row to the output.

    It is done where a tile of the batch has one row and the products have 2048 weights together, or one
    has 64 terms. From two rows
    on they share what is read of the weights within a step, and steps together are no faster, but for products of a
    few columns. A loop that carries scalars stays. Rows of the batch are tiled before, by split-lanes.

    Tested by `tests/lower/hoist_over_time.mlir`; what must stay in the step, by
    `tests/lower/hoist_over_time_stays.mlir`.

    ```mlir
    scf.for %k = %c0 to %steps step %c1 {                                       // before
      linalg.matmul {dyn.overwrite} ins(%x_k, %W) outs(%y)
      linalg.matmul ins(%h, %U) outs(%y)
      ...

    scf.for %c = %c0 to %steps step %c16 {                                      // after
      scf.if %whole {
        scf.for %j = %c0 to %c16 step %c1 { ... copy of the row of step %c + %j }
        linalg.matmul {dyn.overwrite} ins(%x_16, %W) outs(%y_16)
      }
      scf.for %j = %c0 to %n step %c1 {
        scf.if %whole {} else { linalg.matmul {dyn.overwrite} ins(%x_k, %W) outs(%y_j) } {dyn.short_chunk}
        linalg.matmul ins(%h, %U) outs(%y_j)
        ...
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def SplitSteps : Pass<"split-steps", "::mlir::ModuleOp"> {
  let summary = "Threads share every operation of a coupled step and wait where they exchange numbers";
  let description = [{
    A program whose lanes are not independent gets a second form, NAME.team, for threads that run its parts at the same
    time. Each operation of a step is cut along its longest parallel dimension; a part owns the same elements of every
    operation. What has no such dimension, a sum over all neurons, is run by one part, and different sums by different
    ones. So every element is computed by the same operations in the same order, whatever the number of threads.

    Operations move to the first place that their operands allow, and a call of `overtime_barrier` stands where one part
    reads what another has written, or writes what another still reads, also across the end of a step. Memory that was
    allocated before is shared (`dyn.shared`); what later passes allocate is each thread's own. Without `always`, a step
    whose barriers would take more than a quarter of its time stays as it is. Tested by `tests/lower/split_steps.mlir`;
    where there is no team, by `tests/lower/split_steps_not_when_short.mlir`.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "width of a vector register">,
                 Option<"threads", "threads", "unsigned", "1", "threads that a run may have">,
                 Option<"always", "always", "bool", "false", "also where it does not pay">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect"];
}

def PackWeights : Pass<"pack-weights", "::mlir::func::FuncOp"> {
  let summary = "Lays out large right factors of products in panels before the loop over time";
  let description = [{
    A matrix that no step writes (a parameter, some columns of one, or what is computed before the loop, such as the
    transposed weight of an adjoint) and that products inside the loop over time read as their right factor, of 256 KiB
    or more with the others of its chain, is copied once into panels as wide as a tile of lower-matmul; the products
    become a loop over panels. A run of few steps, for which copying would not pay, reads the matrix as it is, by the
    same code. Tested by `tests/lower/pack_weights.mlir`.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "width of a vector register">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

def ShareKernels : Pass<"share-kernels", "::mlir::ModuleOp"> {
  let summary = "What a large step does many times becomes a function";
  let description = [{
    A step of many populations or layers of one kind holds the same elementwise operation or the same products many
    times, on other memory. Four or more of a kind become one private function and its calls, and the program is
    compiled in the time of its kinds. The number of elements of a flat elementwise operation is an argument, so
    populations of different sizes are of one kind. In a program of more than 64 such pieces every piece becomes a
    function, since parts of LLVM take more than linear time in a function's size. Numbers do not change. Tested by
    `tests/lower/share_kernels.mlir`.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect"];
}

def ReadTables : Pass<"read-tables", "::mlir::func::FuncOp"> {
  let summary = "A program of many buffers takes two tables in place of its buffers and strides";
  let description = [{
    With more than 64 buffers the program gets the form of `overtime_entry`: steps, i0, k0, t0, seed, a table of buffers,
    one of strides, and the range of parts. Hundreds of arguments take more than linear time to convert and would go through the stack.
    Runs after memory references have become structures. Tested by `tests/lower/read_tables.mlir`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def PromoteState : Pass<"promote-state", "::mlir::func::FuncOp"> {
  let summary = "Keeps vectors of carried state in registers over the loop over time";
  let description = [{
    A place that every step loads and then stores, in memory that nothing else in the loop touches, becomes a value
    carried by the `scf.for`: loaded before, stored after. Tested by `tests/lower/promote_state.mlir`.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def VectorizeElementwise : Pass<"vectorize-elementwise", "::mlir::func::FuncOp"> {
  let summary = "Elementwise linalg.generic on memory becomes vector loops";
  let description = [{
    The innermost dimension is cut into vectors of the target's width; a remainder is one masked vector. When all
    operands are contiguous the dimensions are one. Operations of another form are left to upstream's loops.
    Tested by `tests/lower/vectorize_elementwise.mlir`.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "width of a vector register">];
  let dependentDialects = ["::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LowerMatmul : Pass<"lower-matmul", "::mlir::func::FuncOp"> {
  let summary = "linalg.matmul on memory becomes register-tiled vector code";
  let description = [{
    A tile of the result is accumulated in registers over the whole inner dimension: 4 rows and 4 vectors of columns with
    AVX-512, 6 and 2 with AVX2, more rows where there are fewer columns and the reverse. Rows of the right factor are
    loaded as vectors, elements of the left one are broadcast. Columns that do not fill a vector are masked; where they
    fit in 128 bits, several rows share a vector, and elements of the left factor are shuffled into place. A bias that
    fills the result before is where the accumulation starts. Every element is one chain of multiply-adds in the order of
    the inner dimension, whatever its place in a tile. Where rows of the right factor are a page or more apart and many
    tiles read the same columns, those are first put together on the stack, and the next tile of a large result that is
    added to is fetched ahead: a product of a weight's gradient has few terms for each of its elements. Tested by
    `tests/lower/lower_matmul.mlir` and `lower_matmul_far_rows.mlir`.

    The left factor of a product with `dyn.events` (mark-events) is looked at: for each tile of rows the columns with
    anything but zeros are listed, and the tile goes through that list. When more than half of the first tile's columns
    are on it, all are listed. Tested by `tests/lower/lower_matmul_events.mlir`.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "width of a vector register">];
  let dependentDialects = ["::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::memref::MemRefDialect"];
}

def LowerSynapses : Pass<"lower-synapses", "::mlir::ModuleOp"> {
  let summary = "Operations on synapses and ring buffers on memory become loops";
  let description = [{
    Events are compared a vector at a time; the bits of a vector that has any are taken one by one, so that silence costs
    a few cycles for a line of the cache. The row of a source that has an event waits until the next two events are
    found, while its synapses come into the cache, and is then added element by element. Where synapses are drawn, a row
    is a call of the runtime (`runtime/rows.h`), which draws the targets and adds to them; the rule is a constant. Tested by
    `tests/lower/lower_synapses.mlir` and, in numbers, by `tests/trace/networks.cpp`.
  }];
  let dependentDialects = ["::mlir::vector::VectorDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::func::FuncDialect"];
}

def ApproximateMath : Pass<"approximate-math", "::mlir::func::FuncOp"> {
  let summary = "exp, expm1, sinh, cosh, tanh, log, log1p and exprel become polynomials";
  let description = [{
    Argument reduction and minimax polynomials, inlined, for scalars and vectors of f32 and f64, so that a loop calls no
    library. With AVX-512 a register holds a table of sixteenth (eighth) powers of two and the polynomials are short.
    A constant factor of the argument, and a constant multiple of exp or exprel, are folded into the constants.
    A `dyn.exprel` with `near_zero` is a polynomial where |x| <= 1/2, and a vector branches around the rest where no lane
    needs it. Largest errors in ulp: exp 1.1, expm1 2.1, exprel 3.1, tanh 4.1, log 0.9, log1p 1.3. In a function with
    `dyn.numerics = "fast"` and with AVX-512, exp and what rests on it reduce the argument in one step and do not clamp
    it: exp then errs by up to (1 + |x|) ulp, exprel by 64. Infinities, NaN and overflow behave as
    in the C library; subnormal results of exp may be flushed to zero on
    targets without AVX-512. On a GPU exp and exprel take no branch, division by what is known to be of ordinary size is
    a few multiply-adds, and with fast numerics exponentials and quotients of f32 are the device's approximations: exp
    errs by up to (3 + |x|) ulp, exprel by 16, a quotient by 2. Tested by `tests/lower/approximate_math.mlir` and, in numbers, by
    `tests/trace/elementwise.cpp`.
  }];
  let options = [Option<"avx512", "avx512", "bool", "true", "use vscalef and vpermps">,
                 Option<"gpu", "gpu", "bool", "false", "scalars of a GPU">];
  let dependentDialects = ["::mlir::math::MathDialect", "::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def LowerRandom : Pass<"lower-random", "::mlir::func::FuncOp"> {
  let summary = "Draws become Philox arithmetic on vectors";
  let description = [{
    An array that is drawn is written in groups of 64 elements, which are the words of 16 blocks of Philox 4x32-10: a
    vector of blocks gives four vectors of elements, and two of them share the logarithm, the root, the sine and the
    cosine of Box and Muller's normal numbers. Where the array is a part of a larger one whose place is not known, the
    first and the last group are stored under a mask. Words stay in lanes of 64 bits, even and odd blocks of f32 apart,
    so that a round of a vector of blocks is four multiplications (`vpmuludq`), four shifts and four exclusive ors.

    ```mlir
    linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>], iterator_types = ["parallel"]}
        outs(%noise : memref<128xf32>) {
    ^bb0(%out: f32):
      %e = linalg.index 0 : index
      %z = dyn.random "normal" %seed, %step stream 7 at (%e) of [128] : f32
      linalg.yield %z : f32
    }
    ```

    becomes a loop of two groups with four `vector.store` of `vector<16xf32>` each. A single number is computed as a
    scalar. Tested by `tests/lower/lower_random.mlir` and, in numbers, by `tests/trace/random_numbers.cpp`.
  }];
  let options = [Option<"vectorBits", "vector-bits", "unsigned", "512", "width of a vector register">,
                 Option<"avx512", "avx512", "bool", "true", "the target has AVX-512">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect", "::mlir::LLVM::LLVMDialect"];
}

def ContractFma : Pass<"contract-fma", "::mlir::func::FuncOp"> {
  let summary = "Products that are only added become fused multiply-adds";
  let description = [{
    Contraction is part of the program, decided here and never by LLVM, so that every schedule rounds alike. Tested by
    `tests/lower/contract_fma.mlir`.
  }];
  let dependentDialects = ["::mlir::math::MathDialect", "::mlir::arith::ArithDialect"];
}

def SelectExtrema : Pass<"select-extrema", "::mlir::func::FuncOp"> {
  let summary = "The larger or smaller of a value and a constant becomes one comparison";
  let description = [{
    `arith.maximumf` gives NaN for NaN and +0 for a zero of either sign, for which LLVM writes a maximum, a comparison and
    a choice. Beside a constant one comparison and one choice do. Tested by `tests/lower/select_extrema.mlir`.

    ```mlir
    %r = arith.maximumf %x, %zero : vector<16xf32>
    ```

    becomes

    ```mlir
    %below = arith.cmpf ole, %x, %zero : vector<16xf32>
    %r = arith.select %below, %zero, %x : vector<16xi1>, vector<16xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect"];
}

def MapToThreads : Pass<"map-to-threads", "::mlir::ModuleOp"> {
  let summary = "A program becomes one kernel of a GPU";
  let description = [{
    The loop over time runs inside the kernel, and every operation of a step becomes scalar code.

    - Lanes of one element have a thread each: the range of parts that a caller of the program gives becomes the number
      of the thread in the grid. What is computed before the loop over lanes, lane by lane, goes inside it.
    - Wider lanes, such as rows of a batch, have a block each, whose threads share every operation: thread t computes
      the elements t, t + threads, ... Where an operation touches what another thread may have written, or writes what
      another may still read, also across the end of a step, `nvvm.barrier0` stands before it. An elementwise operation
      on what the same thread has written needs none.
    - A program without lanes, a layer or coupled populations, is run by one block in the same way, or, when an
      operation has more than 1024 elements, by a grid of blocks that are all resident (`dyn.cooperative = "most"`: any
      number up to `dyn.blocks`), which waits in `overtime_grid_barrier`.
    - Where the products of a step read more weights than a processor's first cache holds, each block has some columns
      of every matrix, of all its parts: of the gates of a cell those of the same units. A thread has a column in some
      rows, so it goes on with its own sums without waiting; products have up to 4 x 4 sums in registers. The block's
      columns of constant weights are copied to its shared memory before the first step, and what a step's product reads
      of the state lies in two halves, which change places from step to step, so that a step of a recurrent layer
      waits once. All blocks are launched (`dyn.cooperative = "all"`), one for each processor of the device
      (`processors`). With `dyn.matmul_precision` of the function, a warp multiplies fragments on tensor cores
      (`tensorCores`), whose operands are rounded to tf32 or bf16; the copy of the weights is then in the order of the
      fragments. After Diamos et al. 2016, "Persistent RNNs: Stashing Recurrent Weights On-Chip".
    - Rows of a batch with small weights, at least four for each processor, are left together (`dyn.rows_apart`, by
      split-lanes): a block has all columns of its rows in the same way, and waits for itself alone.

    Of `dyn.propagate` the threads first count what arrives at each target, or write down by which synapse, for even and
    odd steps apart; when they have waited, each target adds it up in the order of the synapses. Sums are added where
    they are first needed, so that the team waits once for several projections.

    Synapses with a rule are drawn by the warp that has the event, 32 at a time. Where events are numbers, or a number of
    targets is chosen, events get ranks by their place, and a bit of each target says which of them arrive: the team
    waits twice in a step that has events, and once for each round of as many events as there are bits.

    A sum is one thread's, in the order of its dimension. Where at most 32 elements have 1024 terms or more each, such as
    the mean of a population, 256 partial sums of every 256th term come first, which are added up in their order. So
    numbers depend on nobody's number of threads. Temporaries
    lie with the thread, in shared memory where a block's have room there, or in the workspace. The function keeps its
    other arguments; its launch is recorded as the number of threads of a block (`dyn.block_threads`) and of blocks
    (`dyn.blocks`), and as the bytes of shared memory that it asks for (`dyn.launch_shared_bytes`), where they are more
    than code itself can have. Tested by `tests/gpu/map_to_threads*.mlir`.

    ```mlir
    scf.for %lane = %first to %last step %c1 {                                  // before
      %V = memref.subview %arg5[%lane] [1] [1]
      scf.for %k = %c0 to %steps step %c1 {
        linalg.generic ins(%V) outs(%V) { ... }
      } {dyn.time_loop}
    }

    %lane = ctaid * ntid + tid                                                  // after
    scf.for %_ = %lane to min(%lane + 1, lanes) step %c1 {
      %V = memref.subview %arg5[%_] [1] [1]
      scf.for %k = %c0 to %steps step %c1 {
        %v = memref.load %V[%c0]
        ...
        memref.store %next, %V[%c0]
      } {dyn.time_loop}
    }
    ```
  }];
  let options = [Option<"processors", "processors", "unsigned", "108", "of the device">,
                 Option<"sharedBytes", "shared-bytes", "unsigned", "166912", "of the device, that a block can have">,
                 Option<"tensorCores", "tensor-cores", "bool", "true", "of the device, for tf32 and bf16">];
  let dependentDialects = ["::mlir::affine::AffineDialect", "::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect",
                           "::mlir::math::MathDialect", "::mlir::memref::MemRefDialect", "::mlir::NVVM::NVVMDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def MarkKernels : Pass<"mark-kernels", "::mlir::ModuleOp"> {
  let summary = "Functions with a launch become kernels";
  let description = [{
    A function of the `llvm` dialect with `dyn.block_threads` gets the attributes `nvvm.kernel` and `nvvm.maxntid`, which
    make it an entry of the PTX with at most that many threads in a block. Tested by `tests/gpu/mark_kernels.mlir`.
  }];
  let dependentDialects = ["::mlir::NVVM::NVVMDialect"];
}

#endif

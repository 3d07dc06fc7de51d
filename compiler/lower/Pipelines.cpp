// SPDX-License-Identifier: Apache-2.0
// The ordered list of named stages from a traced program to the LLVM dialect.
#include "compiler/lower/Pipelines.h"

#include "compiler/lower/Passes.h"
#include "compiler/transforms/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace overtime::ir {
namespace {

using AddStage = void (*)(OpPassManager &, const LoweringOptions &);

void addDynamics(OpPassManager &passes, const LoweringOptions &) {
  OpPassManager &func = passes.nest<func::FuncOp>();
  func.addPass(createReciprocalDivision()); // while it can be seen what an equation is
  func.addPass(createExpandIntegrators());
  func.addPass(createExpandRandom());
}

/// One sweep with a work list, which follows up what it changes. A second would look at a loop and a yield of thousands
/// of values once for each value; regions here are blocks without branches, with nothing to simplify.
std::unique_ptr<Pass> canonicalizer() {
  GreedyRewriteConfig config;
  config.setMaxIterations(1).setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  return createCanonicalizerPass(config);
}

void addOptimize(OpPassManager &passes, const LoweringOptions &) {
  OpPassManager &func = passes.nest<func::FuncOp>();
  func.addPass(createForgetGradients());
  func.addPass(canonicalizer());
  func.addPass(createCSEPass());
  func.addPass(createScalarizeUniform());
  func.addPass(createHoistInvariants());
  func.addPass(createCSEPass());
  func.addPass(createSplitProducts());
  func.addPass(createAccumulateProducts());
  func.addPass(canonicalizer()); // drops the products and sums that were replaced
  func.addPass(createMarkEvents());
  func.addPass(createFuseElementwise());
  func.addPass(createMergeExponentials());
}

void addBufferize(OpPassManager &passes, const LoweringOptions &options) {
  passes.addPass(createBufferizeStep());
  if (options.processors > 0) {
    passes.addNestedPass<func::FuncOp>(createSplitLanes(
        SplitLanesOptions{options.vectorBits, 1, options.processors, options.sharedBytes, options.tensorCores}));
    return;
  }
  passes.addNestedPass<func::FuncOp>(
      createSplitLanes(SplitLanesOptions{options.vectorBits, options.threads, 0, 0, false}));
  passes.addNestedPass<func::FuncOp>(createHoistOverTime());
  passes.addNestedPass<func::FuncOp>(createPackWeights(PackWeightsOptions{options.vectorBits}));
  passes.addPass(createSplitSteps(SplitStepsOptions{options.vectorBits, options.threads, options.shareAlways}));
  passes.addPass(createShareKernels());
  passes.addNestedPass<func::FuncOp>(createPlaceWorkspace());
}

void addCpu(OpPassManager &passes, const LoweringOptions &options) {
  // First: takes in how its result starts.
  passes.addNestedPass<func::FuncOp>(createLowerMatmul(LowerMatmulOptions{options.vectorBits}));
  passes.addNestedPass<func::FuncOp>(createLowerRandom(LowerRandomOptions{options.vectorBits, options.avx512}));
  passes.addPass(createLowerSynapses());
  OpPassManager &func = passes.nest<func::FuncOp>();
  func.addPass(createVectorizeElementwise(VectorizeElementwiseOptions{options.vectorBits}));
  func.addPass(createConvertLinalgToLoopsPass());
  func.addPass(createSelectExtrema());
  if (options.fma)
    func.addPass(createContractFma());
  func.addPass(createApproximateMath(ApproximateMathOptions{options.avx512, /*gpu=*/false}));
  if (!options.fma) { // else each would be a call of the C library
    math::MathExpandOpsPassOptions expand;
    expand.opMnemonics = {"fma"};
    func.addPass(math::createMathExpandOpsPass(expand));
  }
  func.addPass(createLoopInvariantCodeMotionPass());
  func.addPass(createCSEPass());
  func.addPass(createPromoteState());
}

void addGpu(OpPassManager &passes, const LoweringOptions &options) {
  passes.addPass(createMapToThreads(MapToThreadsOptions{options.processors, options.sharedBytes, options.tensorCores}));
  OpPassManager &func = passes.nest<func::FuncOp>();
  func.addPass(createLowerRandom(LowerRandomOptions{/*vectorBits=*/32, /*avx512=*/false}));
  func.addPass(createContractFma());
  func.addPass(createApproximateMath(ApproximateMathOptions{/*avx512=*/false, /*gpu=*/true}));
  func.addPass(createLoopInvariantCodeMotionPass());
  func.addPass(createCSEPass());
  func.addPass(createPromoteState());
}

void addLlvm(OpPassManager &passes, const LoweringOptions &options) {
  OpPassManager &func = passes.nest<func::FuncOp>();
  func.addPass(memref::createExpandStridedMetadataPass());
  func.addPass(createLowerAffinePass());
  func.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertMathToLibmPass()); // what has no intrinsic, lane by lane
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  if (options.processors == 0) // a kernel takes some 500 arguments
    passes.addNestedPass<func::FuncOp>(createReadTables());
  ConvertFuncToLLVMPassOptions bare;
  bare.useBarePtrCallConv = true;
  passes.addPass(createConvertFuncToLLVMPass(bare));
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  if (options.processors > 0)
    passes.addPass(createMarkKernels());
}

struct Stage {
  llvm::StringRef name;
  AddStage add; // null: the program as traced
};

constexpr Stage stages[] = {
    {"trace", nullptr}, {"dynamics", addDynamics}, {"optimize", addOptimize}, {"bufferize", addBufferize},
    {"cpu", addCpu},    {"gpu", addGpu},           {"llvm", addLlvm}};

void addPasses(OpPassManager &passes, const Stage &stage, const LoweringOptions &options) {
  if (stage.add)
    stage.add(passes, options);
  passes.addPass(createVerifyStage(VerifyStageOptions{stage.name.str()}));
}

} // namespace

llvm::ArrayRef<llvm::StringRef> stageNames(bool gpu) {
  auto without = [](llvm::StringRef other) {
    llvm::SmallVector<llvm::StringRef> all;
    for (const Stage &stage : stages)
      if (stage.name != other)
        all.push_back(stage.name);
    return all;
  };
  static const llvm::SmallVector<llvm::StringRef> ofCpu = without("gpu"), ofGpu = without("cpu");
  return gpu ? ofGpu : ofCpu;
}

bool addStage(OpPassManager &passes, llvm::StringRef name, const LoweringOptions &options) {
  for (const Stage &stage : stages)
    if (stage.name == name) {
      addPasses(passes, stage, options);
      return true;
    }
  return false;
}

void registerStagePipelines() {
  for (const Stage &stage : stages)
    PassPipelineRegistration<>(("overtime-" + stage.name).str(), ("The stage " + stage.name + " of the compiler").str(),
                               [&stage](OpPassManager &passes) { addPasses(passes, stage, LoweringOptions()); });
}

} // namespace overtime::ir

// SPDX-License-Identifier: Apache-2.0
// overtime compile: a model of the zoo as a shared library with a C header, or any stage on the way there.
#include "compiler/tools/command.h"

#include "compiler/tools/model_options.h"
#include "compiler/trace/host/nearest.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace overtime::tools {
namespace {

struct CompileCommand {
  ModelOptions model;
  std::string target = "native", arch, input_shape, name, folder, stage;
  std::vector<std::string> emit, gpus;
  bool timing = false;
};

const std::vector<std::string> kinds = {"so", "obj", "llvm", "asm", "mlir", "ptx", "cubin"};
const std::vector<std::string> gpu_kinds = {"ptx", "cubin", "llvm", "mlir"}, host_kinds = {"so", "obj", "asm"};

bool is_gpu(const CompileCommand &options) {
  return options.target == "nvptx64" || options.target.rfind("sm_", 0) == 0;
}

std::vector<std::string> stages_of(const CompileCommand &options) {
  return {"trace", "dynamics", "optimize", "bufferize", is_gpu(options) ? "gpu" : "cpu", "llvm"};
}

bool contains(const std::vector<std::string> &words, const std::string &word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool wants(const CompileCommand &options, const char *kind) { return contains(options.emit, kind); }

/// The parser's own check would not name the nearest.
void check_word(const std::string &option, const std::string &word, const std::vector<std::string> &known) {
  std::string list;
  for (const std::string &one : known)
    list += (list.empty() ? "" : ", ") + one;
  if (!contains(known, word))
    throw Error(ErrorKind::Name, option + " takes " + list + "; got '" + word + "'" + did_you_mean(word, known));
}

void write_text(const std::filesystem::path &path, const std::string &text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out)
    throw Error(ErrorKind::File, "cannot write '" + path.string() + "'");
}

class Compilation {
public:
  explicit Compilation(CompileCommand &options) : options(options), reader(options.model.dtype()) {
    options.emit = split_list("--emit", options.emit);
    for (const std::string &kind : options.emit)
      check_word("--emit", kind, kinds);
    compile.gpus = options.gpus = split_list("--gpu", options.gpus);
    check_target();
    bool only_ir = options.emit.empty() || options.emit == std::vector<std::string>{"mlir"};
    if (!options.stage.empty() && !only_ir)
      throw Error(ErrorKind::Usage, "--stop-after stops before code is made: with it --emit can only write mlir");
    if (!options.stage.empty())
      check_word("--stop-after", options.stage, stages_of(options));
    if (options.folder.empty() && (options.stage.empty() || !options.emit.empty()))
      throw Error(ErrorKind::Usage, "say where to write: -o FOLDER");
    if (options.emit.empty() && options.stage.empty())
      options.emit = {is_gpu(options) ? "ptx" : "so"};
    std::optional<std::int64_t> width;
    if (!options.input_shape.empty() && options.input_shape != "none") {
      compile.inputs = {parse_shape("--input-shape", options.input_shape)};
      width = compile.inputs->front().back();
    } else if (options.input_shape == "none") {
      compile.inputs.emplace();
    }
    prepared = prepare(options.model, width, {}, reader);
    if (std::string note = reader.conversions(); !note.empty())
      std::fprintf(stderr, "overtime: note: %s\n", note.c_str());
    describe_data(width);
    compile.name = options.name.empty() ? lower(prepared.model_name) : options.name;
    compile.target = options.arch.empty() ? options.target : options.arch;
  }

  int go() {
    if (options.emit.empty()) {
      std::fputs(stage(options.stage).c_str(), stdout);
      return exit_done;
    }
    std::filesystem::path folder(options.folder);
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed)
      throw Error(ErrorKind::File, "cannot make the folder '" + options.folder + "': " + failed.message());
    if (wants(options, "mlir"))
      wrote(folder / (compile.name + ".mlir"),
            [&](const std::string &path) { write_text(path, stage(options.stage.empty() ? "trace" : options.stage)); });
    if (options.emit != std::vector<std::string>{"mlir"})
      write_code(folder);
    return exit_done;
  }

private:
  using Time = std::chrono::steady_clock::time_point;

  /// Files of a GPU for a GPU, files of a processor for a processor.
  void check_target() {
    if (!options.arch.empty() && options.target != "nvptx64")
      throw Error(ErrorKind::Usage, "--arch names a compute capability and goes with --target nvptx64");
    if (!options.arch.empty() && options.arch.rfind("sm_", 0) != 0)
      throw Error(ErrorKind::Name, "--arch takes a compute capability such as sm_90; got '" + options.arch + "'");
    if (!options.gpus.empty() && is_gpu(options))
      throw Error(ErrorKind::Usage, "--gpu adds code for GPUs to the library of a processor; --target " +
                                        options.target + " writes code for a GPU alone: give one of them");
    if (!options.gpus.empty() && !options.emit.empty() && !wants(options, "so") && !wants(options, "obj"))
      throw Error(ErrorKind::Usage,
                  "--gpu adds code for GPUs to a library: with it --emit writes so or obj; for PTX and "
                  "cubin files give --target nvptx64 --arch sm_90");
    const std::string whose = is_gpu(options) ? "a GPU" : "the processor '" + options.target + "'";
    for (const std::string &kind : options.emit)
      if (contains(is_gpu(options) ? host_kinds : std::vector<std::string>{"ptx", "cubin"}, kind))
        throw Error(ErrorKind::Usage, "--emit " + kind + " writes nothing for " + whose + "; " +
                                          (is_gpu(options) ? "it takes ptx, cubin, llvm and mlir"
                                                           : "give --target nvptx64 --arch sm_90"));
  }

  static std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
  }

  /// A layer's data is as wide as the layer, with the batch in front.
  void describe_data(std::optional<std::int64_t> width) {
    if (!prepared.is_layer || compile.inputs)
      return;
    if (!options.model.n_in && !width)
      throw Error(ErrorKind::Usage,
                  prepared.model_name + " is a layer; give the shape of one step's data, --input-shape " +
                      (options.model.batch ? std::to_string(*options.model.batch) + "," : "") + "100");
    Shape shape{*options.model.n_in};
    if (options.model.batch)
      shape.insert(shape.begin(), *options.model.batch);
    compile.inputs = {shape};
  }

  std::string stage(const std::string &name) {
    CompileOptions until = compile;
    until.stop_after = name;
    return stage_ir(*prepared.loop, until, nowhere);
  }

  void wrote(const std::filesystem::path &path, const std::function<void(const std::string &)> &write) {
    write(path.string());
    std::printf("wrote %s\n", path.c_str());
  }

  void write_code(const std::filesystem::path &folder) {
    auto begin = std::chrono::steady_clock::now();
    Artifact artifact = overtime::compile(*prepared.loop, compile, nowhere);
    auto compiled = std::chrono::steady_clock::now();
    const std::string &name = compile.name;
    if (is_gpu(options))
      return write_gpu_code(artifact, folder, begin, compiled);
    if (artifact.header().find(" " + name + "_run(") == std::string::npos)
      throw Error(ErrorKind::Name, "'" + name + "' is no name for C functions; give another with --name");
    if (wants(options, "so")) {
      link(artifact, folder.string());
      for (const std::string &file : {"lib" + name + ".so", name + ".h", name + ".json"})
        std::printf("wrote %s\n", (folder / file).c_str());
    }
    if (wants(options, "obj")) {
      wrote(folder / (name + ".o"), [&](const std::string &path) { artifact.write_object(path); });
      if (!wants(options, "so")) {
        wrote(folder / (name + ".h"), [&](const std::string &path) { write_text(path, artifact.header()); });
        wrote(folder / (name + ".json"), [&](const std::string &path) { write_text(path, artifact.json()); });
      }
    }
    if (wants(options, "llvm"))
      wrote(folder / (name + ".ll"), [&](const std::string &path) { artifact.write_llvm_ir(path); });
    if (wants(options, "asm"))
      wrote(folder / (name + ".s"), [&](const std::string &path) { artifact.write_assembly(path); });
    for (const KernelFacts &facts : artifact.kernels())
      tell(facts);
    if (options.timing)
      report_times(artifact, begin, compiled);
  }

  void write_gpu_code(const Artifact &artifact, const std::filesystem::path &folder, Time begin, Time compiled) {
    if (wants(options, "ptx"))
      wrote(folder / (compile.name + ".ptx"), [&](const std::string &path) { artifact.write_ptx(path); });
    if (wants(options, "llvm"))
      wrote(folder / (compile.name + ".ll"), [&](const std::string &path) { artifact.write_llvm_ir(path); });
    if (wants(options, "cubin")) {
      KernelFacts facts;
      wrote(folder / (compile.name + ".cubin"), [&](const std::string &path) { facts = artifact.write_cubin(path); });
      tell(facts);
    }
    if (options.timing)
      report_times(artifact, begin, compiled);
  }

  /// What the kernel takes of a GPU, or why there is no machine code.
  void tell(const KernelFacts &facts) const {
    if (!facts.no_machine_code.empty()) {
      std::fprintf(stderr,
                   "overtime: note: for %s there is PTX and no machine code, so the driver assembles it when it is "
                   "loaded: %s\n",
                   facts.capability.c_str(), facts.no_machine_code.c_str());
      return;
    }
    std::printf("kernel %s: %lld registers, %lld bytes spilled, %lld bytes of local and %lld of shared memory, "
                "%lld blocks of %lld threads on %s\n",
                compile.name.c_str(), static_cast<long long>(facts.registers),
                static_cast<long long>(facts.spill_bytes), static_cast<long long>(facts.local_bytes),
                static_cast<long long>(facts.shared_bytes), static_cast<long long>(facts.blocks),
                static_cast<long long>(facts.threads), facts.capability.c_str());
  }

  static void link(const Artifact &artifact, const std::string &folder) {
    try {
      artifact.write(folder);
    } catch (Error &error) {
      if (error.kind() == ErrorKind::Compile)
        error.note("--emit obj writes an object to link elsewhere, for instance for another kind of machine");
      throw;
    }
  }

  static void report_times(const Artifact &artifact, Time begin, Time compiled) {
    auto milliseconds = [](Time from, Time to) { return std::chrono::duration<double, std::milli>(to - from).count(); };
    double stages = 0, all = milliseconds(begin, compiled);
    auto line = [](const std::string &what, double ms) { std::fprintf(stderr, "%-16s %9.2f ms\n", what.c_str(), ms); };
    for (const auto &[name, ms] : artifact.times()) {
      line(name, ms);
      stages += ms;
    }
    line("tracing, layout", all - stages);
    line("writing, linking", milliseconds(compiled, std::chrono::steady_clock::now()));
  }

  CompileCommand &options;
  ValueReader reader;
  PreparedLoop prepared;
  CompileOptions compile;
};

} // namespace

Command add_compile(CLI::App &app) {
  CLI::App *parser = app.add_subcommand("compile", "Compile a model ahead of time: shared library, C header, JSON");
  auto options = std::make_shared<CompileCommand>();
  options->model.add_to(*parser);
  parser
      ->add_option("--target", options->target,
                   "native, x86-64-v3, x86-64-v4, aarch64, a processor of LLVM, or nvptx64 for a GPU [native]")
      ->type_name("CPU");
  parser
      ->add_option("--arch", options->arch,
                   "Compute capability of a GPU; sm_86:28 is for 28 multiprocessors or more [sm_80]")
      ->type_name("SM");
  parser
      ->add_option("--gpu", options->gpus,
                   "Code for GPUs of these compute capabilities beside the processor's, such as sm_80,sm_90")
      ->type_name("SMS")
      ->allow_extra_args(false);
  parser
      ->add_option("--input-shape", options->input_shape,
                   "Shape of one step's data, such as 128,100; none: no data [neurons: N]")
      ->type_name("SHAPE");
  parser->add_option("--name", options->name, "C name [the model's in lower case]");
  parser->add_option("-o,--out", options->folder, "Where to write; made when missing")->type_name("FOLDER");
  parser->add_option("--emit", options->emit, "What to write: so, obj, llvm, asm, mlir; ptx, cubin for a GPU [so, ptx]")
      ->type_name("KINDS")
      ->allow_extra_args(false);
  parser
      ->add_option("--stop-after", options->stage,
                   "Print the IR after this stage: trace, dynamics, optimize, bufferize, cpu (gpu), llvm")
      ->type_name("STAGE");
  parser->add_flag("--timing", options->timing, "Print the time of every stage");
  parser->footer("Writes libNAME.so, NAME.h and NAME.json; --set and --init decide the values it is reset to.\n\n"
                 "Examples:\n"
                 "  overtime compile HH --size 1024 --dt 0.01 --monitor V -o build/hh\n"
                 "  overtime compile GRUCell --size 20 --batch 128 --input-shape 128,100 --target x86-64-v3 --emit "
                 "so,asm -o build/gru\n"
                 "  overtime compile HH --size 1e6 --gpu sm_80,sm_90 -o build/hh\n"
                 "  overtime compile HH --size 1e6 --target nvptx64 --arch sm_90 --emit ptx,cubin -o build/hh\n"
                 "  overtime compile LIF --size 8 --stop-after dynamics");
  return {parser, [options] { return Compilation(*options).go(); }};
}

} // namespace overtime::tools

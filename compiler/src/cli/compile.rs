//! The engine `compile`: builds the generated Rust of a program with cargo, beside the runtime, and runs it.

use crate::emit::rust::evaluation_main;
use crate::eval::sizes::Sizes;
use crate::eval::{Tensor, Values};
use crate::ir::Program;
use crate::loops::{Buffer, Destination, Loops, Place};
use crate::pipeline;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the runtime was when this compiler was built.
const RUNTIME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");

/// The results of a program, computed by compiled code.
pub fn run(program: &Program, values: &Values) -> Result<BTreeMap<Destination, Tensor>, String> {
    let executable = Executable::new(program)?;
    let folder = build(std::iter::once(&executable), &cache())?;
    executable.run(&folder, program, values)
}

/// A program that is to be built.
#[derive(Debug)]
pub struct Executable {
    /// Its name, told by its text.
    name: String,
    loops: Loops,
    source: String,
}

impl Executable {
    /// The text of the executable for a program.
    pub fn new(program: &Program) -> Result<Self, String> {
        let loops = pipeline::loops(program, "evaluate");
        let source = evaluation_main(&loops)?;
        // FNV-1a: different texts have different names, so runs at the same time do not meet.
        let hash = source
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
        Ok(Self { name: format!("evaluation_{hash:016x}"), loops, source })
    }

    /// Runs what was built into a folder.
    pub fn run(&self, folder: &Path, program: &Program, values: &Values) -> Result<BTreeMap<Destination, Tensor>, String> {
        let sizes = Sizes::bind(program, values).map_err(|error| error.to_string())?;
        let mut numbers: Vec<f64> = Vec::new();
        #[allow(clippy::cast_precision_loss)]
        numbers.extend(sizes.values().iter().map(|&size| size as f64));
        for buffer in &self.loops.buffers {
            if let Place::Input(name) | Place::Parameter(name) | Place::State(name) = &buffer.place {
                numbers.extend(&values.get(name).ok_or_else(|| format!("`{name}`: it has no value"))?.data);
            }
        }
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
        let output = start(&folder.join(&self.name).with_extension(std::env::consts::EXE_EXTENSION), &bytes)?;
        self.results(&sizes, &output)
    }

    fn results(&self, sizes: &Sizes, bytes: &[u8]) -> Result<BTreeMap<Destination, Tensor>, String> {
        let mut numbers = bytes.chunks_exact(8).map(|chunk| {
            let mut number = [0; 8];
            number.copy_from_slice(chunk);
            f64::from_le_bytes(number)
        });
        let mut results = BTreeMap::new();
        for Buffer { name, shape, place, .. } in &self.loops.buffers {
            let Place::Result(destination) = place else { continue };
            let shape = sizes.shape(shape, name).map_err(|error| error.to_string())?;
            let count = shape.iter().product();
            let data: Vec<f64> = numbers.by_ref().take(count).collect();
            if data.len() < count {
                return Err(format!("`{name}`: the compiled program printed too little"));
            }
            results.insert(destination.clone(), Tensor { shape, data });
        }
        Ok(results)
    }
}

fn start(executable: &Path, input: &[u8]) -> Result<Vec<u8>, String> {
    let problem = |error: std::io::Error| format!("the compiled program does not run: {error}");
    let mut command = Command::new(executable);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(problem)?;
    // It reads all before it writes, so this cannot get stuck.
    let sent = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().map_err(problem)?;
    if !output.status.success() {
        return Err(format!("the compiled program failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    sent.map_err(problem)?;
    Ok(output.stdout)
}

/// Builds executables with one call of cargo, and gives the folder that they are in. What can be used again stays in `cache`.
pub fn build<'a>(executables: impl Iterator<Item = &'a Executable>, cache: &Path) -> Result<PathBuf, String> {
    let runtime = Path::new(RUNTIME).canonicalize().map_err(|error| format!("the runtime {RUNTIME} is not there: {error}"))?;
    let problem = |error: std::io::Error| format!("{}: {error}", cache.display());
    std::fs::create_dir_all(cache).map_err(problem)?;
    let project = tempfile::tempdir_in(cache).map_err(problem)?;
    let sources = project.path().join("src").join("bin");
    std::fs::create_dir_all(&sources).map_err(problem)?;
    std::fs::write(project.path().join("Cargo.toml"), manifest(&runtime)).map_err(problem)?;
    // The same versions as the runtime was tested with, where that is known.
    let _ = std::fs::copy(runtime.join("../Cargo.lock"), project.path().join("Cargo.lock"));
    for executable in executables {
        std::fs::write(sources.join(&executable.name).with_extension("rs"), &executable.source).map_err(problem)?;
    }
    let target = cache.join("target");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["build", "--release", "--offline", "--quiet", "--bins", "--target-dir"])
        .arg(&target)
        .current_dir(project.path())
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if output.status.success() {
        return Ok(target.join("release"));
    }
    Err(format!("the generated code does not build:\n{}", String::from_utf8_lossy(&output.stderr)))
}

fn manifest(runtime: &Path) -> String {
    let runtime = super::json::print_text(&runtime.display().to_string());
    format!(
        "[package]\nname = \"evaluation\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nchainrule = {{ path = {runtime}, default-features = false }}\n"
    )
}

/// Where the user's caches are.
fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || variable("HOME").map(|home| home.join(".cache"));
    variable("XDG_CACHE_HOME").or_else(home).unwrap_or_else(std::env::temp_dir).join("chainrule").join("evaluations")
}

//! Generated code, built with cargo beside the runtime and run. It must not know what the code computes.

use super::json::print_text;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the runtime was when this compiler was built.
const RUNTIME: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../runtime");

/// Generated code runs once, so it is built quickly.
const PROFILES: &str = "[profile.dev]\ndebug = false\nincremental = false\n\n\
    [profile.release]\nopt-level = 1\nlto = \"off\"\ncodegen-units = 16\nincremental = false\n";

/// A project that is built again and again, in a folder of its own. What it depends on is built once for all projects of a cache.
#[derive(Clone, Debug)]
pub struct Workshop {
    cache: PathBuf,
    name: String,
    optimizes: bool,
    instructions: &'static [&'static str],
}

/// The variable that limits the instruction sets of generated code, and the value that does not.
const VARIABLE: &str = "CHAINRULE_INSTRUCTIONS";
const NO_LIMIT: &str = "";

impl Workshop {
    /// A project in the folder of a cache, for many small programs: it is built fast, with checks of what is computed, and
    /// not optimized. Two that have the same name take turns.
    pub fn new(cache: &Path, name: &str) -> Self {
        Self { cache: cache.to_owned(), name: name.to_owned(), optimizes: false, instructions: &[NO_LIMIT] }
    }

    /// The same, where each module runs once for each of these limits of the instruction set (`CHAINRULE_INSTRUCTIONS`).
    pub fn limited_to(self, instructions: &'static [&'static str]) -> Self {
        Self { instructions, ..self }
    }

    /// The one in the user's folder of caches; it optimizes.
    pub fn of_user() -> Self {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || variable("HOME").map(|home| home.join(".cache"));
        let caches = variable("XDG_CACHE_HOME").or_else(home).unwrap_or_else(std::env::temp_dir);
        Self { optimizes: true, ..Self::new(&caches.join("chainrule"), "evaluation") }
    }

    /// Builds all modules as one executable and calls `evaluate` of each with its bytes, once for each limit. A module that does not
    /// build, or fails, takes no other with it.
    pub fn run(&self, tasks: &[(&str, &[u8])]) -> Vec<Result<Vec<Vec<u8>>, String>> {
        match self.locked() {
            Ok(_lock) => self.run_locked(tasks),
            Err(message) => tasks.iter().map(|_| Err(message.clone())).collect(),
        }
    }

    fn run_locked(&self, tasks: &[(&str, &[u8])]) -> Vec<Result<Vec<Vec<u8>>, String>> {
        let mut results: Vec<Result<Vec<Vec<u8>>, String>> = tasks.iter().map(|_| Err(String::new())).collect();
        let mut left: BTreeSet<usize> = (0..tasks.len()).collect();
        while !left.is_empty() {
            let built = self.write(tasks, &left).map_err(|error| self.problem(&error)).map(|()| self.build());
            let message = match built.flatten() {
                Ok(executable) => {
                    let each = |task: usize| self.instructions.iter().map(move |limit| (task, *limit));
                    let run = |(task, limit): (usize, &str)| start(&executable, task, tasks[task].1, limit);
                    left.iter().for_each(|&task| results[task] = each(task).map(run).collect());
                    break;
                }
                Err(message) => message,
            };
            let mut broken: BTreeSet<usize> = left.iter().copied().filter(|&task| message.contains(&at(task))).collect();
            if broken.is_empty() {
                broken.clone_from(&left);
            }
            broken.iter().for_each(|&task| results[task] = Err(message.clone()));
            left = &left - &broken;
        }
        results
    }

    fn folder(&self) -> PathBuf {
        self.cache.join(&self.name)
    }

    fn problem(&self, error: &std::io::Error) -> String {
        format!("{}: {error}", self.folder().display())
    }

    /// The project for this process alone, as long as the file that is given lives.
    fn locked(&self) -> Result<File, String> {
        let lock = || {
            std::fs::create_dir_all(self.folder().join("src"))?;
            let file = File::create(self.folder().join("lock"))?;
            file.lock().map(|()| file)
        };
        lock().map_err(|error| self.problem(&error))
    }

    /// Writes the project; what is there already is left alone, so that cargo sees what is new.
    fn write(&self, tasks: &[(&str, &[u8])], chosen: &BTreeSet<usize>) -> std::io::Result<()> {
        let runtime = Path::new(RUNTIME).canonicalize()?;
        let sources = self.folder().join("src");
        renew(&self.folder().join("Cargo.toml"), &manifest(&self.name, &runtime))?;
        // The same versions as the runtime was tested with, where that is known.
        if let Ok(versions) = std::fs::read_to_string(runtime.join("../Cargo.lock"))
            && renew(&self.folder().join("versions.lock"), &versions)?
        {
            std::fs::write(self.folder().join("Cargo.lock"), versions)?;
        }
        for &task in chosen {
            renew(&sources.join(module(task)).with_extension("rs"), tasks[task].0)?;
        }
        renew(&sources.join("main.rs"), &main_text(chosen))?;
        Ok(())
    }

    /// Builds the executable.
    fn build(&self) -> Result<PathBuf, String> {
        let target = self.cache.join("target");
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let (profile, folder) = if self.optimizes { ("release", "release") } else { ("dev", "debug") };
        let output = Command::new(cargo)
            .args(["build", "--profile", profile, "--offline", "--quiet", "--target-dir"])
            .arg(&target)
            .current_dir(self.folder())
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("cargo does not start: {error}"))?;
        if output.status.success() {
            return Ok(target.join(folder).join(&self.name).with_extension(std::env::consts::EXE_EXTENSION));
        }
        Err(format!("the generated code does not build:\n{}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn module(task: usize) -> String {
    format!("case_{task}")
}

/// How rustc names the file of a module.
fn at(task: usize) -> String {
    format!("{}.rs:", module(task))
}

fn manifest(name: &str, runtime: &Path) -> String {
    let runtime = print_text(&runtime.display().to_string());
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\nchainrule = {{ path = {runtime}, default-features = false }}\n\n{PROFILES}"
    )
}

/// The main module: its argument says which other is called.
fn main_text(modules: &BTreeSet<usize>) -> String {
    let declared: String = modules.iter().map(|&task| format!("mod {};\n", module(task))).collect();
    let called: String =
        modules.iter().map(|&task| format!("        \"{task}\" => {}::evaluate(&given),\n", module(task))).collect();
    format!(
        "//! Runs one of the modules once: numbers come from the standard input and go to the standard output.\n\n{declared}\n\
         fn main() -> std::io::Result<()> {{\n    \
             let mut given = Vec::new();\n    \
             std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut given)?;\n    \
             let output = match std::env::args().nth(1).unwrap_or_default().as_str() {{\n\
         {called}        \
                 other => return Err(std::io::Error::other(format!(\"there is no module {{other}}\"))),\n    \
             }};\n    \
             std::io::Write::write_all(&mut std::io::stdout().lock(), &output)\n\
         }}\n"
    )
}

/// Writes a file, unless it holds this text; whether it did not.
fn renew(path: &Path, text: &str) -> std::io::Result<bool> {
    if std::fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(false);
    }
    std::fs::write(path, text).map(|()| true)
}

fn start(executable: &Path, task: usize, given: &[u8], limit: &str) -> Result<Vec<u8>, String> {
    let problem = |error: std::io::Error| format!("the compiled program does not run: {error}");
    let mut command = Command::new(executable);
    if limit != NO_LIMIT {
        command.env(VARIABLE, limit);
    }
    command.arg(OsString::from(task.to_string()));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(problem)?;
    // It reads all before it writes, so this cannot get stuck.
    let sent = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(given));
    let output = child.wait_with_output().map_err(problem)?;
    if !output.status.success() {
        return Err(format!("the compiled program failed: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    sent.map_err(problem)?;
    Ok(output.stdout)
}

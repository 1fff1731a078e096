//! How long a program takes to compile: a project of its own that trains a network of 1 to 64 layers and depends on chainrule alone.
//!
//! `cargo bench --bench compile [-- --clean]` prints the seconds of a rebuild after a changed line, in both profiles, and the size of the
//! stripped program; with `--clean` also those of a release build from nothing. The clock is that of the wall: run it on a quiet machine.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, io};

const LAYERS: &[usize] = &[1, 2, 4, 8, 16, 32, 64];

/// What is repeated, and which width the layer of a number has.
type Repeated = (&'static str, fn(usize) -> usize);

const NETWORKS: &[Repeated] = &[("layers of the same width", |_| 64), ("layers of different widths", |layer| 64 + layer)];

struct Project {
    folder: PathBuf,
}

impl Project {
    fn new() -> io::Result<Self> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile");
        let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime").canonicalize()?;
        fs::create_dir_all(folder.join("src"))?;
        let manifest = format!(
            "[package]\nname = \"compiled\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[dependencies]\nchainrule = {{ path = {:?} }}\n\n\
             [profile.release]\nstrip = true\n\n[workspace]\n",
            runtime
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        let lock = runtime.join("../Cargo.lock");
        if lock.exists() {
            fs::copy(lock, folder.join("Cargo.lock"))?;
        }
        Ok(Self { folder })
    }

    fn write(&self, width: fn(usize) -> usize, layers: usize, change: usize) -> io::Result<()> {
        let mut equations = String::from("input x: [B, 64]; target t: [B, 10]; y = x");
        for layer in 0..layers {
            let _ = write!(equations, " |> Dense({}) |> relu", width(layer));
        }
        equations.push_str(" |> Dense(10); loss = cross_entropy(y, t);");
        let program = format!(
            "use chainrule::prelude::*;\n\n#[network({equations})]\npub struct Deep;\n\n\
             fn main() -> chainrule::Result<()> {{\n    let (train, _) = data::digits()?.split(0.8, {change});\n    \
             let mut network = Deep::init(1);\n    \
             Trainer::new(RmsProp::default()).epochs(1).batch_size(32).fit(&mut network, &train)?;\n    Ok(())\n}}\n"
        );
        fs::write(self.folder.join("src/main.rs"), program)
    }

    /// Builds it, and says how many seconds that took.
    fn build(&self, release: bool) -> io::Result<f64> {
        let start = Instant::now();
        let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.current_dir(&self.folder).args(["build", "--quiet", "--target-dir", "target"]);
        if release {
            command.arg("--release");
        }
        let status = command.stdin(Stdio::null()).status()?;
        if status.success() { Ok(start.elapsed().as_secs_f64()) } else { Err(io::Error::other("the project does not build")) }
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(fs::metadata(self.folder.join("target/release").join(format!("compiled{}", env::consts::EXE_SUFFIX)))?.len())
    }
}

fn main() -> io::Result<()> {
    let project = Project::new()?;
    project.write(|_| 64, 1, 0)?;
    if env::args().any(|argument| argument == "--clean") {
        match fs::remove_dir_all(project.folder.join("target")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        println!("a release build from nothing: {:.1} s", project.build(true)?);
    }
    // What does not change with the program is built before the clock starts.
    project.build(false)?;
    project.build(true)?;
    for (what, width) in NETWORKS {
        println!("{what}\n  layers  dev, s  release, s  program, KiB");
        for (number, &layers) in LAYERS.iter().enumerate() {
            project.write(*width, layers, number + 1)?;
            let (dev, release) = (project.build(false)?, project.build(true)?);
            println!("  {layers:>6}  {dev:>6.2}  {release:>10.2}  {:>12}", project.bytes()? / 1024);
        }
    }
    Ok(())
}

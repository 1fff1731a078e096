//! Files that are there completely or not at all. Must not know what is in them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Writes a file under another name in the same folder, then gives it its name: a reader sees the old file or the new one.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> Result<()> {
    let temporary = temporary_name(path)?;
    let written = OpenOptions::new().write(true).create_new(true).open(&temporary).and_then(|mut file| {
        file.write_all(contents)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|error| {
        // The error that is reported is the first one; a file that was never made cannot be removed.
        let _ = fs::remove_file(&temporary);
        Error::write(path)(error)
    })
}

fn temporary_name(path: &Path) -> Result<PathBuf> {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let Some(name) = path.file_name() else {
        return Err(Error::setting(format!("`{}` is not the name of a file", path.display())));
    };
    let number = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}-{number}.tmp", std::process::id()));
    Ok(path.with_file_name(temporary))
}

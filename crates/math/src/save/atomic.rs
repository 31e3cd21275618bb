use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Error;

/// Writes a file that is, at every moment, either the old one or the complete new one.
///
/// `write` fills a temporary file in the same folder, which is flushed, synchronised with the disk and
/// renamed. If any of that fails, or `write` panics, the temporary file is removed and the old file is
/// as it was. A symbolic link stays, and the file it points to is replaced. The permissions of an
/// existing file are kept, and one that is read-only is refused.
///
/// ```
/// use neuropil_math::save::write_atomically;
///
/// let path = std::env::temp_dir().join(format!("series-{}.csv", std::process::id()));
/// write_atomically(&path, |file| writeln!(file, "t,x\n0,1.5"))?;
/// assert_eq!(std::fs::read_to_string(&path).unwrap(), "t,x\n0,1.5\n");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), neuropil_math::Error>(())
/// ```
///
/// # Errors
/// [`Error::Io`] with the path of the file that was to be written.
pub fn write_atomically(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let path = path.as_ref();
    replace(path, write).map_err(|e| Error::io(path, &e))
}

fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // Renaming over a symbolic link would put a file in its place.
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_path_buf(),
        Err(error) => return Err(error),
    };
    let permissions = match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "is a folder"));
        }
        Ok(metadata) if metadata.permissions().readonly() => {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "the file is read-only",
            ));
        }
        Ok(metadata) => Some(metadata.permissions()),
        Err(_) => None,
    };
    if target.file_name().is_none() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the path names no file",
        ));
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };

    let (temporary, file) = Temporary::create(folder)?;
    let mut buffered = BufWriter::with_capacity(1 << 16, file);
    write(&mut buffered)?;
    let file = buffered.into_inner().map_err(|e| e.into_error())?;
    if let Some(permissions) = permissions {
        file.set_permissions(permissions)?;
    }
    // Before the rename: a crash must not leave a name without its data.
    file.sync_all()?;
    drop(file);
    temporary.rename(&target)?;
    // The rename itself lies in the folder. Not every system can synchronise one; the file is whole
    // in any case.
    if cfg!(unix)
        && let Ok(folder) = File::open(folder)
    {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A file that is removed unless it is renamed.
struct Temporary {
    path: PathBuf,
    renamed: bool,
}

impl Temporary {
    fn create(folder: &Path) -> io::Result<(Self, File)> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let process = std::process::id();
        let mut attempts = 0;
        loop {
            // Short, whatever the target is called: names have a limit.
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!(".neuropil-{process}-{number}.tmp"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    let renamed = false;
                    return Ok((Self { path, renamed }, file));
                }
                // Left by a process that was killed and had this number, or made by another machine.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempts < 1000 => {
                    attempts += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn rename(mut self, target: &Path) -> io::Result<()> {
        fs::rename(&self.path, target)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            // Nothing can be done about a failure here, and an error is on its way already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

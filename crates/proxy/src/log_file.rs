//! A log file that outlives its surroundings: rotated, moved away, on a full disk, in a lost directory.

use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::path::PathBuf;

use config::checked::Rotation;

/// A file that lines are appended to. It asks no clock: callers say which second it is.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    rotation: Option<Rotation>,
    open: Option<Open>,
    /// The second in which the path was last looked at.
    looked: u64,
    /// The second of the last failure, until something was written again.
    failed: Option<u64>,
    /// The last write broke off inside a line.
    torn: bool,
}

#[derive(Debug)]
struct Open {
    file: File,
    /// Device and inode, by which a file is known that was moved away under our hands.
    place: (u64, u64),
    bytes: u64,
    /// Only plain files are rotated: behind a path may stand a terminal or a pipe.
    plain: bool,
}

/// Lines that could not be written, and why.
#[derive(Debug)]
pub struct Lost {
    /// How many.
    pub lines: u64,
    /// What the system said.
    pub error: io::Error,
}

impl LogFile {
    /// Opens the file, and makes its directories. A full disk is no error: there may be room later.
    ///
    /// # Errors
    /// The file or a directory cannot be made, and more room would not help.
    pub fn open(path: &Path, rotation: Option<Rotation>) -> io::Result<Self> {
        let open = match append(path) {
            Ok(open) => Some(open),
            Err(error) if is_full(&error) => None,
            Err(error) => return Err(error),
        };
        Ok(Self {
            path: path.to_owned(),
            rotation,
            open,
            looked: 0,
            failed: None,
            torn: false,
        })
    }

    /// Closes the file and opens what stands at its path now, or makes it.
    pub fn reopen(&mut self) {
        self.open = append(&self.path).ok();
        self.failed = None;
    }

    /// Appends whole lines. After a failure it is tried again from the next second on.
    ///
    /// # Errors
    /// Some of the lines could not be written.
    pub fn write(&mut self, lines: &[u8], second: u64) -> Result<(), Lost> {
        if self.failed == Some(second) {
            return Err(lost(lines, io::ErrorKind::WouldBlock.into()));
        }
        let (written, ended) = match self.ready(lines.len(), second) {
            Ok(open) => pour(open, lines),
            Err(error) => (0, Err(error)),
        };
        let rest = lines.get(written..).unwrap_or_default();
        self.torn = match written.checked_sub(1) {
            Some(last) => lines.get(last) != Some(&b'\n'),
            None => self.torn,
        };
        match ended {
            Ok(()) => {
                self.failed = None;
                Ok(())
            }
            Err(error) => {
                self.failed = Some(second);
                self.open = None;
                Err(lost(rest, error))
            }
        }
    }

    /// The file that so many bytes may be appended to.
    fn ready(&mut self, bytes: usize, second: u64) -> io::Result<&mut Open> {
        if self.looked != second {
            self.looked = second;
            let there = fs::metadata(&self.path).ok().map(|meta| place(&meta));
            self.open.take_if(|open| Some(open.place) != there);
        }
        let wanted = bytes as u64;
        let is_full = |open: &Open, rotation: Rotation| {
            open.plain && open.bytes > 0 && open.bytes.saturating_add(wanted) > rotation.bytes
        };
        if let (Some(open), Some(rotation)) = (&self.open, self.rotation)
            && is_full(open, rotation)
        {
            self.open = None;
            rotate(&self.path, rotation.keep);
        }
        let open = match self.open.take() {
            Some(open) => open,
            None => append(&self.path)?,
        };
        let open = self.open.insert(open);
        if self.torn && open.bytes > 0 {
            open.file.write_all(b"\n")?;
            self.torn = false;
        }
        Ok(open)
    }
}

/// Moves `log` to `log.1`, `log.1` to `log.2` and so on, so that `keep` files are left with the new
/// one. What cannot be moved is written on to: lines matter more than the size of their file.
fn rotate(path: &Path, keep: u32) {
    let numbered = |number: u32| match number {
        0 => path.to_owned(),
        number => {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        }
    };
    if keep <= 1 {
        let _stays = fs::remove_file(path);
    }
    for number in (1..keep).rev() {
        let _stays = fs::rename(numbered(number - 1), numbered(number));
    }
}

fn append(path: &Path) -> io::Result<Open> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    let meta = file.metadata()?;
    Ok(Open {
        place: place(&meta),
        bytes: meta.len(),
        plain: meta.is_file(),
        file,
    })
}

fn place(meta: &Metadata) -> (u64, u64) {
    (meta.dev(), meta.ino())
}

fn is_full(error: &io::Error) -> bool {
    let kind = error.kind();
    kind == io::ErrorKind::StorageFull || kind == io::ErrorKind::QuotaExceeded
}

/// Writes as much as goes; how many bytes that was, and what stopped it.
fn pour(open: &mut Open, lines: &[u8]) -> (usize, io::Result<()>) {
    let mut written = 0;
    while let Some(rest) = lines.get(written..).filter(|rest| !rest.is_empty()) {
        match open.file.write(rest) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(bytes) => {
                written += bytes;
                open.bytes = open.bytes.saturating_add(bytes as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, Ok(()))
}

fn lost(rest: &[u8], error: io::Error) -> Lost {
    let lines = rest.iter().filter(|byte| **byte == b'\n').count() as u64;
    Lost { lines, error }
}

#[cfg(test)]
mod tests;

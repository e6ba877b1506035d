//! A file of what was delivered, which outlives the process that wrote it.

use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;

#[derive(Debug)]
pub(crate) struct Journal {
    file: Option<File>,
}

impl Journal {
    /// Adds to the file at `path`, which others may add to as well; keeps nothing without one.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let open = |path| OpenOptions::new().append(true).create(true).open(path);
        Ok(Self {
            file: path.map(open).transpose()?,
        })
    }

    /// Adds a line, in one write, so that it is there whole or not at all.
    pub(crate) fn add(&self, line: &str) -> io::Result<()> {
        match &self.file {
            Some(file) => (&mut &*file).write_all(format!("{line}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

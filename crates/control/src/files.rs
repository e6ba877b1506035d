//! Whether files have changed, seen by looking: it works on every file system, for a file that is
//! written over, for one that is renamed into place, and for the links of a Kubernetes volume.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What tells one state of a file from another: device, inode, bytes, and when it was written. The
/// link that leads there may be another by then, which is why it is followed.
type Stamp = Option<(u64, u64, u64, i64, i64)>;

/// Files that are looked at now and then.
#[derive(Debug)]
pub struct Files {
    paths: Vec<PathBuf>,
    known: Vec<Stamp>,
    /// What was found at the last look, if that was new.
    unsettled: Option<Vec<Stamp>>,
}

impl Files {
    /// Files as they are now; one that is not there may come.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        Self {
            known: stamps(&paths),
            paths,
            unsettled: None,
        }
    }

    /// Looks at these from now on. Those that were looked at before are still known as they were.
    pub fn follow(&mut self, paths: Vec<PathBuf>) {
        let mut known = stamps(&paths);
        for (path, stamp) in paths.iter().zip(&mut known) {
            let before = self.paths.iter().position(|before| before == path);
            if let Some(before) = before.and_then(|before| self.known.get(before)) {
                *stamp = *before;
            }
        }
        self.paths = paths;
        self.known = known;
    }

    /// Whether something has changed and has stayed so since the last look: nobody wants to read a
    /// file that is still being written.
    pub fn look(&mut self) -> bool {
        let found = stamps(&self.paths);
        if found == self.known {
            self.unsettled = None;
            return false;
        }
        if self.unsettled.as_ref() == Some(&found) {
            self.known = found;
            self.unsettled = None;
            return true;
        }
        self.unsettled = Some(found);
        false
    }
}

fn stamps(paths: &[PathBuf]) -> Vec<Stamp> {
    let stamp = |path: &PathBuf| {
        let meta = fs::metadata(path).ok()?;
        let written = (meta.mtime(), meta.mtime_nsec());
        Some((meta.dev(), meta.ino(), meta.size(), written.0, written.1))
    };
    paths.iter().map(stamp).collect()
}

#[cfg(test)]
mod tests;

//! Text and environment to checked configuration: the only crate that knows key names.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

pub mod checked;
pub mod url;

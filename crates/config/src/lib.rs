//! Text and environment to checked configuration: the only crate that knows key names.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

pub mod change;

pub mod load;

mod sections;

mod fleet;

mod methods;

mod asked;

mod unknown;

mod layers;

mod endpoints;

pub mod environment;

mod listing;

pub mod keys;

pub mod key;

pub mod kind;

mod authorities;

mod raw;

mod networks;

mod expand;

mod value;

mod memory;

pub mod problem;

pub mod checked;

pub mod url;

//! Every routing decision of Headway: no IO, no clock and no dice of its own.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

pub mod attempt;
pub mod batch;
pub mod budget;
pub mod ejection;
pub mod ids;
pub mod load;
pub mod method;
pub mod moment;
pub mod outcome;
pub mod pick;
pub mod table;
pub mod vitals;

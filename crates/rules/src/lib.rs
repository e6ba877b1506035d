//! Every routing decision of Headway: no IO, no clock and no dice of its own.
//!
//! Modules stand from the top of the stairs down: a module uses only those below its own line.

pub mod batch;
pub mod pick;
pub mod served;
pub mod seating;
pub mod round;
mod leader;
mod reference;
mod fork;
pub mod member;
pub mod verdict;
mod proof;
pub mod roll;
mod identity;
mod track;
pub mod health;
pub mod table;
pub mod attempt;
pub mod vitals;
pub mod ejection;
pub mod sending;
pub mod lacks;
pub mod load;
pub mod budget;
pub mod unclear;
pub mod phrases;
pub mod rate;
pub mod outcome;
pub mod method;
pub mod address;
pub mod ids;
pub mod moment;

//! The bounds a client's message is held to before anything is built from it.

/// How much of a client's message is accepted. The length of the body is bounded by whoever
/// collects it; these are the bounds that need a look inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arrays and objects open at once, the outermost included.
    pub nesting_max: usize,
    /// Elements of a batch. Up to [`OVERFULL_FACTOR`] times as many are still answered one by one.
    pub calls_max: usize,
    /// Length of a method's name in bytes, counted after unescaping.
    pub method_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            nesting_max: 64,
            calls_max: 1_000,
            method_bytes_max: 128,
        }
    }
}

/// A batch with more than this many times `calls_max` elements is refused as a whole: clients pair
/// the errors of an overfull batch by id, but the list of errors must stay bounded too.
pub const OVERFULL_FACTOR: usize = 10;

/// Elements kept of a backend's batch answer; what stands behind them is read and dropped.
pub const ANSWERS_MAX: usize = 100_000;

//! The side-by-side load driver.
fn main() {}

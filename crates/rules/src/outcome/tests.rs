//! Stories about `outcome`.

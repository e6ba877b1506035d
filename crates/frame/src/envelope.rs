//! The four members that make an object a call, with a watch for second spellings of them.

use crate::members;

/// What an object says about itself, before any of it is judged.
#[derive(Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) jsonrpc: Slot<'a>,
    pub(crate) id: Slot<'a>,
    pub(crate) method: Slot<'a>,
    pub(crate) params: Slot<'a>,
    pub(crate) says: Says,
}

/// Whether the object carries what only an answer has: a `result` or an `error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Says {
    #[default]
    Nothing,
    Outcome,
}

/// One member of the envelope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot<'a> {
    /// The raw value of the member spelled exactly.
    pub(crate) raw: Option<&'a str>,
    spellings: usize,
}

impl<'a> Slot<'a> {
    fn take(&mut self, raw: &'a str) {
        self.raw = Some(raw);
        self.spellings += 1;
    }

    /// Whether the member was there twice, counting spellings that differ in case only: readers
    /// downstream disagree about which of the two they take.
    pub(crate) fn is_twin(&self) -> bool {
        self.spellings > 1
    }
}

impl<'a> Envelope<'a> {
    /// Reads the object `text` must be.
    pub(crate) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        let mut envelope = Self::default();
        members::each(text, |name, raw| envelope.take(name, raw))?;
        Ok(envelope)
    }

    /// Whether anything but the id is there twice.
    pub(crate) fn has_twins_beside_id(&self) -> bool {
        self.jsonrpc.is_twin() || self.method.is_twin() || self.params.is_twin()
    }

    fn take(&mut self, name: &str, raw: &'a str) {
        match name {
            "jsonrpc" => self.jsonrpc.take(raw),
            "id" => self.id.take(raw),
            "method" => self.method.take(raw),
            "params" => self.params.take(raw),
            "result" | "error" => self.says = Says::Outcome,
            _ => self.note_variant(name),
        }
    }

    fn note_variant(&mut self, name: &str) {
        let slots = [
            ("jsonrpc", &mut self.jsonrpc),
            ("id", &mut self.id),
            ("method", &mut self.method),
            ("params", &mut self.params),
        ];
        for (exact, slot) in slots {
            if name.chars().map(fold).eq(exact.chars()) {
                slot.spellings += 1;
            }
        }
    }
}

/// Simple case folding (Unicode `CaseFolding.txt`, status C) as far as it ends in ASCII, which
/// is what Go's JSON decoder does to names: besides A to Z the long s and the Kelvin sign.
fn fold(letter: char) -> char {
    match letter {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests;

//! Numbers as Ethereum nodes spell them: `"0x"` and hexadecimal digits.

/// No block number and no timestamp of a living chain comes near this: it is the largest whole
/// number that every JSON reader keeps exact (RFC 8259 section 6).
pub const NUMBER_MAX: u64 = (1 << 53) - 1;

/// The largest chain id that signatures can carry (EIP-2294).
pub const CHAIN_ID_MAX: u64 = u64::MAX / 2 - 36;

const DIGITS_MAX: usize = 16;

/// A quantity that fits 64 bits (execution-apis, "Hex value encoding"). Leading zeros are let
/// through, since some nodes print them; an empty number, a sign or any other letter is not.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    if digits.is_empty() || digits.len() > DIGITS_MAX || !plain {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// A block number or a timestamp in seconds; `None` when it is absurd.
#[must_use]
pub fn number(text: &str) -> Option<u64> {
    parse(text).filter(|number| *number <= NUMBER_MAX)
}

/// The raw JSON result of `eth_chainId`; `None` when it is not a chain id.
#[must_use]
pub fn chain_id(result: &[u8]) -> Option<u64> {
    let text: String = serde_json::from_slice(result).ok()?;
    parse(&text).filter(|id| (1..=CHAIN_ID_MAX).contains(id))
}

#[cfg(test)]
mod tests;

//! Hex as Ethereum's JSON-RPC writes it: quantities without leading zeros, data in whole bytes.

/// A number as a quantity: `0x0`, `0x1a`.
pub(crate) fn quantity(number: u64) -> String {
    format!("{number:#x}")
}

/// Bytes as data: `0x`, `0x00ff`.
pub(crate) fn data(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("0x");
    for byte in bytes {
        text.push(char::from(digit(byte >> 4)));
        text.push(char::from(digit(byte & 15)));
    }
    text
}

/// Reads a quantity; `None` for anything that is not `0x` and 1 to 16 hex digits.
pub(crate) fn parse_quantity(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    // `from_str_radix` would also take a sign.
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, 16).ok()
}

/// Reads data; `None` for anything that is not `0x` and whole bytes.
pub(crate) fn parse_data(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?.as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let half = |digit: u8| char::from(digit).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(half(*high)? << 4 | half(*low)?).ok())
        .collect()
}

/// Reads data of exactly `N` bytes: a hash (32) or an address (20).
pub(crate) fn parse_fixed<const N: usize>(text: &str) -> Option<[u8; N]> {
    parse_data(text)?.try_into().ok()
}

#[cfg(test)]
mod tests;

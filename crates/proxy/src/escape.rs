//! What strangers wrote, put into a log line so that it cannot break out of its field.

use std::fmt::Write;

/// nginx's default escaping: quotes, backslashes and everything that is not plain ASCII as `\xNN`.
pub fn nginx(line: &mut String, bytes: &[u8]) {
    for byte in bytes {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => {
                let _never = write!(line, "\\x{byte:02X}");
            }
            plain => line.push(char::from(*plain)),
        }
    }
}

/// The inside of a JSON string (RFC 8259, section 7). What is not UTF-8 is replaced; so is nothing
/// else, but control characters of every kind are escaped, because terminals obey some of them.
pub fn json(line: &mut String, bytes: &[u8]) {
    for letter in String::from_utf8_lossy(bytes).chars() {
        match letter {
            '"' | '\\' => line.extend(['\\', letter]),
            '\u{2028}' | '\u{2029}' => {
                let _never = write!(line, "\\u{:04x}", u32::from(letter));
            }
            control if control.is_control() => {
                let _never = write!(line, "\\u{:04x}", u32::from(control));
            }
            plain => line.push(plain),
        }
    }
}

#[cfg(test)]
mod tests;

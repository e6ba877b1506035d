//! The bytes of a backend's connection: one byte says into what pieces they fall, then they follow.

use proxy::framing::Framing;
use proxy::framing::NotHttp;
use proxy::framing::Step;
use proxy::framing::head;

pub(super) fn framing(bytes: &[u8]) {
    let Some((piece, bytes)) = bytes.split_first() else {
        return;
    };
    let piece = usize::from(*piece).max(1);
    for end in (0..bytes.len()).step_by(piece) {
        // What is understood early is understood in the same way when more has come.
        if let Ok(Some(early)) = head(&bytes[..end]) {
            assert_eq!(head(bytes), Ok(Some(early)));
        }
    }
    let Ok(Some((head, length))) = head(bytes) else {
        return;
    };
    assert!(length <= bytes.len());
    let rest = &bytes[length..];
    let whole = body(head.body, rest, rest.len().max(1));
    let pieces = body(head.body, rest, piece);
    // Pieces may be refused for their length where the whole lay there at once.
    if let (Ok(whole), Ok(pieces)) = (whole, pieces) {
        assert_eq!(whole, pieces);
    }
}

/// The data of a body that comes in pieces, and whether it is all there.
fn body(mut framing: Framing, bytes: &[u8], piece: usize) -> Result<(Vec<u8>, bool), NotHttp> {
    let (mut data, mut at, mut end) = (Vec::new(), 0, 0);
    while !framing.is_over() {
        match framing.step(&bytes[at..end])? {
            Step::Skip(skipped) => {
                assert!((1..=end - at).contains(&skipped), "it goes on");
                at += skipped;
            }
            Step::Data(length) => {
                assert!((1..=end - at).contains(&length), "it goes on");
                data.extend_from_slice(&bytes[at..at + length]);
                at += length;
            }
            Step::More if end == bytes.len() => return Ok((data, false)),
            Step::More => end = (end + piece).min(bytes.len()),
        }
    }
    Ok((data, true))
}

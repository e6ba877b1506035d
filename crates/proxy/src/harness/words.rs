//! What scripted nodes say: texts made of the calls they got.

use frame::limits::Limits;
use frame::message::Call;
use frame::message::Element;
use frame::message::Message;

/// The beginning of a long result.
pub(crate) fn long_begin(body: &str) -> String {
    with_id("{\"jsonrpc\":\"2.0\",\"id\":$ID,\"result\":\"", body)
}

/// The id of the one call in a body, as it stands there.
pub(crate) fn with_id(text: &str, body: &str) -> String {
    let id = match frame::message::scan(body.as_bytes(), &Limits::default()) {
        Ok(Message::Single(Element::Call(Call { id: Some(id), .. }))) => id.as_str(),
        _ => "null",
    };
    text.replace("$ID", id)
}

fn answer(node: &str, call: &Call<'_>) -> Option<String> {
    let (id, method) = (call.id?.as_str(), &call.method);
    Some(format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":\"{node}/{method}\"}}"
    ))
}

/// The answers to the calls of a batch.
pub(crate) fn answers(node: &str, body: &str) -> Vec<String> {
    match frame::message::scan(body.as_bytes(), &Limits::default()) {
        Ok(Message::Batch(elements)) => elements
            .iter()
            .filter_map(|element| match element {
                Element::Call(call) => answer(node, call),
                Element::Invalid { .. } | Element::Response => None,
            })
            .collect(),
        _ => panic!("not a batch: {body}"),
    }
}

/// Every call's answer is the node's own name and the method's.
pub(crate) fn echo(node: &str, body: &str) -> String {
    match frame::message::scan(body.as_bytes(), &Limits::default()) {
        Ok(Message::Single(Element::Call(call))) => answer(node, &call).unwrap_or_default(),
        _ => format!("[{}]", answers(node, body).join(",")),
    }
}

//! `${NAME}` inside any text: replaced from the environment, by us alone.

/// The environment as pairs of name and value.
pub(crate) type Environment = [(String, String)];

/// The value of a variable.
pub(crate) fn variable<'a>(environment: &'a Environment, name: &str) -> Option<&'a str> {
    let found = environment.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// The text with every `${NAME}` replaced; `None` when there is none. `$${` stands for `${`.
/// The error says what is wrong, and holds nothing that came from the environment.
pub(crate) fn expand(text: &str, environment: &Environment) -> Result<Option<String>, String> {
    if !text.contains("${") {
        return Ok(None);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        if let Some(escaped) = before.strip_suffix('$') {
            out.push_str(escaped);
            out.push_str("${");
            rest = after;
            continue;
        }
        let (name, behind) = after.split_once('}').ok_or("${ without }")?;
        if !is_name(name) {
            return Err("no variable name between ${ and }".to_owned());
        }
        let value =
            variable(environment, name).ok_or_else(|| format!("the environment has no {name}"))?;
        out.push_str(before);
        out.push_str(value);
        rest = behind;
    }
    out.push_str(rest);
    Ok(Some(out))
}

fn is_name(name: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(word) && !name.starts_with(|c: char| c.is_ascii_digit())
}

#[cfg(test)]
mod tests;

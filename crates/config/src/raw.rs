//! A value before its key has been asked what it should be: variables and secrets filled in.

use std::fs;
use std::path::PathBuf;

use figment::value::Dict;
use figment::value::Value;

use crate::expand::Environment;
use crate::expand::expand;
use crate::expand::variable;
use crate::problem::legible;
use crate::problem::quoted;

/// Bytes of a file that holds a secret.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// What was written, after `${NAME}` and secrets were filled in.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Raw {
    /// Text; also everything from the environment and the command line.
    Text(String),
    /// A whole number.
    Number(i128),
    /// `true` or `false`.
    Switch(bool),
    /// A list of plain values.
    List(Vec<String>),
    /// Something that no key takes; the words name it.
    Other(&'static str),
}

/// A value that could not be filled in: what is wrong and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfilled {
    pub(crate) wrong: String,
    pub(crate) right: &'static str,
}

/// The value with variables filled in, and whether there were any; `secret` keys also take
/// `{ env = "NAME" }` and `{ file = "path" }`.
pub(crate) fn raw(
    value: &Value,
    secret: bool,
    environment: &Environment,
) -> Result<(Raw, bool), Unfilled> {
    match value {
        Value::String(_, text) => {
            let filled = fill(text, environment)?;
            let was = filled.is_some();
            Ok((Raw::Text(filled.unwrap_or_else(|| text.clone())), was))
        }
        Value::Char(_, letter) => Ok((Raw::Text(letter.to_string()), false)),
        Value::Bool(_, on) => Ok((Raw::Switch(*on), false)),
        Value::Num(_, _) => Ok((
            value
                .to_i128()
                .map_or(Raw::Other("a fraction"), Raw::Number),
            false,
        )),
        Value::Empty(_, _) => Ok((Raw::Other("nothing"), false)),
        Value::Dict(_, table) if secret => from_elsewhere(table, environment),
        Value::Dict(_, _) => Ok((Raw::Other("a table"), false)),
        Value::Array(_, items) => list(items, environment),
    }
}

/// The value as it was written, for messages; variables stay names, secrets stay hidden.
pub(crate) fn written(value: &Value, secret: bool) -> String {
    if secret {
        return "\"***\"".to_owned();
    }
    match value {
        Value::String(_, text) => quoted(text),
        Value::Char(_, letter) => quoted(&letter.to_string()),
        Value::Bool(_, on) => on.to_string(),
        Value::Num(_, number) => match (value.to_i128(), number.to_f64()) {
            (Some(whole), _) => whole.to_string(),
            (None, Some(fraction)) => fraction.to_string(),
            (None, None) => "?".to_owned(),
        },
        Value::Empty(_, _) => "nothing".to_owned(),
        Value::Dict(_, _) => "{…}".to_owned(),
        Value::Array(_, items) => {
            let items: Vec<String> = items.iter().map(|item| written(item, false)).collect();
            legible_list(&items)
        }
    }
}

/// Items of a list that are shown.
const ITEMS_SHOWN_MAX: usize = 8;

fn legible_list(items: &[String]) -> String {
    let more = if items.len() > ITEMS_SHOWN_MAX {
        ", …"
    } else {
        ""
    };
    let shown = items.get(..ITEMS_SHOWN_MAX).unwrap_or(items);
    format!("[{}{more}]", shown.join(", "))
}

fn list(items: &[Value], environment: &Environment) -> Result<(Raw, bool), Unfilled> {
    let mut texts = Vec::with_capacity(items.len());
    let mut filled = false;
    for item in items {
        let (item, was) = raw(item, false, environment)?;
        filled |= was;
        texts.push(match item {
            Raw::Text(text) => text,
            Raw::Number(number) => number.to_string(),
            Raw::Switch(on) => on.to_string(),
            Raw::List(_) => return Ok((Raw::Other("a list of lists"), false)),
            Raw::Other(_) => return Ok((Raw::Other("a list of something else than text"), false)),
        });
    }
    Ok((Raw::List(texts), filled))
}

fn fill(text: &str, environment: &Environment) -> Result<Option<String>, Unfilled> {
    expand(text, environment).map_err(|wrong| Unfilled {
        wrong,
        right: "${NAME} with a variable of the environment is right",
    })
}

/// The file of a secret written as `{ file = "path" }`.
pub(crate) fn secret_file(value: &Value) -> Option<PathBuf> {
    let Value::String(_, path) = value.as_dict()?.get("file")? else {
        return None;
    };
    Some(PathBuf::from(path))
}

fn from_elsewhere(table: &Dict, environment: &Environment) -> Result<(Raw, bool), Unfilled> {
    let right = "text, { env = \"NAME\" } or { file = \"path\" } is right";
    let unfilled = |wrong: String| Unfilled { wrong, right };
    let only = table.iter().next().filter(|_| table.len() == 1);
    let text = match only {
        Some((kind, Value::String(_, name))) if kind == "env" => variable(environment, name)
            .ok_or_else(|| unfilled(format!("the environment has no {}", legible(name))))?
            .to_owned(),
        Some((kind, Value::String(_, path))) if kind == "file" => read_secret(path)
            .map_err(|wrong| unfilled(format!("the file {}: {wrong}", quoted(path))))?,
        _ => return Err(unfilled("not a secret from elsewhere".to_owned())),
    };
    Ok((Raw::Text(text.trim().to_owned()), true))
}

fn read_secret(path: &str) -> Result<String, String> {
    let size = fs::metadata(path).map_err(|error| error.kind().to_string())?;
    if !size.is_file() || size.len() > SECRET_BYTES_MAX {
        return Err("not a file of at most 64 KiB".to_owned());
    }
    fs::read_to_string(path).map_err(|error| error.kind().to_string())
}

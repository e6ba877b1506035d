//! The sources on top of each other: defaults < profile < file < environment < command line.

use figment::Figment;
use figment::Metadata;
use figment::Profile as Selected;
use figment::Provider;
use figment::value::Dict;
use figment::value::Map;
use figment::value::Value;

use crate::checked::Profile;
use crate::endpoints;
use crate::environment;
use crate::expand::Environment;
use crate::key::Preset;
use crate::keys::KEYS;
use crate::kind::is_id;
use crate::listing::BACKENDS;
use crate::listing::Entry;
use crate::listing::by_id;
use crate::problem::Problem;
use crate::raw::Raw;
use crate::raw::raw;

/// The text of a file and what to call it.
pub(crate) struct FileText {
    /// Its path, for people.
    pub(crate) origin: String,
    /// What it says.
    pub(crate) text: String,
}

/// Everything that was said, the later source having the word.
pub(crate) struct Merged {
    /// The tree of sections; backends stand in a table by id.
    pub(crate) tree: Dict,
    /// Ids of backends in the order in which they were first mentioned.
    pub(crate) ids: Vec<String>,
    /// The profile whose defaults are in the tree.
    pub(crate) profile: Profile,
    figment: Figment,
}

impl Merged {
    /// The value of a dotted key outside of backends.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        let Some((section, key)) = name.split_once('.') else {
            return self.tree.get(name);
        };
        self.tree.get(section)?.as_dict()?.get(key)
    }

    /// Everything that was said about a backend.
    pub(crate) fn backend(&self, id: &str) -> Option<&Value> {
        self.tree.get(BACKENDS)?.as_dict()?.get(id)
    }

    /// Where a value came from.
    pub(crate) fn origin(&self, value: &Value) -> String {
        let known = self.figment.get_metadata(value.tag());
        known.map_or_else(|| "default".to_owned(), |of| of.name.to_string())
    }
}

/// One source, already taken apart.
struct Layer {
    origin: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> Result<Map<Selected, Dict>, figment::Error> {
        Ok(Selected::Default.collect(self.values.clone()))
    }
}

/// Merges all sources. What a file does not spell as TOML is told alone, since everything after it
/// would be a guess.
pub(crate) fn merge(
    file: Option<FileText>,
    environment: &Environment,
    command_line: &[(String, String)],
    problems: &mut Vec<Problem>,
) -> Result<Merged, Problem> {
    let mut figment = Figment::new();
    let mut ids = Vec::new();
    if let Some(file) = file {
        let mut values = parse(&file)?;
        let before = problems.len();
        ids = by_id(&mut values, problems);
        for problem in problems.iter_mut().skip(before) {
            problem.origin = Some(file.origin.clone());
        }
        let origin = file.origin;
        figment = figment.merge(Layer { origin, values });
    }
    let named = endpoints::entries(environment).into_iter();
    let named = named.chain(environment::entries(environment));
    for entry in named.chain(command_line.iter().map(flag)) {
        if let Some(id) = entry.backend() {
            if !is_id(id) {
                let right = "a name of letters, digits, dots, dashes and underscores is right";
                problems.push(
                    Problem::new(&entry.path.join("."), "not an id", right).from(entry.origin),
                );
                continue;
            }
            if !ids.iter().any(|known| known == id) {
                ids.push(id.to_owned());
            }
        }
        figment = figment.merge(Layer {
            values: nested(&entry.path, entry.value.clone()),
            origin: entry.origin,
        });
    }
    Ok(under_defaults(figment, ids, environment))
}

fn parse(file: &FileText) -> Result<Dict, Problem> {
    toml::from_str(&file.text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = file.text.get(..at).unwrap_or(&file.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let wrong = format!(
            "line {line}, column {column}: {}",
            error.message().replace('\n', ", ")
        );
        Problem::new(&file.origin, wrong, "TOML is right")
    })
}

fn flag((name, value): &(String, String)) -> Entry {
    let path = match name.split_once('.') {
        Some((BACKENDS, rest)) => match rest.rsplit_once('.') {
            Some((id, key)) => vec![BACKENDS.to_owned(), id.to_owned(), key.to_owned()],
            None => vec![BACKENDS.to_owned(), rest.to_owned()],
        },
        Some((section, key)) => vec![section.to_owned(), key.to_owned()],
        None => vec![name.clone()],
    };
    Entry {
        origin: "command line".to_owned(),
        path,
        value: value.clone(),
    }
}

fn under_defaults(mut figment: Figment, ids: Vec<String>, environment: &Environment) -> Merged {
    let given = tree(&figment).remove("profile");
    let given = given.map(|value| raw(&value, false, environment));
    let of_tx_proxy = endpoints::of_tx_proxy(environment);
    // A wrong profile is told when its key is asked for; until then it is as good as none.
    let profile = match (given, of_tx_proxy) {
        (Some(Ok((Raw::Text(name), _))), _) if name.trim() == "tx_proxy" => Profile::TxProxy,
        (None, Some(_)) => Profile::TxProxy,
        (Some(_) | None, _) => Profile::Evm,
    };
    let name = profile_name(profile);
    let implied =
        of_tx_proxy.map_or_else(|| "default".to_owned(), |by| format!("environment {by}"));
    figment = figment
        .join(Layer {
            values: nested(&["profile".to_owned()], name.to_owned()),
            origin: implied,
        })
        .join(presets(profile, true))
        .join(presets(profile, false));
    Merged {
        tree: tree(&figment),
        ids,
        profile,
        figment,
    }
}

/// What a profile is called.
pub(crate) const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::TxProxy => "tx_proxy",
        Profile::Evm => "evm",
    }
}

/// Defaults that differ between profiles, or those that do not.
fn presets(profile: Profile, of_profile: bool) -> Layer {
    let mut values = Dict::new();
    for key in KEYS.iter() {
        let Some((section, name)) = key.name.split_once('.') else {
            continue;
        };
        let differs = matches!(key.preset, Preset::Each { .. });
        let Some(text) = key
            .preset(profile)
            .filter(|_| differs == of_profile && section != BACKENDS)
        else {
            continue;
        };
        let section = values
            .entry(section.to_owned())
            .or_insert_with(|| Value::from(Dict::new()));
        if let Value::Dict(_, keys) = section {
            keys.insert(name.to_owned(), Value::from(text));
        }
    }
    let origin = match of_profile {
        true => format!("profile {}", profile_name(profile)),
        false => "default".to_owned(),
    };
    Layer { origin, values }
}

fn tree(figment: &Figment) -> Dict {
    // Layers cannot fail, so neither can their sum.
    let mut all = figment.data().unwrap_or_default();
    all.remove(&Selected::Default).unwrap_or_default()
}

fn nested(path: &[String], value: String) -> Dict {
    let Some((first, rest)) = path.split_first() else {
        return Dict::new();
    };
    let inner = match rest {
        [] => Value::from(value),
        deeper => Value::from(nested(deeper, value)),
    };
    Dict::from([(first.clone(), inner)])
}

//! The backends: each by itself, and whether together they can do the profile's work.

use std::collections::HashMap;
use std::time::Duration;

use figment::value::Dict;
use rules::ids::BackendId;
use rules::ids::Pool;

use crate::asked::Asked;
use crate::checked::Backend;
use crate::checked::Profile;
use crate::kind::Kind;
use crate::kind::Setting;
use crate::listing::BACKENDS;
use crate::problem::Problem;
use crate::unknown;
use crate::url::BackendUrl;
use crate::url::is_link_local;

/// Backends of one process.
const BACKENDS_MAX: usize = 1000;
/// The miner is a Node.js server, which closes idle connections after 5 s.
const WRITE_KEEP_ALIVE: Duration = Duration::from_secs(4);
/// Shorter than what the usual servers keep an idle connection for.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One backend as far as it could be read; it counts for the rules about all of them even where its
/// address is wrong, so that one mistake is one problem.
struct Draft {
    id: String,
    url: Option<BackendUrl>,
    pool: Option<Pool>,
    weight: u32,
    leader: bool,
    external: bool,
    keep_alive: Duration,
    allow_link_local: bool,
}

/// Every backend, in the order in which they were first mentioned.
pub(crate) fn backends(asked: &mut Asked<'_>) -> Vec<Backend> {
    let merged = asked.merged;
    let right = "keys such as backends.read-1.url are right";
    if let Some(other) = merged
        .tree
        .get(BACKENDS)
        .filter(|all| all.as_dict().is_none())
    {
        let problem = Problem::new(BACKENDS, "not a list of backends", right);
        asked.problems.push(problem.from(merged.origin(other)));
        return Vec::new();
    }
    let mut drafts = Vec::new();
    for id in &merged.ids {
        let Some(value) = merged.backend(id) else {
            continue;
        };
        if let Some(fields) = value.as_dict() {
            drafts.push(draft(asked, id, fields));
        } else {
            let problem = Problem::new(&format!("{BACKENDS}.{id}"), "not a backend", right);
            asked.problems.push(problem.from(merged.origin(value)));
        }
    }
    if drafts.len() > BACKENDS_MAX {
        let right = format!("at most {BACKENDS_MAX} is right");
        let wrong = format!("{} are too many", drafts.len());
        asked.problems.push(Problem::new(BACKENDS, wrong, right));
    }
    one_leader(asked, &drafts);
    enough(asked, &drafts);
    twins(asked, &drafts);
    drafts.into_iter().filter_map(finished).collect()
}

fn finished(draft: Draft) -> Option<Backend> {
    Some(Backend {
        id: BackendId::new(&draft.id),
        url: draft.url?,
        pool: draft.pool,
        weight: draft.weight,
        leader: draft.leader,
        external: draft.external,
        keep_alive: draft.keep_alive,
        allow_link_local: draft.allow_link_local,
    })
}

fn draft(asked: &mut Asked<'_>, id: &str, fields: &Dict) -> Draft {
    let shown = format!("{BACKENDS}.{id}");
    let strangers = unknown::among(fields, BACKENDS, &shown, asked.merged);
    asked.problems.extend(strangers);
    let mut one = One {
        asked,
        shown,
        fields,
    };
    let url = one.url();
    let leader = one.switch("leader", false);
    let pool = one.pool(leader);
    let weight = one.weight();
    let tls = url.as_ref().is_some_and(|url| url.tls);
    let external = one.switch("external", tls || (leader && pool.is_none()));
    let keep_alive = one.keep_alive(pool);
    let allow_link_local = one.allow_link_local(url.as_ref());
    Draft {
        id: id.to_owned(),
        url,
        pool,
        weight,
        leader,
        external,
        keep_alive,
        allow_link_local,
    }
}

/// The keys of one backend.
struct One<'a, 'b> {
    asked: &'a mut Asked<'b>,
    shown: String,
    fields: &'a Dict,
}

impl One<'_, '_> {
    fn given(&mut self, key: &str) -> Option<Setting> {
        let name = format!("{BACKENDS}.{key}");
        let shown = format!("{}.{key}", self.shown);
        self.asked.of_backend(&name, &shown, self.fields.get(key))
    }

    /// What is given, or this default, which is then noted as such.
    fn setting(&mut self, key: &str, default: Setting) -> Setting {
        self.given(key).unwrap_or_else(|| {
            self.asked
                .derived(&format!("{}.{key}", self.shown), &default);
            default
        })
    }

    fn wrong(&mut self, key: &str, wrong: &str, right: &str) {
        let name = format!("{}.{key}", self.shown);
        let mut problem = Problem::new(&name, wrong, right);
        problem.origin = self
            .fields
            .get(key)
            .map(|value| self.asked.merged.origin(value));
        self.asked.problems.push(problem);
    }

    fn url(&mut self) -> Option<BackendUrl> {
        let given = self.given("url");
        if let Some(Setting::Url(url)) = given {
            return Some(url);
        }
        if !self.fields.contains_key("url") {
            let right = format!("{} is right", Kind::Url.right());
            self.wrong("url", "it has none", &right);
        }
        None
    }

    fn pool(&mut self, leader: bool) -> Option<Pool> {
        if let Some(Setting::Text(name)) = self.given("pool") {
            return Pool::named(&name);
        }
        if !leader && !self.fields.contains_key("pool") {
            let right = "pool = \"read\" or another one, or leader = true, is right";
            self.wrong("pool", "it has none", right);
        }
        None
    }

    fn switch(&mut self, key: &str, default: bool) -> bool {
        let setting = self.setting(key, Setting::Switch(default));
        if let Setting::Switch(on) = setting {
            on
        } else {
            default
        }
    }

    /// A URL that names such an address is refused here; what a name turns out to mean, at dial.
    fn allow_link_local(&mut self, url: Option<&BackendUrl>) -> bool {
        let allowed = self.switch("allow_link_local", false);
        let address = url.and_then(|url| url.host.parse().ok());
        if !allowed && address.is_some_and(is_link_local) {
            let right = "another address, or allow_link_local = true, is right";
            self.wrong("url", "a link-local or metadata address", right);
        }
        allowed
    }

    fn weight(&mut self) -> u32 {
        let setting = self.setting("weight", Setting::Count(1));
        if let Setting::Count(weight) = setting {
            u32::try_from(weight).unwrap_or(u32::MAX)
        } else {
            1
        }
    }

    fn keep_alive(&mut self, pool: Option<Pool>) -> Duration {
        let default = if pool == Some(Pool::Write) {
            WRITE_KEEP_ALIVE
        } else {
            KEEP_ALIVE
        };
        let setting = self.setting("keep_alive", Setting::Time(default));
        if let Setting::Time(time) = setting {
            time
        } else {
            default
        }
    }
}

fn one_leader(asked: &mut Asked<'_>, drafts: &[Draft]) {
    let leaders: Vec<&str> = drafts.iter().filter(|d| d.leader).map(|d| &*d.id).collect();
    if leaders.len() > 1 {
        let wrong = format!("{} are leaders", leaders.join(" and "));
        asked
            .problems
            .push(Problem::new(BACKENDS, wrong, "at most one is right"));
    }
}

/// Whether the calls that every client makes have somewhere to go.
fn enough(asked: &mut Asked<'_>, drafts: &[Draft]) {
    let has = |pool| drafts.iter().any(|draft| draft.pool == Some(pool));
    let needs: &[(Pool, &str)] = match asked.profile() {
        Profile::TxProxy => &[
            (Pool::Read, "READ_ENDPOINT"),
            (Pool::Write, "WRITE_ENDPOINT"),
        ],
        Profile::Evm if drafts.iter().any(|draft| draft.leader) => &[],
        Profile::Evm => &[(Pool::Read, "READ_ENDPOINT")],
    };
    for (pool, endpoint) in needs.iter().filter(|(pool, _)| !has(*pool)) {
        asked.problems.push(Problem::new(
            BACKENDS,
            format!("no backend has the {pool} pool"),
            format!("{endpoint} or a [[backends]] entry with pool = \"{pool}\" is right"),
        ));
    }
}

/// Ids compare as written, but some tools write variables in capitals, which makes a second backend
/// of what was meant to change the first.
fn twins(asked: &mut Asked<'_>, drafts: &[Draft]) {
    let mut seen: HashMap<String, &str> = HashMap::new();
    for draft in drafts {
        let Some(other) = seen.insert(draft.id.to_ascii_lowercase(), &draft.id) else {
            continue;
        };
        let wrong = format!("it differs from {other} only in capitals");
        let key = format!("{BACKENDS}.{}", draft.id);
        let right = "one spelling, or ids that differ in more than that, is right";
        asked.problems.push(Problem::new(&key, wrong, right));
    }
}

//! The configuration read again: when asked for, and when its files have changed.

use std::path::PathBuf;
use std::time::Duration;

use config::change;
use config::load;
use config::load::Loaded;
use config::load::Sources;
use config::problem::Problem;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::time::MissedTickBehavior;

use crate::files::Files;
use crate::gauges::Reloads;
use crate::prober::Order;

/// Between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Reads the configuration again. It belongs on a thread of its own, because it reads files.
#[derive(Debug)]
pub struct Reloader {
    /// Where the configuration comes from.
    pub sources: Origin,
    /// The configuration's file, as it was before it was loaded.
    pub files: Files,
    /// What was loaded last and is in force, but for what needs a restart.
    pub loaded: Loaded,
    /// Who puts it in force.
    pub orders: mpsc::Sender<Order>,
    /// How it ended.
    pub reloads: Reloads,
}

/// Sources, which are not shown because their environment may hold secrets.
#[derive(Clone)]
pub struct Origin(pub Sources);

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin")
    }
}

impl Reloader {
    /// Waits for `asked` and for files that change, for as long as the process runs.
    pub async fn run(mut self, mut asked: mpsc::Receiver<()>) {
        self.files.follow(self.paths());
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let why = tokio::select! {
                Some(()) = asked.recv() => "SIGHUP",
                _ = looks.tick() => match self.files.look() {
                    true => "a file has changed",
                    false => continue,
                },
            };
            tracing::info!(why, "loading the configuration again");
            // As the files are before they are read: what changes meanwhile is another change.
            let mut before = Files::new(self.paths());
            match self.reload().await {
                true => self.reloads.succeeded(),
                false => self.reloads.failed(),
            }
            before.follow(self.paths());
            self.files = before;
        }
    }

    /// The configuration's files: itself, and those that secrets and authorities come from.
    fn paths(&self) -> Vec<PathBuf> {
        let files = self.loaded.files.iter().cloned();
        self.sources.0.path().into_iter().chain(files).collect()
    }

    /// Loads, compares and puts in force; false when nothing has changed because something is wrong.
    async fn reload(&mut self) -> bool {
        let new = match load::load(&self.sources.0) {
            Ok(new) => new,
            Err(problems) => return refuse(&problems),
        };
        let differences = change::differences(&self.loaded, &new);
        for difference in &differences {
            match difference.restart {
                true => tracing::warn!("configuration: {difference}"),
                false => tracing::info!("configuration: {difference}"),
            }
        }
        for warning in &new.warnings {
            tracing::warn!("{warning}");
        }
        let new = change::as_started(&self.loaded, new);
        let (done, heard) = oneshot::channel();
        let config = new.config.clone();
        // A prober that is gone drops the order, and whoever waits hears of it.
        let _sent = self.orders.send(Order { config, done }).await;
        let gone = || Err("nobody is there to do it".to_owned());
        match heard.await.unwrap_or_else(|_| gone()) {
            Ok(()) => {
                tracing::info!(changes = differences.len(), "the configuration is in force");
                self.loaded = new;
                true
            }
            Err(error) => {
                tracing::error!(%error, "the configuration cannot be put in force: nothing has changed");
                false
            }
        }
    }
}

fn refuse(problems: &[Problem]) -> bool {
    for problem in problems {
        tracing::error!("configuration: {problem}");
    }
    tracing::error!(
        problems = problems.len(),
        "the configuration is no good: nothing has changed"
    );
    false
}

#[cfg(test)]
mod tests;

//! Another configuration: backends come, stay or go, and everything is swapped whole.

use std::sync::Arc;

use config::checked;
use config::checked::Config;
use proxy::live::Backend;
use proxy::live::Settings;
use proxy::live::Snapshot;

use crate::prober::Post;
use crate::prober::Prober;
use crate::publish;

impl Prober {
    /// Puts a configuration in force. A backend is the same while its id and its URL are: what is
    /// known of it and its idle connections are kept. One that is gone ends what it has under way.
    pub(crate) fn change(&mut self, config: Config) -> Result<(), String> {
        let before = self.worker.live.snapshot();
        let (was, old) = (&before.settings.config, &before.settings.config.backends);
        let same = |a: &checked::Backend, b: &checked::Backend| a.id == b.id && a.url == b.url;
        let stood = |wanted| old.iter().position(|old| same(old, wanted));
        let kept: Vec<Option<usize>> = config.backends.iter().map(stood).collect();
        let backends = config.backends.iter().zip(&kept);
        let backends = backends.map(|(wanted, kept)| self.backend(wanted, *kept, &before));
        let backends = backends.collect::<Result<Vec<_>, _>>()?;
        let stays = |old: usize| kept.contains(&Some(old));
        for (at, gone) in old.iter().enumerate().filter(|(at, _)| !stays(*at)) {
            let id = gone.id.as_str();
            self.gauges.forget(id);
            if !config.backends.iter().any(|wanted| wanted.id == gone.id) {
                self.worker.metrics.forget(id);
            }
            if let Some(post) = self.posts.get_mut(at) {
                post.stop();
            }
        }
        // What counts by method goes on counting under the names it had at the start.
        let methods = config.methods.clone().labelled_as(&was.methods);
        let settings = Arc::new(Settings::new(Config { methods, ..config }));
        let specs = publish::specs(&settings);
        let limits = publish::limits(&settings);
        self.fleet.change(specs.clone(), &kept, limits);
        let mut before: Vec<_> = std::mem::take(&mut self.posts)
            .into_iter()
            .map(Some)
            .collect();
        for ((spec, backend), kept) in specs.iter().zip(&backends).zip(&kept) {
            self.gauges.prepare(spec.id.as_str());
            let known = kept.and_then(|kept| before.get_mut(kept)?.take());
            let post = match known {
                Some(post) => post.takes(backend),
                None => self.post(spec, Arc::clone(backend)),
            };
            self.posts.push(post);
        }
        self.specs = specs;
        self.publisher.change(settings, backends);
        self.publish();
        Ok(())
    }

    /// The backend as it is wanted: the very same, the same under other terms, or a new one.
    fn backend(
        &self,
        wanted: &checked::Backend,
        kept: Option<usize>,
        before: &Snapshot,
    ) -> Result<Arc<Backend>, String> {
        // One more than there are workers: the prober keeps connections of its own.
        let (workers, metrics) = (self.worker.index + 1, &self.worker.metrics);
        let known = kept.and_then(|kept| {
            let was = before.settings.config.backends.get(kept)?;
            Some((was, before.backends.get(kept)?))
        });
        let made = match known {
            Some((was, backend)) if is_like(was, wanted) => return Ok(Arc::clone(backend)),
            Some((_, backend)) => backend.again(wanted, workers, metrics),
            None => Backend::new(wanted, workers, metrics),
        };
        made.map(Arc::new)
            .map_err(|error| format!("{}: {error}", wanted.id))
    }
}

/// Whether two differ in nothing but what the table knows of them.
fn is_like(was: &checked::Backend, wanted: &checked::Backend) -> bool {
    let was = checked::Backend {
        pool: wanted.pool,
        weight: wanted.weight,
        leader: wanted.leader,
        ..was.clone()
    };
    was == *wanted
}

impl Post {
    /// Its backend, perhaps under other terms, which whoever probes it has to know.
    fn takes(mut self, backend: &Arc<Backend>) -> Self {
        if !Arc::ptr_eq(&self.backend, backend) {
            self.stop();
            self.backend = Arc::clone(backend);
        }
        self
    }
}

#[cfg(test)]
mod tests;

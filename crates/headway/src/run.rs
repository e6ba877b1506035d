//! `headway run`: serve until asked to stop.

use std::io;
use std::process::ExitCode;

use config::load::Loaded;
use config::load::Sources;
use control::files::Files;
use proxy::logs;
use proxy::tasks;

use crate::arguments::Configured;
use crate::say;
use crate::show;
use crate::signals;
use crate::signals::Stop;
use crate::wiring;
use crate::wiring::Running;

/// Serves; exit code 1 when the configuration or a data address is no good.
pub(crate) fn run(wanted: &Configured) -> ExitCode {
    let sources = show::sources(wanted);
    // Looked at before it is read, so that no change is missed.
    let files = Files::new(sources.path().into_iter().collect());
    let loaded = match config::load::load(&sources) {
        Ok(loaded) => loaded,
        Err(found) => return show::problems(&found),
    };
    match on_this_thread(serve(loaded, (sources, files))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::error(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs a future on this thread: the one that accepts connections.
pub(crate) fn on_this_thread<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}

/// Serves a checked configuration until a signal asks for the end, and what its sources say after a
/// change.
pub(crate) async fn serve(loaded: Loaded, sources: (Sources, Files)) -> io::Result<()> {
    let mut stop = Stop::listen()?;
    let (mut reopen, mut reload) = (signals::reopen()?, signals::reload()?);
    let running = wiring::start(loaded.clone()).await?;
    let again = wiring::follow(&running, loaded, sources)?;
    tasks::background(async move {
        while reload.recv().await.is_some() {
            // One that waits is enough: it reads what is there when its turn comes.
            let _waits_already = again.try_send(());
        }
    });
    let logs = running.logs.clone();
    tasks::background(async move {
        while reopen.recv().await.is_some() {
            tracing::info!("opening the logs again");
            logs.reopen();
        }
    });
    until_stopped(running, &mut stop).await;
    Ok(())
}

/// Waits for a signal, then lets what is under way end; a second signal ends it at once.
pub(crate) async fn until_stopped(running: Running, stop: &mut Stop) {
    let signal = stop.next().await;
    tracing::info!(
        signal,
        "stopping: not ready any more, what is under way may end"
    );
    tokio::select! {
        ended = running.server.stop() => {
            let how = if ended { "everything under way has ended" } else { "the time to end is over" };
            tracing::info!("stopped: {how}");
        }
        signal = stop.next() => tracing::warn!(signal, "stopped at once"),
    }
    running.logs.flush(logs::PATIENCE);
}

//! Builds every part and hands each its neighbours; the only file that names them all.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use config::checked::Config;
use config::load::Loaded;
use config::load::Sources;
use config::problem::Problem;
use control::admin;
use control::admin::Door;
use control::admin::View;
use control::assemble;
use control::files::Files;
use control::gauges::Gauges;
use control::gauges::Reloads;
use control::prober::ORDERS_MAX;
use control::prober::Order;
use control::prober::Prober;
use control::reload::Origin;
use control::reload::Reloader;
use proxy::listen;
use proxy::logs;
use proxy::logs::Logs;
use proxy::metrics::Metrics;
use proxy::server;
use proxy::server::Server;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::descriptors;
use crate::logging;

/// The data port opens after the first round of probes, or after this long.
const FIRST_ROUND: Duration = Duration::from_secs(2);

/// A Headway that serves.
#[derive(Debug)]
pub(crate) struct Running {
    /// Its data plane.
    pub(crate) server: Server,
    /// What it writes down.
    pub(crate) logs: Logs,
    /// Where another configuration is put in force.
    orders: mpsc::Sender<Order>,
    /// How reloads ended.
    reloads: Reloads,
    /// Where operators ask; none when that is switched off or the port was taken.
    pub(crate) admin: Option<SocketAddr>,
}

/// Starts everything. Must be called inside a runtime, which then accepts the connections.
///
/// # Errors
/// A data address that cannot be bound, or a thread that cannot be started. Side ports that are taken
/// and logs that cannot be opened are no reason to stop.
pub(crate) async fn start(loaded: Loaded) -> io::Result<Running> {
    let config = loaded.config;
    let metrics = assemble::metrics(&config).map_err(io::Error::other)?;
    let logs = open_logs(&config, &metrics, &loaded.warnings)?;
    let connections_max = descriptors::connections_max();
    if config.limits.connections > connections_max {
        tracing::warn!(
            wanted = config.limits.connections,
            allowed = connections_max,
            "limits.connections is lowered: this process may not open more files (ulimit -n)"
        );
    }
    // Bound before anything else is started: a port that is taken should say so at once.
    let mut listeners = Vec::new();
    for address in &config.server.listen {
        let listener = listen::bind(*address).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
        })?;
        listeners.push(listener);
    }
    let count = server::worker_count(config.server.workers);
    let (admin, health) = (config.admin.listen, config.server.health_listen);
    let worker =
        assemble::worker(config, count, (metrics, logs.clone())).map_err(io::Error::other)?;
    let gauges = Gauges::new(&worker).map_err(io::Error::other)?;
    let view = View {
        worker: Arc::new(worker.clone()),
        gauges: Arc::new(gauges),
    };
    let (first_round, rounds_began) = oneshot::channel();
    let (orders, ordered) = mpsc::channel(ORDERS_MAX);
    let gauges = Arc::clone(&view.gauges);
    let reloads = gauges.reloads.clone();
    let prober = Prober::new(worker.clone(), gauges, first_round, ordered);
    thread("headway-prober", prober.run())?;
    let (bound, admin_bound) = oneshot::channel();
    let (unasked, _) = oneshot::channel();
    thread("headway-admin", async move {
        let admin = open(admin, Door::Admin, view.clone(), bound);
        tokio::join!(admin, open(health, Door::Health, view, unasked));
    })?;
    let _patience_over = tokio::time::timeout(FIRST_ROUND, rounds_began).await;
    let server = Server::start(worker, count, (listeners, connections_max))?;
    for address in server.addresses() {
        tracing::info!(%address, "serving");
    }
    Ok(Running {
        server,
        logs,
        orders,
        reloads,
        admin: admin_bound.await.ok(),
    })
}

/// Follows the sources of what a running Headway was started with: their files are watched, and
/// whoever gets the sender may ask for a reload.
///
/// # Errors
/// A thread cannot be started.
pub(crate) fn follow(
    running: &Running,
    loaded: Loaded,
    (sources, files): (Sources, Files),
) -> io::Result<mpsc::Sender<()>> {
    let (again, asked) = mpsc::channel(1);
    let reloader = Reloader {
        sources: Origin(sources),
        files,
        loaded,
        orders: running.orders.clone(),
        reloads: running.reloads.clone(),
    };
    thread("headway-reload", reloader.run(asked))?;
    Ok(again)
}

/// From here on what is said goes to the logs; what was found before is said there first.
fn open_logs(config: &Config, metrics: &Metrics, warnings: &[Problem]) -> io::Result<Logs> {
    let (logs, troubles) = Logs::open(config, &metrics.front.log_lines_dropped)?;
    logging::start(&config.logs, (logs.told.clone(), logs.errors.clone()));
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    for trouble in troubles {
        tracing::warn!("{trouble}");
    }
    // Before anything that may end the process with a word of its own.
    logs.flush(logs::PATIENCE);
    Ok(logs)
}

/// Serves a side port, if it is wanted.
async fn open(
    address: Option<SocketAddr>,
    door: Door,
    view: View,
    bound: oneshot::Sender<SocketAddr>,
) {
    if let Some(address) = address {
        admin::listen(address, door, view, bound).await;
    }
}

/// Runs something on a thread of its own, so that calls never wait behind it.
fn thread(name: &str, work: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || runtime.block_on(work))?;
    Ok(())
}

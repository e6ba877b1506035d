//! Who runs in a race, and how each is set up so that the comparison is fair: one worker, no log.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use crate::program::Program;

/// Who stands between the load and the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rival {
    /// Nobody: what load and upstream can do at most.
    Direct,
    /// Plain nginx with kept-alive upstream connections.
    Nginx,
    /// Headway as it was built from this tree.
    Headway,
}

/// A rival that is ready.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) rival: Rival,
    /// Where the load calls.
    pub(crate) address: SocketAddr,
    /// Its processes; none when there is nobody in between.
    pub(crate) program: Option<Program>,
}

/// What every rival is set up with.
#[derive(Debug)]
pub(crate) struct Course<'a> {
    pub(crate) upstream: SocketAddr,
    pub(crate) connections: u16,
    /// For files of the rivals.
    pub(crate) folder: &'a Path,
}

impl Rival {
    /// Everybody, in the order of their turns.
    pub(crate) const ALL: [Self; 3] = [Self::Direct, Self::Nginx, Self::Headway];

    /// The name in tables and reports.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Nginx => "nginx",
            Self::Headway => "headway",
        }
    }

    /// Starts it; `None` when it is not installed.
    pub(crate) fn start(self, course: &Course<'_>) -> io::Result<Option<Ready>> {
        let started = match self {
            Self::Direct => Ok((course.upstream, None)),
            Self::Nginx => nginx(course).map(|(program, address)| (address, Some(program))),
            Self::Headway => headway(course).map(|(program, address)| (address, Some(program))),
        };
        match started {
            Ok((address, program)) => Ok(Some(Ready {
                rival: self,
                address,
                program,
            })),
            Err(error) if self == Self::Nginx && error.kind() == io::ErrorKind::NotFound => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn nginx(course: &Course<'_>) -> io::Result<(Program, SocketAddr)> {
    // nginx cannot tell which port it got, so a free one is looked for first.
    let address = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?;
    let config = course.folder.join("nginx.conf");
    fs::write(&config, nginx_config(course, address))?;
    let mut command = Command::new("nginx");
    command.arg("-e").arg(course.folder.join("error.log"));
    command.arg("-p").arg(course.folder).arg("-c").arg(config);
    let mut program = Program::start(&mut command)?;
    program.listens(address)?;
    Ok((program, address))
}

fn nginx_config(course: &Course<'_>, address: SocketAddr) -> String {
    let folder = course.folder.display();
    let (upstream, connections) = (course.upstream, course.connections);
    // Both sides of every connection, the listener and a few to spare.
    let sockets = 2 * u32::from(connections) + 64;
    format!(
        "daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections {sockets}; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    upstream node {{
        server {upstream};
        keepalive {connections};
        keepalive_requests 1000000000;
    }}
    server {{
        listen {address};
        location / {{
            proxy_pass http://node;
            proxy_http_version 1.1;
            proxy_set_header Connection \"\";
        }}
    }}
}}
"
    )
}

fn headway(course: &Course<'_>) -> io::Result<(Program, SocketAddr)> {
    let mut command = Command::new(headway_binary()?);
    // Neither the environment nor a proxy.toml of whoever runs the bench may change what is compared.
    command.env_clear().current_dir(course.folder).arg("run");
    command.envs([
        ("HEADWAY_PROFILE", "evm".to_owned()),
        ("HEADWAY_SERVER__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_SERVER__WORKERS", "1".to_owned()),
        ("HEADWAY_ADMIN__LISTEN", "127.0.0.1:0".to_owned()),
        ("HEADWAY_LOGS__ACCESS", "off".to_owned()),
        (
            "HEADWAY_BACKENDS__read-1__URL",
            format!("http://{}", course.upstream),
        ),
        ("HEADWAY_BACKENDS__read-1__POOL", "read".to_owned()),
    ]);
    Program::announced(command.stderr(Stdio::piped()))
}

/// Builds the release binary beside this one's own build folder, and says where it is.
fn headway_binary() -> io::Result<PathBuf> {
    let built = Command::new("cargo")
        .args([
            "build",
            "--release",
            "--package",
            "headway",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .status()?;
    let this = std::env::current_exe()?;
    let folder = this.ancestors().nth(2).filter(|_| built.success());
    let folder = folder.ok_or_else(|| io::Error::other("headway could not be built"))?;
    Ok(folder.join("release").join("headway"))
}

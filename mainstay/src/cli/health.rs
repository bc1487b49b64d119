//! `mainstay healthcheck`: one question to a running server, for containers without curl.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use config::sections::Server;
use serde_json::json;

use super::{Exit, Failed, Global, Out, serve};
use crate::startup::load_settings;

#[derive(Debug, clap::Args)]
pub(crate) struct Healthcheck {
    /// The address of the server. Without it, server.listen.
    #[arg(long, value_name = "ADDR")]
    address: Option<SocketAddr>,
    /// Ask only whether the process lives (/health), not whether it is ready (/ready).
    #[arg(long)]
    live: bool,
}

pub(crate) fn run(args: &Healthcheck, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let mut address = if let Some(address) = args.address {
        address
    } else {
        let settings =
            load_settings(global.config.clone(), serve::flags(global)).map_err(super::config::failed)?;
        settings.get::<Server>().listen
    };
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let path = if args.live { "/health" } else { "/ready" };
    let unreachable = |why: String| {
        let what = format!("http://{address}{path} does not say that all is well");
        Failed::new(Exit::Unreachable, "not_healthy", what, "Look at the log of the server.").why(why)
    };
    let answer = ask(address, path).map_err(|error| unreachable(error.to_string()))?;
    let status = answer.lines().next().unwrap_or_default().to_owned();
    if status.split(' ').nth(1) != Some("200") {
        return Err(unreachable(answer.lines().last().unwrap_or_default().to_owned()));
    }
    out.result("ok", &json!({ "status": "ok" }));
    Ok(Exit::Ok)
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    const LIMIT: Duration = Duration::from_secs(5);
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}

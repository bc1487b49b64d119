//! `mainstay jobs`: watching and steering work from the machine.

use std::time::Duration;

use serde_json::Value;

use super::{Exit, Failed, Global, Out, order};
use crate::orders::Order;

/// Between two looks at a job that is followed.
const LOOK: Duration = Duration::from_millis(500);

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Jobs {
    /// The newest jobs of all workspaces and of the installation, 100 at most.
    List(List),
    /// A job and what it says.
    Show(Show),
    /// Give a job that failed or was cancelled all its attempts anew.
    Retry {
        /// The id of the job, as `mainstay jobs list` shows it.
        id: String,
    },
    /// Cancel a job: a queued one at once, a running one when it stops.
    Cancel {
        /// The id of the job, as `mainstay jobs list` shows it.
        id: String,
    },
    /// Take nothing more from a queue; what runs goes on.
    Pause {
        /// The name of the queue, as `mainstay jobs show` tells it of a job.
        queue: String,
    },
    /// Take from a queue again.
    Resume {
        /// The name of the queue.
        queue: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// Only jobs that stand like this.
    #[arg(long, value_parser = ["queued", "running", "done", "failed", "cancelled"])]
    state: Option<String>,
    /// Only jobs of this kind, for example `mail.send`.
    #[arg(long)]
    kind: Option<String>,
    /// Only jobs of this queue.
    #[arg(long)]
    queue: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The id of the job, as `mainstay jobs list` shows it.
    id: String,
    /// Go on until it has ended. With --json a line for each thing that happens.
    #[arg(long)]
    follow: bool,
}

pub(crate) fn run(command: Jobs, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let (order, words) = match command {
        Jobs::List(list) => {
            let order = Order::JobsList { state: list.state, kind: list.kind, queue: list.queue };
            let done = order::carry_out(order, global, out)?;
            out.result(&table(&done), &done);
            return Ok(Exit::Ok);
        }
        Jobs::Show(args) => return show(&args, global, out),
        Jobs::Retry { id } => (Order::JobRetry { id: id.clone() }, format!("{id} is queued again")),
        Jobs::Cancel { id } => (Order::JobCancel { id: id.clone() }, String::new()),
        Jobs::Pause { queue } => (
            Order::QueuePause { queue: queue.clone(), paused: true },
            format!("nothing is taken from {queue}"),
        ),
        Jobs::Resume { queue } => {
            (Order::QueuePause { queue: queue.clone(), paused: false }, format!("{queue} is served again"))
        }
    };
    let done = order::carry_out(order, global, out)?;
    let words = match done["state"].as_str() {
        Some("running") => format!("{} was told to stop", text(&done, "id")),
        Some("cancelled") => format!("{} is cancelled", text(&done, "id")),
        _ => words,
    };
    out.result(&words, &done);
    Ok(Exit::Ok)
}

fn show(args: &Show, global: &Global, out: &Out) -> Result<Exit, Failed> {
    let (mut after, quiet) = (0, out.without_progress());
    let mut first = true;
    loop {
        let say = if first { out } else { &quiet };
        let seen = order::carry_out(Order::JobShow { id: args.id.clone(), after }, global, say)?;
        let (job, lines) = (&seen["job"], seen["lines"].as_array().cloned().unwrap_or_default());
        if first && !(args.follow && out.json) {
            if out.json {
                out.result("", &seen);
            } else {
                out.print(&sheet(job));
            }
        }
        for line in &lines {
            after = line["number"].as_i64().unwrap_or(after);
            if args.follow && out.json {
                out.print(&line.to_string());
            } else if !out.json {
                out.print(&line_of(line));
            }
        }
        first = false;
        let ended = !matches!(job["state"].as_str(), Some("queued" | "running"));
        // Without --follow the log is read to its end; with it, until the job has ended too.
        if lines.is_empty() && (ended || !args.follow) || out.json && !args.follow {
            return Ok(Exit::Ok);
        }
        if lines.is_empty() {
            serve_pause(LOOK);
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a command that waits blocks nobody")]
fn serve_pause(span: Duration) {
    std::thread::sleep(span);
}

pub(super) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn line_of(line: &Value) -> String {
    format!("{}  {:<14}  {}", text(line, "occurred_at"), text(line, "type"), plain(text(line, "says")))
}

/// What jobs say is shown, and does nothing to a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn sheet(job: &Value) -> String {
    let names = [
        "id",
        "kind",
        "queue",
        "subject",
        "state",
        "stuck",
        "run_at",
        "created_at",
        "started_at",
        "ended_at",
        "error",
    ];
    let there = names.iter().filter_map(|name| Some((name, job[*name].as_str()?)));
    there.map(|(name, value)| format!("{name:<11} {}", plain(value))).collect::<Vec<_>>().join("\n")
}

fn table(done: &Value) -> String {
    let head = ["ID", "KIND", "STATE", "TRIES", "CREATED", "ERROR"];
    let rows = done["items"].as_array().into_iter().flatten().map(|job| {
        let state = match job["stuck"].as_str() {
            Some(stuck) => format!("{} ({stuck})", text(job, "state")),
            None => text(job, "state").to_owned(),
        };
        let error = plain(text(job, "error")).chars().take(60).collect();
        let created = text(job, "created_at").chars().take(19).collect();
        [
            text(job, "id").to_owned(),
            text(job, "kind").to_owned(),
            state,
            job["attempt"].to_string(),
            created,
            error,
        ]
    });
    table_of(head, rows, "No jobs.")
}

/// Rows under a head, each column as wide as its widest; `none` when there are no rows.
pub(super) fn table_of(head: [&str; 6], rows: impl Iterator<Item = [String; 6]>, none: &str) -> String {
    let rows: Vec<_> = std::iter::once(head.map(str::to_owned)).chain(rows).collect();
    if rows.len() == 1 {
        return none.to_owned();
    }
    let widths: Vec<usize> =
        (0..6).map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 6]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

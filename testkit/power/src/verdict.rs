//! The verifier: a program of its own that opens what is left of a database.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::order::Ack;

/// `verify.py`, which answers one line for each it gets.
pub struct Verifier {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Verifier {
    /// # Panics
    /// When there is no Python.
    pub fn start() -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify.py");
        let mut child = Command::new("python3")
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let asks = child.stdin.take().expect("it is piped");
        let answers = BufReader::new(child.stdout.take().expect("it is piped"));
        Self { child, asks, answers }
    }

    /// What is wrong with this data folder, given what was acknowledged. It is changed by being looked at.
    ///
    /// # Panics
    /// When the verifier itself fails.
    pub fn look<'a>(
        &mut self,
        data: &Path,
        set_up: bool,
        secret: Option<&str>,
        acks: impl Iterator<Item = &'a Ack>,
    ) -> Vec<String> {
        let acks: Vec<_> = acks.map(|ack| [ack.description.as_str(), ack.id.as_str()]).collect();
        let ask = serde_json::json!({"data": data, "set_up": set_up, "secret": secret, "acks": acks});
        writeln!(self.asks, "{ask}").expect("the verifier listens");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the verifier answers");
        serde_json::from_str(&answer).expect("the verifier answers with a list")
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

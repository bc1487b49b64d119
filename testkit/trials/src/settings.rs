//! Whom jobs tell, and how long they take.

use std::time::Duration;

config::section! {
    /// The workload of tests.
    pub struct TrialsSettings as "trials" {
        /// Who is told by jobs: `127.0.0.1:9999`. Without it nobody.
        sink: String = "",
        /// How long a job works before it tells anybody: long enough for a kill to find it there.
        work: Duration = "5ms",
    }
}

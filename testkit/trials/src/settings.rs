//! Whom jobs tell.

config::section! {
    /// The workload of tests.
    pub struct TrialsSettings as "trials" {
        /// Who is told by jobs: `127.0.0.1:9999`. Without it nobody.
        sink: String = "",
    }
}

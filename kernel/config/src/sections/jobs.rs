//! How jobs are run.

use std::time::Duration;

use super::not_zero;

crate::section! {
    /// Jobs: work beside the requests.
    pub struct Jobs as "jobs" {
        /// Whether `mainstay serve` runs jobs itself. Without it they wait for `mainstay worker`, so it needs PostgreSQL.
        work: bool = true,
        /// How long a job may go on when the process stops; then it is given back and runs again elsewhere. At most a third of
        /// `server.drain`.
        grace: Duration = "10s",
        /// How long jobs that are done or cancelled are remembered. Failed ones are kept until somebody looks at them.
        #[runtime] #[check(not_zero)]
        keep: Duration = "30d",
    }
    check = somebody_works;
}

/// On SQLite there is no other process that could.
fn somebody_works(settings: &crate::Settings) -> Vec<crate::Mistake> {
    let sqlite = settings.find::<super::Database>().is_some_and(|database| database.is_sqlite());
    if settings.get::<Jobs>().work || !sqlite {
        return Vec::new();
    }
    let what = "leaves nobody to run jobs: on SQLite only the server itself can";
    vec![
        crate::Mistake::new("jobs.work", what)
            .hint("leave it true, or move to PostgreSQL and start `mainstay worker`")
            .given(&["database.url"]),
    ]
}

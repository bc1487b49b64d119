//! The job that writes a letter: its link and the mail are one commit.

use std::sync::Arc;

use mail::{Mailer, Message};
use queue::{Finished, Job, Kind};
use types::{Error, Result};
use web::App;

use super::model::Letter;
use super::ops_drafts::Desk;
use crate::links::{self, NewLink};

pub(crate) static LETTER: Kind<Letter> =
    Kind { queue: "mail", ..Kind::new("people.letter", |job, letter| Box::pin(write(job, letter))) };

/// A mail that is ready, and the link that stands in it.
pub(super) struct Draft {
    pub(super) message: Message,
    pub(super) link: NewLink,
    /// Whether strangers can ask for it, so that an address gets only so many.
    pub(super) counted: bool,
}

impl Draft {
    pub(super) fn counted(self) -> Self {
        Self { counted: true, ..self }
    }
}

async fn write(job: Job, letter: Letter) -> Result<Finished> {
    let app = job.context::<App>()?.clone();
    let by = job.installation()?.clone();
    let drafts = Desk { app: &app, by: &by }.drafts(letter).await.map_err(for_good)?;
    if drafts.is_empty() {
        return job.done().await;
    }
    let args = (Arc::clone(app.mailer()), drafts);
    job.finish_installation(args, |tx, by, (mailer, drafts): &(Arc<Mailer>, Vec<Draft>)| {
        Box::pin(async move {
            for draft in drafts {
                if draft.counted && links::ops::had_enough(tx, by, &draft.link).await? {
                    metrics::counter!("mainstay_letters_held_total").increment(1);
                    continue;
                }
                links::ops::issue(tx, by, &draft.link).await?;
                mailer.send_installation(tx, by, &draft.message).await?;
            }
            Ok(())
        })
    })
    .await
}

/// An address that no mail can be sent to will be none at the next attempt either.
fn for_good(error: Error) -> Error {
    if error.code() == "mail_address" { queue::not_again(error) } else { error }
}

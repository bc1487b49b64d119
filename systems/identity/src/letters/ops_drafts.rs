//! Who gets which letter. Whether anybody has an address is looked up here, where nobody waits for the answer.

use std::sync::Arc;
use std::time::Duration;

use config::sections::Server;
use mail::{Address, Message};
use types::{Installation, PersonId, Result};
use web::App;

use super::jobs::Draft;
use super::model::{LETTER as TEMPLATE, Letter, News};
use super::words::{self, Door, Words, span};
use crate::links::{self, NewLink, Purpose, Token};
use crate::people::{self, Email, PersonRow, Status};
use crate::settings::IdentitySettings;

/// Where letters are written: what they need from the house.
pub(super) struct Desk<'a> {
    pub(super) app: &'a App,
    pub(super) by: &'a Installation,
}

/// A link that is to stand in a letter.
struct Open {
    purpose: Purpose,
    /// The address that opening it proves.
    proves: Email,
    person: Option<(PersonId, i64)>,
    life: Duration,
    label: &'static str,
}

impl Desk<'_> {
    pub(super) async fn drafts(&self, letter: Letter) -> Result<Vec<Draft>> {
        match letter {
            Letter::Register { email } => self.register(&email).await,
            Letter::RegisterAgain { email } => self.register_again(&email).await,
            Letter::Reset { email } => self.reset(&email).await,
            Letter::ChangeAddress { person, email } => self.change_address(person, &email).await,
            Letter::AddressChanged { person, before } => self.address_changed(person, &before).await,
            Letter::PasswordChanged { person } => self.password_changed(person).await,
            Letter::Door { person, news } => self.door(person, &news).await,
            Letter::Leaving { person } => self.leaving(person).await,
            Letter::Gone { email } => Ok(vec![told(&Email::of(&email), words::gone(&self.place()))?]),
        }
    }

    async fn register(&self, email: &str) -> Result<Vec<Draft>> {
        let email = Email::of(email);
        if let Some(person) = self.by_email(&email.key).await? {
            return Ok(vec![told(&written_to(&person), words::has_account(&self.place()))?.counted()]);
        }
        let open = Open {
            purpose: Purpose::Register,
            proves: email.clone(),
            person: None,
            life: self.settings().verify_link_life,
            label: "Make the account",
        };
        Ok(vec![self.linked(&email, open, words::register(&self.place()))?.counted()])
    }

    /// Only for who asked for an account before; to others it says nothing, like every letter to nobody.
    async fn register_again(&self, email: &str) -> Result<Vec<Draft>> {
        let read = self.app.db().read((self.by.clone(), people::email_key(email)), |rx, (by, key)| {
            Box::pin(links::store::is_registering(rx, by, key))
        });
        if read.await? { self.register(email).await } else { Ok(Vec::new()) }
    }

    async fn reset(&self, email: &str) -> Result<Vec<Draft>> {
        let person = self.by_email(&people::email_key(email)).await?;
        let open = |person: &PersonRow| matches!(person.status, Status::Active | Status::Leaving);
        let Some(person) = person.filter(open) else { return Ok(Vec::new()) };
        let to = written_to(&person);
        let open = Open {
            purpose: Purpose::Reset,
            proves: to.clone(),
            person: Some((person.id, person.proof)),
            life: self.settings().reset_link_life,
            label: "Set a new password",
        };
        Ok(vec![self.linked(&to, open, words::reset(&self.place()))?.counted()])
    }

    /// Both ends have to agree. When somebody else has the new address, its owner is told so, and that half never comes.
    async fn change_address(&self, person: PersonId, email: &str) -> Result<Vec<Draft>> {
        let person = self.person(person).await?.filter(|person| person.status == Status::Active);
        let Some(person) = person else { return Ok(Vec::new()) };
        let (old, new) = (written_to(&person), Email::of(email));
        let [to_old, to_new] = words::change_address(&self.place(), &old.typed, &new.typed);
        let open = |purpose| Open {
            purpose,
            proves: new.clone(),
            person: Some((person.id, person.proof)),
            life: self.settings().verify_link_life,
            label: "Agree",
        };
        let at_old = self.linked(&old, open(Purpose::OldAddress), to_old)?;
        let at_new = match self.by_email(&new.key).await? {
            Some(other) => told(&written_to(&other), words::has_account(&self.place()))?,
            None => self.linked(&new, open(Purpose::NewAddress), to_new)?,
        };
        Ok(vec![at_old, at_new.counted()])
    }

    async fn address_changed(&self, person: PersonId, before: &str) -> Result<Vec<Draft>> {
        let Some(person) = self.person(person).await? else { return Ok(Vec::new()) };
        let words = || words::address_changed(&self.place(), before, &person.email);
        Ok(vec![told(&Email::of(before), words())?, told(&written_to(&person), words())?])
    }

    async fn password_changed(&self, person: PersonId) -> Result<Vec<Draft>> {
        let Some(person) = self.person(person).await? else { return Ok(Vec::new()) };
        Ok(vec![told(&written_to(&person), words::password_changed(&self.place()))?])
    }

    async fn door(&self, person: PersonId, news: &News) -> Result<Vec<Draft>> {
        let Some(person) = self.person(person).await? else { return Ok(Vec::new()) };
        Ok(vec![told(&written_to(&person), words::door(&self.place(), news))?])
    }

    async fn leaving(&self, person: PersonId) -> Result<Vec<Draft>> {
        let person = self.person(person).await?.filter(|person| person.status == Status::Leaving);
        let Some((person, at)) = person.and_then(|person| person.leaves_at.map(|at| (person, at))) else {
            return Ok(Vec::new());
        };
        let (to, life) = (written_to(&person), at.since(self.app.clock().now()));
        let open = Open {
            purpose: Purpose::Stay,
            proves: to.clone(),
            person: Some((person.id, person.proof)),
            life,
            label: "Keep the account",
        };
        Ok(vec![self.linked(&to, open, words::leaving(&self.place(), life))?])
    }

    fn linked(&self, to: &Email, open: Open, words: Words) -> Result<Draft> {
        let Open { purpose, proves, person, life, label } = open;
        let token = Token::new();
        let address = token.address(&self.public(), purpose);
        let door = Door { label, address, code: token.text().to_owned(), life: span(life) };
        let link = NewLink { hash: token.hash(), purpose, person, email: proves, life };
        Ok(Draft { message: message(to, Words { link: Some(door), ..words })?, link, counted: false })
    }

    fn settings(&self) -> Arc<IdentitySettings> {
        self.app.settings().get::<IdentitySettings>()
    }

    fn public(&self) -> String {
        self.app.settings().get::<Server>().public_address(None)
    }

    /// How people call this installation: the host of its public address.
    fn place(&self) -> String {
        let public = self.public();
        public.split_once("://").map_or(public.as_str(), |(_, host)| host).to_owned()
    }

    async fn by_email(&self, key: &str) -> Result<Option<PersonRow>> {
        let args = (self.by.clone(), key.to_owned());
        self.app.db().read(args, |rx, (by, key)| Box::pin(people::store::by_email(rx, by, key))).await
    }

    async fn person(&self, id: PersonId) -> Result<Option<PersonRow>> {
        let args = (self.by.clone(), id);
        self.app.db().read(args, |rx, (by, id)| Box::pin(people::store::get(rx, by, *id))).await
    }
}

/// A letter without a link; its row only counts.
fn told(to: &Email, words: Words) -> Result<Draft> {
    let (hash, purpose, life) = (Token::new().hash(), Purpose::Told, Duration::ZERO);
    let link = NewLink { hash, purpose, person: None, email: to.clone(), life };
    Ok(Draft { message: message(to, words)?, link, counted: false })
}

/// The address that the person has, never the one that somebody typed: two spellings that are the same here may be two
/// mailboxes elsewhere.
fn written_to(person: &PersonRow) -> Email {
    Email::of(&person.email)
}

fn message(to: &Email, words: Words) -> Result<Message> {
    Message::new(Address::new("", &to.typed)?, &TEMPLATE, &words)
}

//! The text of a recovery code, and its hash.

use ring::digest;
use types::PersonId;

use crate::secrets;

/// How many there are in a set.
pub(crate) const SET: usize = 10;
/// Without letters that look like others. 16 of them are 80 bits, so that a plain hash is enough.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 16;

/// A new one: `7d3k-0v9a-x2mq-hs5w`.
pub(crate) fn new() -> String {
    let letters = secrets::random::<LENGTH>().map(|byte| char::from(LETTERS[usize::from(byte & 31)]));
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What the table keeps of a code as it was typed: any case, with or without hyphens, `o` for 0 and `l` for 1. `None` for
/// text that is no recovery code.
pub(crate) fn hash(person: PersonId, typed: &str) -> Option<[u8; 32]> {
    if typed.len() > 64 {
        return None;
    }
    let letters =
        typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        });
    let text: String = letters.collect();
    let good = text.len() == LENGTH && text.bytes().all(|byte| LETTERS.contains(&byte));
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(person.as_bytes());
    hash.update(text.as_bytes());
    good.then(|| hash.finish().as_ref().try_into().expect("SHA-256 is 32 bytes"))
}

#[cfg(test)]
mod tests {
    use types::Time;

    use super::*;

    #[test]
    fn a_code_is_the_same_however_it_is_typed() {
        let person = PersonId::at(Time::from_millis(1_800_000_000_000));
        let code = new();
        assert_eq!(code.len(), 19, "{code}");
        let kept = hash(person, &code);
        assert!(kept.is_some());
        assert_eq!(hash(person, &code.to_uppercase()), kept);
        assert_eq!(hash(person, &format!(" {} ", code.replace('-', ""))), kept);
        assert_eq!(hash(person, &code.replace('0', "O").replace('1', "l")), kept);
        assert_ne!(hash(PersonId::at(Time::from_millis(1)), &code), kept);
        for text in ["", "123456", "7d3k-0v9a-x2mq-hs5", "7d3k-0v9a-x2mq-hs5u", &"a".repeat(999)] {
            assert_eq!(hash(person, text), None, "{text}");
        }
    }
}

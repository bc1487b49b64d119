//! Which passwords are too easy to guess: the ones that everybody thinks of, and patterns instead of words.
//!
//! `words.txt` holds the words that lead every published list of leaked passwords, `known.txt` what people make of them to
//! reach twelve characters and that no rule here sees; both were put together for this file. Refuses to know lengths and
//! whose password it is.

use unicode_normalization::UnicodeNormalization as _;

const WORDS: &str = include_str!("words.txt");
const KNOWN: &str = include_str!("known.txt");

/// Fewer different characters than this are a pattern, whatever their number.
const LEAST_VARIETY: usize = 5;
/// What has to be left of a password without what everybody knows of its owner.
const LEAST_OWN: usize = 8;
const ROWS: [&str; 8] =
    ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm"];

/// Whether a guesser tries it among the first: however it is cased, spaced or written with digits for letters.
pub(crate) fn is_easy(password: &str) -> bool {
    let plain = plain(password);
    let different = password.chars().collect::<std::collections::HashSet<_>>().len();
    different < LEAST_VARIETY
        || is_repeated(&plain)
        || is_walk(&plain)
        || is_word(&plain)
        || is_in(KNOWN, &plain)
        || is_in(KNOWN, &without_digits_for_letters(&plain))
}

/// Whether little is left of it without these words: the owner's address, the name of this place.
pub(crate) fn is_made_of(password: &str, words: &[&str]) -> bool {
    let whole = plain(password);
    let known = words.iter().map(|word| plain(word)).filter(|word| word.chars().count() >= 4);
    let rest = known.fold(whole.clone(), |rest, word| rest.replace(&word, ""));
    rest.len() < whole.len() && rest.chars().count() < LEAST_OWN
}

/// Letters and digits in lower case; full-width and other dressed-up forms count as the plain ones.
fn plain(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

fn without_digits_for_letters(text: &str) -> String {
    let letter = |c| match c {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        '8' => 'b',
        other => other,
    };
    text.chars().map(letter).collect()
}

fn is_in(sorted: &str, word: &str) -> bool {
    // The lines differ in length, so a search by halves steps back to the beginning of each.
    let (mut from, mut to) = (0, sorted.len());
    while from < to {
        let middle = from + (to - from) / 2;
        let start = sorted[..middle].rfind('\n').map_or(0, |at| at + 1);
        let line = sorted[start..].split('\n').next().unwrap_or_default();
        match line.cmp(word) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => from = start + line.len() + 1,
            std::cmp::Ordering::Greater => to = start,
        }
    }
    false
}

/// The same few characters over and over.
fn is_repeated(text: &str) -> bool {
    let all: Vec<char> = text.chars().collect();
    (1..=8).any(|unit| unit * 2 <= all.len() && all.len().is_multiple_of(unit) && repeats(&all, unit))
}

fn repeats(all: &[char], unit: usize) -> bool {
    all.iter().skip(unit).zip(all).all(|(one, before)| one == before)
}

/// Most steps lead to the neighbour: in the alphabet, in counting, or on a keyboard.
fn is_walk(text: &str) -> bool {
    let all: Vec<char> = text.chars().collect();
    let steps = all.windows(2).filter(|pair| are_neighbours(pair[0], pair[1])).count();
    all.len() > 1 && steps * 4 >= (all.len() - 1) * 3
}

fn are_neighbours(one: char, other: char) -> bool {
    let beside =
        |row: &&str| row.find(one).zip(row.find(other)).is_some_and(|(one, other)| one.abs_diff(other) == 1);
    u32::from(one).abs_diff(u32::from(other)) == 1 || ROWS.iter().any(beside)
}

/// One known word, or the same one several times, with digits around it.
fn is_word(text: &str) -> bool {
    let core = text.trim_matches(|c: char| c.is_ascii_digit());
    [core, &without_digits_for_letters(core), &without_digits_for_letters(text)].into_iter().any(|core| {
        let all: Vec<char> = core.chars().collect();
        (4..=all.len()).any(|unit| {
            all.len().is_multiple_of(unit)
                && repeats(&all, unit)
                && is_in(WORDS, &all[..unit].iter().collect::<String>())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_everybody_thinks_of_is_easy() {
        for easy in [
            "password1234",
            "PasswordPassword",
            "P4ssw0rd2024!",
            "\u{ff50}\u{ff41}\u{ff53}\u{ff53}\u{ff57}\u{ff4f}\u{ff52}\u{ff44}1234",
            "qwertyuiop12",
            "1qaz2wsx3edc",
            "abcdefghijkl",
            "098765432109",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "correct horse battery staple",
            "I love you 123456",
            "letmein-letmein",
            "!!!!!!!!!!!!",
        ] {
            assert!(is_easy(easy), "{easy}");
        }
    }

    #[test]
    fn sentences_and_chance_are_not() {
        for good in [
            "correct horse battery",
            "a long enough passphrase",
            "at least twelve characters",
            "x7!Kp2#vLq9z",
            "\u{1f511}\u{1f40e}\u{1f50b}\u{1f9f7}\u{1f680}\u{1f308}\u{1f34b}\u{1f3b2}\u{1f9ca}\u{1f5ff}\u{1f9f2}\u{1f4ce}",
        ] {
            assert!(!is_easy(good), "{good}");
        }
    }

    #[test]
    fn what_everybody_knows_of_the_owner_does_not_count() {
        let words = ["ada.lovelace", "example"];
        assert!(is_made_of("Ada.Lovelace1815", &words));
        assert!(is_made_of("example-ADALOVELACE!", &words));
        assert!(!is_made_of("adalovelace likes engines", &words));
        assert!(!is_made_of("correct horse battery", &words));
        assert!(!is_made_of("a1b2c3d4", &["abc", ""]), "words of three letters are in everything");
    }

    #[test]
    fn the_lists_are_sorted_plain_and_found() {
        for (list, least) in [(WORDS, 4), (KNOWN, 12)] {
            let lines: Vec<&str> = list.lines().collect();
            assert!(lines.is_sorted_by(|one, next| one < next), "sorted, each once");
            for line in &lines {
                assert!(line.len() >= least && plain(line) == **line, "{line}");
                assert!(is_in(list, line), "{line}");
            }
            assert!(!is_in(list, "") && !is_in(list, "zzzzzzzzzzzzzz") && !is_in(list, "000"));
        }
        assert!(KNOWN.lines().count() > 2000);
    }
}

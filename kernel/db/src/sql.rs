//! SQL as text: where words are, and where strings, quoted names and comments are, which are left alone.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'a> {
    /// Letters, digits, `_` and `$`.
    Word(&'a str),
    /// A string, a quoted name, a comment, or anything between words.
    Other(&'a str),
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii()
}

/// The length of the piece that starts here, and whether it is a word.
fn measure(rest: &str) -> (usize, bool) {
    let bytes = rest.as_bytes();
    let until = |found: Option<usize>, length: usize| found.map_or(rest.len(), |at| at + length);
    match bytes[0] {
        quote @ (b'\'' | b'"' | b'`') => {
            // A doubled quote reads as the end of one string and the start of the next: the same bytes are skipped.
            (until(bytes[1..].iter().position(|byte| *byte == quote), 2), false)
        }
        b'-' if rest.starts_with("--") => (until(rest.find('\n'), 1), false),
        b'/' if rest.starts_with("/*") => (until(rest[2..].find("*/"), 4), false),
        b'$' if rest.starts_with("$$") => (until(rest[2..].find("$$"), 4), false),
        byte if is_word(byte) => (bytes.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len()), true),
        _ => (1, false),
    }
}

fn pieces(sql: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sql;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (length, word) = measure(rest);
        let (piece, after) = rest.split_at(length);
        rest = after;
        Some(if word { Piece::Word(piece) } else { Piece::Other(piece) })
    })
}

/// A migration in SQLite's words, in PostgreSQL's.
pub(crate) fn for_postgres(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len() + 64);
    let mut after_without = false;
    for piece in pieces(sql) {
        match piece {
            Piece::Word(word) if word.eq_ignore_ascii_case("text") => text.push_str("TEXT COLLATE \"C\""),
            Piece::Word(word) if word.eq_ignore_ascii_case("blob") => text.push_str("BYTEA"),
            Piece::Word(word) if word.eq_ignore_ascii_case("real") => text.push_str("DOUBLE PRECISION"),
            Piece::Word(word) if after_without && word.eq_ignore_ascii_case("rowid") => {
                let kept = text.to_ascii_uppercase().rfind("WITHOUT").unwrap_or(text.len());
                text.truncate(kept);
            }
            Piece::Word(word) | Piece::Other(word) => text.push_str(word),
        }
        if let Piece::Word(word) = piece {
            after_without = word.eq_ignore_ascii_case("without");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_sqlite_become_words_of_postgres() {
        assert_eq!(
            for_postgres("CREATE TABLE a (text_1 TEXT NOT NULL DEFAULT 'TEXT', b blob, c REAL) -- BLOB"),
            "CREATE TABLE a (text_1 TEXT COLLATE \"C\" NOT NULL DEFAULT 'TEXT', b BYTEA, c DOUBLE PRECISION) -- BLOB"
        );
        assert_eq!(
            for_postgres("CREATE TABLE a (b BIGINT) WITHOUT ROWID;").replace(' ', ""),
            "CREATETABLEa(bBIGINT);"
        );
        assert_eq!(for_postgres("AS $$ TEXT $$; \"TEXT\""), "AS $$ TEXT $$; \"TEXT\"");
    }

    #[test]
    fn strings_names_and_comments_are_left_alone() {
        let sql = "SELECT 'text it''s text', \"text\", `text` -- text\n, /* text */ TEXT, größe_text";
        let told =
            "SELECT 'text it''s text', \"text\", `text` -- text\n, /* text */ TEXT COLLATE \"C\", größe_text";
        assert_eq!(for_postgres(sql), told);
        assert_eq!(for_postgres("SELECT 'text"), "SELECT 'text");
        assert_eq!(for_postgres("/* text"), "/* text");
    }
}

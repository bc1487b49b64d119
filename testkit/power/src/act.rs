//! One call in words, as strace writes it, and what it asks of the disk.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// What a call asks for. Paths are absolute.
#[derive(Debug, PartialEq, Eq)]
pub enum Act {
    /// Open a file that is made when it is not there, and perhaps emptied.
    Open {
        path: PathBuf,
        emptied: bool,
    },
    Write {
        path: PathBuf,
        at: u64,
        data: Vec<u8>,
    },
    SetLength {
        path: PathBuf,
        length: u64,
    },
    /// Of a file or of a folder.
    Sync {
        path: PathBuf,
    },
    MakeDir {
        path: PathBuf,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Unlink {
        path: PathBuf,
    },
    /// To whoever is at the other end of a socket.
    Send {
        data: Vec<u8>,
    },
}

/// The calls that strace has to record for this.
pub(crate) const CALLS: &str = "openat,open,creat,write,pwrite64,writev,pwritev,pwritev2,sendto,sendmsg,sendfile,\
     fdatasync,fsync,sync_file_range,msync,ftruncate,truncate,fallocate,copy_file_range,rename,renameat,renameat2,\
     unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat,mmap";

/// The act, if it concerns `root` or a socket.
///
/// # Panics
/// When it does something below `root` that the model of the disk does not know: then the model would be wrong.
pub(crate) fn read(words: &str, root: &Path, positions: &mut HashMap<u64, u64>) -> Option<Act> {
    let (name, args) = words.split_once('(')?;
    // What it came back with is not asked here.
    let args = args.rsplit_once(" = ").map_or(args, |(args, _)| args.trim_end());
    let here = |path: PathBuf| path.starts_with(root).then_some(path);
    // Descriptors come with their path, `3<\x2f...>`, paths in quotes.
    let file = || descriptor(args).map(|(_, path)| path).and_then(here);
    match name {
        "openat" => {
            let path = here(quoted(args).next()?.into_path())?;
            let (created, emptied) = (args.contains("O_CREAT"), args.contains("O_TRUNC"));
            (created || emptied).then_some(Act::Open { path, emptied })
        }
        "write" | "writev" | "sendto" | "sendmsg" => {
            let (number, path) = descriptor(args)?;
            if path.as_os_str().as_bytes().starts_with(b"socket:") {
                return Some(Act::Send { data: bytes(args) });
            }
            let path = here(path)?;
            let data = bytes(args);
            let at = positions.entry(number).or_default();
            let from = *at;
            *at += data.len() as u64;
            Some(Act::Write { path, at: from, data })
        }
        "pwrite64" => Some(Act::Write { path: file()?, at: last_number(args), data: bytes(args) }),
        "ftruncate" => Some(Act::SetLength { path: file()?, length: last_number(args) }),
        "fsync" | "fdatasync" => Some(Act::Sync { path: file()? }),
        "mkdir" => Some(Act::MakeDir { path: here(quoted(args).next()?.into_path())? }),
        "unlink" | "unlinkat" => Some(Act::Unlink { path: here(quoted(args).next()?.into_path())? }),
        "rename" | "renameat" | "renameat2" => {
            let mut paths = quoted(args).map(Quoted::into_path);
            let (from, to) = (here(paths.next()?)?, paths.next()?);
            Some(Act::Rename { from, to })
        }
        "mmap" => {
            let path = args.split(", ").nth(4).and_then(descriptor).and_then(|(_, path)| here(path))?;
            // The WAL's index is made anew after a power cut: what is in it does not matter.
            let index = path.as_os_str().as_bytes().ends_with(b"-shm");
            let writes = args.contains("MAP_SHARED") && args.contains("PROT_WRITE");
            assert!(index || !writes, "{} is written through memory, unseen by the record", path.display());
            None
        }
        _ => {
            let touched = file().or_else(|| quoted(args).find_map(|path| here(path.into_path())));
            assert!(touched.is_none(), "the model of the disk does not know `{name}`: {args:.200}");
            None
        }
    }
}

/// Text in quotes.
struct Quoted(Vec<u8>);

impl Quoted {
    fn into_path(self) -> PathBuf {
        PathBuf::from(OsStr::from_bytes(&self.0))
    }
}

fn quoted(args: &str) -> impl Iterator<Item = Quoted> {
    args.split('"').skip(1).step_by(2).map(|text| Quoted(decoded(text)))
}

/// Everything in quotes, one after another.
fn bytes(args: &str) -> Vec<u8> {
    assert!(!args.contains("\"..."), "the record is cut short");
    quoted(args).flat_map(|text| text.0).collect()
}

fn descriptor(args: &str) -> Option<(u64, PathBuf)> {
    let (number, rest) = args.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    Some((number.parse().ok()?, Quoted(decoded(path)).into_path()))
}

fn last_number(args: &str) -> u64 {
    let number = args.rsplit_once(", ").and_then(|(_, number)| number.trim_end_matches(')').parse().ok());
    number.expect("the call ends with a number")
}

/// `\x2f` as a byte; whatever is not written so is itself.
fn decoded(text: &str) -> Vec<u8> {
    let from = text.as_bytes();
    let mut into = Vec::with_capacity(from.len() / 4);
    let mut at = 0;
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => byte - b'0',
        _ => byte - b'a' + 10,
    };
    while at < from.len() {
        if from[at] == b'\\' && from.get(at + 1) == Some(&b'x') && at + 3 < from.len() {
            into.push(digit(from[at + 2]) << 4 | digit(from[at + 3]));
            at += 4;
        } else {
            into.push(from[at]);
            at += 1;
        }
    }
    into
}

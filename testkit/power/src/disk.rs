//! What is on the disk for certain, and what may be.
//!
//! A write may be on the disk from the moment the call began, and is for certain when a sync of its file that began after
//! the write ended has ended well. A sync that fails takes what it should have covered: the kernel counts those pages as
//! clean, and no later sync brings them back.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;

use crate::act::Act;
use crate::record::{Call, Step};
use crate::survive::Fate;

/// How names get to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// By a sync of their folder, each on its own: what POSIX promises, and no more.
    NamesByFolder,
    /// In their order, with any sync: what a journal of the file system does, as in ext4.
    NamesInOrder,
}

/// A file or a folder, whatever it is called.
type Node = usize;

#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write { at: usize, data: Vec<u8> },
    SetLength(usize),
}

#[derive(Debug)]
struct Pending {
    call: usize,
    returned: bool,
    change: Change,
}

#[derive(Debug, Default)]
struct File {
    certain: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Clone, Debug)]
enum Naming {
    Made(PathBuf, Node),
    Gone(PathBuf),
    Moved(PathBuf, PathBuf, Node),
}

impl Naming {
    fn folders(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match self {
            Self::Made(path, _) | Self::Gone(path) => (path, None),
            Self::Moved(from, to, _) => (from, Some(to)),
        };
        std::iter::once(first).chain(second).filter_map(|path| path.parent())
    }

    fn perform(self, names: &mut BTreeMap<PathBuf, Node>) {
        match self {
            Self::Made(path, node) => {
                names.insert(path, node);
            }
            Self::Gone(path) => {
                names.remove(&path);
            }
            Self::Moved(from, to, node) => {
                names.remove(&from);
                names.insert(to, node);
            }
        }
    }
}

/// A disk that follows a record.
#[derive(Debug)]
pub struct Disk {
    keeps: Keeps,
    chance: StdRng,
    files: Vec<File>,
    /// Which nodes are folders.
    folders: Vec<bool>,
    /// As the processes see them.
    names: BTreeMap<PathBuf, Node>,
    /// As they are on the disk.
    certain: BTreeMap<PathBuf, Node>,
    naming: Vec<(usize, Naming)>,
    /// How many there were so far.
    named: usize,
    /// What a sync that is under way will have covered: changes by their calls, and how many namings.
    covers: HashMap<usize, (Option<Node>, Vec<usize>, usize)>,
}

impl Disk {
    /// An empty disk; `chance` decides what is left of a sync that fails.
    pub fn new(keeps: Keeps, chance: StdRng) -> Self {
        Self {
            keeps,
            chance,
            files: Vec::new(),
            folders: Vec::new(),
            names: BTreeMap::new(),
            certain: BTreeMap::new(),
            naming: Vec::new(),
            named: 0,
            covers: HashMap::new(),
        }
    }

    /// Takes what lies in `from` as safely there, as `path`.
    ///
    /// # Panics
    /// When it can not be read.
    pub fn load(&mut self, from: &Path, path: &Path) {
        let node = self.node(true);
        self.know(path, node);
        for entry in std::fs::read_dir(from).expect("a folder can be read") {
            let entry = entry.expect("a folder can be read");
            let (from, path) = (entry.path(), path.join(entry.file_name()));
            let about = from.symlink_metadata().expect("it is there");
            if about.is_dir() {
                self.load(&from, &path);
            } else if about.is_file() {
                let node = self.node(false);
                self.files[node].certain = std::fs::read(&from).expect("it can be read");
                self.know(&path, node);
            }
        }
    }

    fn know(&mut self, path: &Path, node: Node) {
        self.names.insert(path.to_owned(), node);
        self.certain.insert(path.to_owned(), node);
    }

    fn node(&mut self, folder: bool) -> Node {
        self.files.push(File::default());
        self.folders.push(folder);
        self.files.len() - 1
    }

    /// Follows one step of the record.
    pub fn follow(&mut self, step: Step, calls: &[Call]) {
        match step {
            Step::Began(call) => self.begin(call, &calls[call].act),
            Step::Ended(call) => self.end(call, &calls[call]),
        }
    }

    fn begin(&mut self, call: usize, act: &Act) {
        let (path, change) = match act {
            Act::Write { path, at, data } => (path, Change::Write { at: index(*at), data: data.clone() }),
            Act::SetLength { path, length } => (path, Change::SetLength(index(*length))),
            Act::Sync { path } => {
                let node = self.names.get(path).copied();
                let pending = node.map(|node| &self.files[node].pending).into_iter().flatten();
                let changes = pending.filter(|one| one.returned).map(|one| one.call).collect();
                self.covers.insert(call, (node, changes, self.named));
                return;
            }
            _ => return,
        };
        if let Some(node) = self.names.get(path) {
            self.files[*node].pending.push(Pending { call, returned: false, change });
        }
    }

    fn end(&mut self, call: usize, about: &Call) {
        let done = !about.failed();
        match &about.act {
            Act::Write { path, .. } | Act::SetLength { path, .. } => self.changed(call, path, about),
            Act::Sync { path } => self.synced(call, path, done),
            Act::Open { path, emptied } if done => {
                let node = match self.names.get(path) {
                    Some(node) => *node,
                    None => self.named(path, false),
                };
                if *emptied && !self.files[node].certain.is_empty() {
                    let change = Change::SetLength(0);
                    self.files[node].pending.push(Pending { call, returned: true, change });
                }
            }
            Act::MakeDir { path } if done => {
                self.named(path, true);
            }
            Act::Unlink { path } if done => self.name(Naming::Gone(path.clone())),
            Act::Rename { from, to } if done => {
                let node = *self.names.get(from).expect("what is renamed was seen being made");
                self.name(Naming::Moved(from.clone(), to.clone(), node));
            }
            _ => {}
        }
    }

    fn named(&mut self, path: &Path, folder: bool) -> Node {
        let node = self.node(folder);
        self.name(Naming::Made(path.to_owned(), node));
        node
    }

    fn name(&mut self, naming: Naming) {
        naming.clone().perform(&mut self.names);
        self.naming.push((self.named, naming));
        self.named += 1;
    }

    fn changed(&mut self, call: usize, path: &Path, about: &Call) {
        let Some(node) = self.names.get(path) else { return };
        let pending = &mut self.files[*node].pending;
        if about.failed() {
            pending.retain(|one| one.call != call);
        } else if let Some(one) = pending.iter_mut().find(|one| one.call == call) {
            one.returned = true;
            if let (Change::Write { data, .. }, Some(written)) = (&mut one.change, about.result) {
                data.truncate(index(written.unsigned_abs()));
            }
        }
    }

    fn synced(&mut self, call: usize, path: &Path, done: bool) {
        let Some((node, changes, namings)) = self.covers.remove(&call) else { return };
        if let Some(node) = node {
            let file = &mut self.files[node];
            let (covered, left): (Vec<_>, _) =
                std::mem::take(&mut file.pending).into_iter().partition(|one| changes.contains(&one.call));
            file.pending = left;
            let covered: Vec<_> = covered.into_iter().map(|one| one.change).collect();
            let fate = if done { Fate::all() } else { Fate::any(&mut self.chance) };
            fate.leave(&mut file.certain, covered.iter(), &mut self.chance);
        }
        if done {
            self.keep_names(path, namings);
        }
    }

    fn keep_names(&mut self, synced: &Path, most: usize) {
        let mut left = Vec::new();
        for (number, naming) in std::mem::take(&mut self.naming) {
            let meant = self.keeps == Keeps::NamesInOrder || naming.folders().any(|folder| folder == synced);
            if number < most && meant {
                naming.perform(&mut self.certain);
            } else {
                left.push((number, naming));
            }
        }
        self.naming = left;
    }

    /// Writes into `into` what a disk could hold if the power went now: `root` becomes `into`.
    ///
    /// # Panics
    /// When `into` can not be written.
    pub fn cut(&self, root: &Path, into: &Path, chance: &mut StdRng) {
        let mut names = self.certain.clone();
        let (mut fate, keep) = (Fate::any(chance), Fate::any(chance));
        for (_, naming) in &self.naming {
            // In order, one that is lost takes all that came after it.
            if keep.keeps_one(chance) {
                naming.clone().perform(&mut names);
            } else if self.keeps == Keeps::NamesInOrder {
                break;
            }
        }
        for (path, node) in &names {
            let Ok(below) = path.strip_prefix(root) else { continue };
            let place = into.join(below);
            // Sorted, so a folder comes before what is in it; what has no folder is lost.
            if !place.parent().is_some_and(Path::is_dir) {
                continue;
            }
            if self.folders[*node] {
                std::fs::create_dir(&place).expect("a folder can be made");
                mode(&place, 0o700);
                continue;
            }
            let file = &self.files[*node];
            let mut content = file.certain.clone();
            fate.leave(&mut content, file.pending.iter().map(|one| &one.change), chance);
            if below.as_os_str().as_encoded_bytes().ends_with(b"-shm") {
                content = (0..32_768).map(|_| rand::RngExt::random(chance)).collect();
            }
            std::fs::write(&place, content).expect("a file can be written");
            mode(&place, 0o600);
            fate = fate.again(chance);
        }
    }
}

fn mode(path: &Path, mode: u32) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(path, mode).expect("it is ours");
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("a file fits into memory")
}

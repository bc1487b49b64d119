//! What chance leaves of changes that nobody waited for.

use rand::RngExt as _;
use rand::rngs::StdRng;

use crate::disk::Change;

/// How a disk treats what was not synced.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// What a disk writes whole or not at all.
    sector: usize,
    /// Out of 256 sectors, how many get there.
    kept: u16,
    /// In order, up to some point; otherwise each sector on its own.
    in_order: bool,
}

impl Fate {
    /// Everything got there.
    pub(crate) fn all() -> Self {
        Self { sector: 512, kept: 256, in_order: false }
    }

    /// Nothing did, everything, or something in between.
    pub fn any(chance: &mut StdRng) -> Self {
        let kept = match chance.random_range(0..8) {
            0 | 1 => 0,
            2 => 256,
            _ => chance.random_range(1..256),
        };
        Self { sector: if chance.random() { 512 } else { 4096 }, kept, in_order: chance.random() }
    }

    /// Another one, or the same: files share a fate, or do not.
    pub(crate) fn again(self, chance: &mut StdRng) -> Self {
        if chance.random() { self } else { Self::any(chance) }
    }

    pub(crate) fn keeps_one(self, chance: &mut StdRng) -> bool {
        chance.random_range(0..256) < self.kept
    }

    /// Makes the changes that survive.
    pub(crate) fn leave<'c>(
        self,
        content: &mut Vec<u8>,
        changes: impl Iterator<Item = &'c Change>,
        chance: &mut StdRng,
    ) {
        let changes: Vec<_> = changes.collect();
        // With one part in 256 kept of many, the point lies early; with 255, late.
        let last =
            if self.kept >= 256 { changes.len() } else { changes.len() * usize::from(self.kept) / 256 };
        for (number, change) in changes.into_iter().enumerate() {
            let whole = self.kept >= 256 || (self.in_order && number < last);
            if self.in_order && number > last {
                break;
            }
            match change {
                Change::SetLength(length) => {
                    if whole || self.keeps_one(chance) {
                        content.resize(*length, 0);
                    }
                }
                Change::Write { at, data } => self.write(content, *at, data, whole, chance),
            }
        }
    }

    fn write(self, content: &mut Vec<u8>, at: usize, data: &[u8], whole: bool, chance: &mut StdRng) {
        let mut from = 0;
        while from < data.len() {
            // Up to the end of the sector on the disk.
            let to = data.len().min(from + self.sector - (at + from) % self.sector);
            if whole || self.keeps_one(chance) {
                if content.len() < at + to {
                    content.resize(at + to, 0);
                }
                content[at + from..at + to].copy_from_slice(&data[from..to]);
            }
            from = to;
        }
    }
}

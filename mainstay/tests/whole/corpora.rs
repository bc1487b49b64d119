//! What the fuzz targets hold, held for the committed corpora (`fuzz/README.md`).

use std::path::Path;

#[allow(unreachable_pub, reason = "it is the library of the fuzz targets")]
#[path = "../../../fuzz/src/lib.rs"]
mod properties;

#[test]
fn every_corpus_is_there_and_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let mut known: Vec<_> = properties::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, holds) in properties::TARGETS {
        let seeds: Vec<_> =
            std::fs::read_dir(folder.join(name)).unwrap().map(|seed| seed.unwrap().path()).collect();
        assert!(seeds.len() >= 8, "{name} has {} seeds", seeds.len());
        for seed in seeds {
            holds(&std::fs::read(&seed).unwrap());
        }
    }
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|one| one.unwrap().file_name().into_string().unwrap())
        .collect();
    known.sort();
    found.sort();
    assert_eq!(found, known, "a corpus and a target belong together");
}

/// Each seed cut off at every byte, and with every byte replaced in turn.
#[test]
fn what_is_near_a_seed_holds_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, holds) in properties::TARGETS {
        for seed in std::fs::read_dir(folder.join(name)).unwrap() {
            let bytes = std::fs::read(seed.unwrap().path()).unwrap();
            for at in 0..bytes.len().min(120) {
                holds(&bytes[..at]);
                for other in [0, b'"', b'%', b'&', b'=', b'-', 0x7f, 0xff] {
                    let mut changed = bytes.clone();
                    changed[at] = other;
                    holds(&changed);
                }
            }
        }
    }
}

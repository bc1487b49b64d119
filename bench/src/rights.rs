//! What it costs to find out who asks and whether he may: the same record, read by somebody who is signed in and by a
//! visitor of a workspace that is open to everybody, in turns.
//!
//! The visitor passes the same gate, its rule and its limit; what he is spared is the credential, its session, the
//! membership and the rights. Turns, because a machine that slows down must slow both.

use std::time::Duration;

use crate::load::{Request, closed};
use crate::place::Place;
use crate::targets::Target;

/// Pairs of runs.
const TURNS: usize = 7;
/// The share of a whole run that one of them takes.
const PART: f64 = 0.5;

/// CPU of one read, in microseconds: the middle of what the turns said.
pub struct Rights {
    pub signed_in: f64,
    pub visitor: f64,
    /// The middle of the differences, and the largest.
    pub added: f64,
    pub most: f64,
}

pub fn rights(place: &Place, target: &Target) -> Rights {
    let (signed_in, visitor) = (target.read(), target.visit());
    let cpu = |request: &Request, span: Duration| closed(target.address, request, span, &target.pids).cpu;
    let span = place.span.mul_f64(PART);
    let pairs: Vec<(f64, f64)> = (0..TURNS).map(|_| (cpu(&signed_in, span), cpu(&visitor, span))).collect();
    let differences: Vec<f64> = pairs.iter().map(|(known, unknown)| known - unknown).collect();
    let this = Rights {
        signed_in: middle(pairs.iter().map(|(known, _)| *known)),
        visitor: middle(pairs.iter().map(|(_, unknown)| *unknown)),
        most: differences.iter().copied().fold(f64::MIN, f64::max),
        added: middle(differences.into_iter()),
    };
    eprintln!(
        "rights: signed in {:.1} us, a visitor {:.1} us, added {:.1} us (at most {:.1})",
        this.signed_in, this.visitor, this.added, this.most
    );
    this
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

//! Whether the time of an answer tells that somebody has an account (P23).

use std::time::Instant;

/// In `make promises`: so many of each, medians less than 5 % apart, and no order in them that chance would not make.
const FULL: Verdict = Verdict { samples: 2000, apart: 0.05, chance: 0.01 };
/// Noise may make two samples differ; a difference in the work shows in every round.
const ROUNDS: usize = 3;

/// When two ways to take time count as different.
#[derive(Clone, Copy)]
pub(crate) struct Verdict {
    samples: usize,
    /// How far apart the medians may be, as a part of one.
    apart: f64,
    /// How unlikely their order may be if both were alike.
    chance: f64,
}

impl Verdict {
    /// In `make test` few samples, beside other tests: only what is clearly different counts.
    pub(crate) fn short(apart: f64) -> Self {
        Self { samples: 150, apart, chance: 0.0 }
    }

    /// Whether asking takes longer or shorter when somebody has the account. `ask` is told whether, and a number that never
    /// comes again.
    pub(crate) async fn tells(self, what: &str, ask: impl AsyncFn(bool, usize)) -> bool {
        let this = if testkit::full() { FULL } else { self };
        for round in 0..ROUNDS {
            let times = Times::take(round * this.samples, this.samples, &ask).await;
            let (apart, chance) = (times.apart(), times.chance());
            testkit::tell(&format!(
                "p23 {what}, round {round}, {0}+{0}: medians {1:.1} % apart, p {chance:.3}",
                this.samples,
                apart * 100.0
            ));
            if apart < this.apart && chance >= this.chance {
                return false;
            }
        }
        true
    }
}

/// Seconds.
struct Times {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

impl Times {
    /// In turns, so that a busy machine is busy for both, and each as often first.
    async fn take(from: usize, samples: usize, ask: &impl AsyncFn(bool, usize)) -> Self {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for n in from..from + samples {
            for turn in [n % 2 == 0, n % 2 == 1] {
                let began = Instant::now();
                ask(turn, n).await;
                let times = if turn { &mut known } else { &mut unknown };
                times.push(began.elapsed().as_secs_f64());
            }
        }
        known.sort_unstable_by(f64::total_cmp);
        unknown.sort_unstable_by(f64::total_cmp);
        Self { known, unknown }
    }

    fn apart(&self) -> f64 {
        let median = |times: &[f64]| times[times.len() / 2];
        (median(&self.known) / median(&self.unknown) - 1.0).abs()
    }

    /// Mann-Whitney, two-sided: how likely an order like this is when nothing differs. Normal approximation, which is good
    /// from some dozens of samples on.
    fn chance(&self) -> f64 {
        let below = |one: &f64, others: &[f64]| number(others.partition_point(|other| other < one));
        let u: f64 = self.known.iter().map(|one| below(one, &self.unknown)).sum();
        let (n, m) = (number(self.known.len()), number(self.unknown.len()));
        let z = (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt();
        two_sided(z.abs())
    }
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("some thousands"))
}

/// What is left of the normal distribution beyond `z` on both sides (Abramowitz and Stegun 26.2.17, good to 1e-7).
fn two_sided(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530];
    let sum = series.iter().fold(0.0, |sum, part| (sum + part) * t);
    2.0 * sum * (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

#[test]
fn the_arithmetic_is_that_of_the_books() {
    for (z, p) in [(0.0, 1.0), (1.0, 0.317_310), (1.959_964, 0.05), (2.575_829, 0.01), (4.0, 0.000_063)] {
        assert!((two_sided(z) - p).abs() < 1e-6, "{z}: {}", two_sided(z));
    }
    let ramp = |from: usize| (from..from + 200).map(number).collect::<Vec<_>>();
    let same = Times { known: ramp(1000), unknown: ramp(1000) };
    assert!(same.apart() < 1e-9 && same.chance() > 0.9, "{}", same.chance());
    let late = Times { known: ramp(1020), unknown: ramp(1000) };
    assert!(late.apart() > 0.01 && late.chance() < 0.01, "{}", late.chance());
}

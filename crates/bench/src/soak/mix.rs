//! What is sent: drawn from a seed and the call's number, so that a call can be sent again by itself.

use ampoule_model::Language;

/// The tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Who {
    /// Has most of the server and behaves.
    Steady,
    /// Has a few slots and low caps, and behaves.
    Modest,
    /// Sends programs that mean harm; has low limits.
    Hostile,
}

/// A way to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Unary,
    Files,
    LargeInput,
    Raising,
    Stream,
    Batch,
    Http,
    Dify,
    Template,
    Hostile,
    HostileHttp,
    Cancelled,
    Deadline,
    SlowStream,
    SlowReader,
    Left,
    HalfBody,
}

/// Each kind with its name and how often it comes.
const MIX: [(Kind, &str, u64); 17] = [
    (Kind::Unary, "unary", 300),
    (Kind::Files, "unary with files", 40),
    (Kind::LargeInput, "unary with a large input", 20),
    (Kind::Raising, "unary that raises", 40),
    (Kind::Stream, "stream", 120),
    (Kind::Batch, "batch of 8", 60),
    (Kind::Http, "HTTP", 140),
    (Kind::Dify, "Dify, code", 110),
    (Kind::Template, "Dify, template", 40),
    (Kind::Hostile, "hostile program", 40),
    (Kind::HostileHttp, "hostile program over HTTP", 10),
    (Kind::Cancelled, "cancelled by its client", 30),
    (Kind::Deadline, "deadline that passes", 20),
    (Kind::SlowStream, "stream that is read slowly", 8),
    (Kind::SlowReader, "HTTP answer that is read slowly", 6),
    (Kind::Left, "HTTP client that leaves", 10),
    (Kind::HalfBody, "HTTP body that is broken off", 6),
];

impl Kind {
    /// As the report has it.
    pub(crate) fn name(self) -> &'static str {
        MIX.iter().find(|(kind, ..)| *kind == self).map_or("", |(_, name, _)| name)
    }
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drawn {
    pub(crate) number: u64,
    pub(crate) kind: Kind,
    pub(crate) who: Who,
    pub(crate) language: Language,
    /// For what else is to be chosen.
    pub(crate) dice: u64,
}

impl Drawn {
    /// The call of this number.
    pub(crate) fn of(seed: u64, number: u64) -> Drawn {
        let mut random = Random(seed ^ number.wrapping_mul(0xa076_1d64_78bd_642f));
        let whole: u64 = MIX.iter().map(|(.., weight)| weight).sum();
        let mut at = random.next() % whole;
        let mut kind = Kind::Unary;
        for (candidate, _, weight) in MIX {
            if at < weight {
                kind = candidate;
                break;
            }
            at -= weight;
        }
        let who = match kind {
            Kind::Hostile | Kind::HostileHttp => Who::Hostile,
            // Its limits are too low for these.
            Kind::Template | Kind::LargeInput | Kind::SlowReader | Kind::SlowStream => Who::Steady,
            _ => [Who::Steady, Who::Steady, Who::Modest, Who::Hostile][(random.next() % 4) as usize],
        };
        let language = Language::ALL[(random.next() % 2) as usize];
        Drawn { number, kind, who, language, dice: random.next() }
    }

    /// A call that nothing is special about.
    pub(crate) fn plain(number: u64) -> Drawn {
        let who = [Who::Steady, Who::Modest, Who::Hostile][(number % 3) as usize];
        Drawn { number, kind: Kind::Unary, who, language: Language::ALL[(number % 2) as usize], dice: number }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): enough for a mix.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_seed_draws_every_kind_and_the_same_again() {
        let kinds: BTreeSet<Kind> = (0..5000).map(|number| Drawn::of(7, number).kind).collect();
        assert_eq!(kinds.len(), MIX.len());
        let draw = |seed| (0..100).map(|number| Drawn::of(seed, number).dice).collect::<Vec<_>>();
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }
}

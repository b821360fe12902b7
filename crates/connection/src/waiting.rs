//! Silent connections in the order in which they have to go.

use std::collections::BTreeMap;

/// Of those that never had a request let in, this part of the room may be held against those that had:
/// strangers who open connections go first, but one that is new has time to send its first request.
const SHARE_OF_STRANGERS: usize = 4;

/// Connections by since when they are silent.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// No request of theirs was ever let in.
    strangers: BTreeMap<u64, u64>,
    known: BTreeMap<u64, u64>,
}

impl Waiting {
    pub(crate) fn put(&mut self, let_in: bool, since: u64, id: u64) {
        self.of(let_in).insert(since, id);
    }

    pub(crate) fn take(&mut self, let_in: bool, since: u64) {
        self.of(let_in).remove(&since);
    }

    /// Who goes first, of a room for so many.
    pub(crate) fn first(&self, room: usize) -> Option<u64> {
        let stranger = self.strangers.first_key_value();
        let known = self.known.first_key_value();
        let goes =
            if self.strangers.len() > room / SHARE_OF_STRANGERS { stranger } else { known.or(stranger) };
        goes.map(|(_, id)| *id)
    }

    fn of(&mut self, let_in: bool) -> &mut BTreeMap<u64, u64> {
        if let_in { &mut self.known } else { &mut self.strangers }
    }
}

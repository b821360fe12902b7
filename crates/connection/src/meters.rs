//! Counts connections, for operators' monitoring. Labels are the listeners' names, so that there is a bounded
//! number of series.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    listener: &'static str,
    reason: &'static str,
}

/// All series.
#[derive(Clone, Debug, Default)]
pub(crate) struct Series {
    open: Family<Of, Gauge>,
    refused: Family<Of, Counter>,
    ended: Family<Ended, Counter>,
}

/// Those of one listener, found once.
#[derive(Debug)]
pub(crate) struct Meters {
    pub(crate) open: Gauge,
    pub(crate) refused: Counter,
    pub(crate) made_room: Counter,
    pub(crate) too_slow: Counter,
}

impl Series {
    pub(crate) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections that are open, by listener", self.open.clone());
        let help = "Connections that were closed at once: all others were busy";
        registry.register("connections_refused", help, self.refused.clone());
        let help =
            "Connections that were ended: silent ones to make room, and those that took too long to begin";
        registry.register("connections_ended", help, self.ended.clone());
    }

    pub(crate) fn of(&self, listener: &'static str) -> Meters {
        let ended = |reason| self.ended.get_or_create_owned(&Ended { listener, reason });
        Meters {
            open: self.open.get_or_create_owned(&Of { listener }),
            refused: self.refused.get_or_create_owned(&Of { listener }),
            made_room: ended("room"),
            too_slow: ended("slow"),
        }
    }
}
